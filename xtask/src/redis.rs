//! The Redis that tests start their own servers of.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::debian;

const PROGRAM: &str = "redis-server";
const BY_HAND: &str = "install Redis (Debian: apt-get install redis-server) or set USHER_REDIS_SERVER";

pub fn installed() -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("USHER_REDIS_SERVER") {
        return Ok(program.into());
    }
    if !answers() {
        debian::install(PROGRAM, BY_HAND)?;
        ensure!(answers(), "{PROGRAM} does not run: {BY_HAND}");
    }
    Ok(PROGRAM.into())
}

fn answers() -> bool {
    Command::new(PROGRAM)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
