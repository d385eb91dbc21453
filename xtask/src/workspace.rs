//! Where things are, and the cargo to call.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// The directory of the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."))
}

/// The cargo that runs this program, in the root of the workspace.
pub fn cargo(args: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(args).current_dir(root());
    command
}

/// Whether cargo knows the subcommand, such as `nextest` or `deny`.
pub fn has_subcommand(name: &str) -> bool {
    cargo(&[name, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A binary of the workspace in the profile this program was built in. Cargo puts them side by side, whatever the target
/// directory is called.
pub fn built_binary(name: &str) -> Result<PathBuf> {
    let own = std::env::current_exe().context("finding the directory of built binaries")?;
    let path = own.with_file_name(name);
    ensure!(path.is_file(), "{} was not built", path.display());
    Ok(path)
}
