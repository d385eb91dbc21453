//! Programs from PyPI that tests are run against, each set in a virtual environment of its own below the target directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{debian, terminal, workspace};

/// The interpreter of the environment `name`, which has `packages`. Made once per set of them.
pub fn environment(name: &str, packages: &[&str], by_hand: &str) -> Result<PathBuf> {
    let home = workspace::root().join("target").join(name);
    let (python, stamp) = (home.join("bin/python"), home.join("packages"));
    let wanted = packages.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) && python.is_file() {
        return Ok(python);
    }
    if home.exists() {
        fs::remove_dir_all(&home).with_context(|| format!("removing {}", home.display()))?;
    }
    if !make(&home) {
        debian::install("python3-venv", by_hand)?;
        if !make(&home) {
            bail!("python3 -m venv fails: {by_hand}");
        }
    }
    terminal::say(&format!("xtask: installing {name} from PyPI"));
    let status = Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(packages)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("running pip")?;
    ensure!(status.success(), "pip could not install {wanted:?}: {by_hand}");
    fs::write(&stamp, wanted).with_context(|| format!("writing {}", stamp.display()))?;
    Ok(python)
}

fn make(home: &Path) -> bool {
    Command::new("python3")
        .args(["-m", "venv"])
        .arg(home)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
