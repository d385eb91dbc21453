//! Schemathesis, which sends what the OpenAPI document allows and what it does not: a Python program, in an environment of
//! its own under the target directory, in the versions that `tests/schemathesis/requirements.txt` pins.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::{terminal, workspace};

/// The program, installed unless the same versions are installed already.
pub fn installed() -> Result<PathBuf> {
    let wanted = workspace::root().join("tests/schemathesis/requirements.txt");
    let versions = fs::read_to_string(&wanted).with_context(|| format!("reading {}", wanted.display()))?;
    let home = workspace::root().join("target/schemathesis");
    let (program, mark) = (home.join("bin/st"), home.join("installed.txt"));
    if program.is_file() && fs::read_to_string(&mark).is_ok_and(|installed| installed == versions) {
        return Ok(program);
    }
    terminal::say("xtask: installing schemathesis");
    run(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home),
        "it needs Python 3 with venv (Debian: apt-get install python3-venv)",
    )?;
    let pip = home.join("bin/pip");
    run(
        Command::new(&pip).args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&wanted),
        "is the package index reachable?",
    )?;
    fs::write(&mark, versions).with_context(|| format!("writing {}", mark.display()))?;
    Ok(program)
}

fn run(command: &mut Command, hint: &str) -> Result<()> {
    let name = Path::new(command.get_program()).display().to_string();
    // Stdout belongs to the caller.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("running {name}: {hint}"))?;
    ensure!(status.success(), "{name} failed ({status}): {hint}");
    Ok(())
}
