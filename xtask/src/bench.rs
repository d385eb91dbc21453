//! `cargo xtask bench`: the criterion benchmarks, with the services they measure.

use anyhow::Result;

use crate::services::Services;
use crate::workspace;

pub fn run(args: &[String]) -> Result<()> {
    let mut services = Services::start()?;
    let mut command = workspace::cargo(&["bench", "--package", "benches", "--bench", "*", "--"]);
    services.run("the benchmarks", command.args(args))
}
