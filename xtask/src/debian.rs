//! Packages that a run needs and the machine lacks. Only root can install them, and only where there is `apt-get`.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::terminal;

/// `by_hand`: what to do instead, for the reader of the error.
pub fn install(package: &str, by_hand: &str) -> Result<()> {
    let as_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    ensure!(as_root && Path::new("/usr/bin/apt-get").is_file(), "{package} is missing: {by_hand}");
    terminal::say(&format!("xtask: installing the Debian package {package}"));
    for args in [&["update"][..], &["install", "--yes", "--no-install-recommends", package]] {
        let status = Command::new("apt-get")
            .arg("--quiet=2")
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive")
            // A package of a server may start it: not at the level for repairs.
            .env("RUNLEVEL", "1")
            .stdin(Stdio::null())
            // Stdout belongs to the caller, who reads the addresses of services from it.
            .stdout(Stdio::null())
            .status()
            .context("running apt-get")?;
        ensure!(status.success(), "apt-get {} failed: {by_hand}", args.join(" "));
    }
    Ok(())
}
