//! `cargo xtask dev`: the server on a private Postgres. Its data is gone when it stops.

use anyhow::Result;

use crate::services::Services;
use crate::workspace;

pub fn run(args: &[String]) -> Result<()> {
    let mut services = Services::start()?;
    let url = services.postgres_url().to_owned();
    let mut command = workspace::cargo(&["run", "--package", "usher", "--bin", "usher", "--"]);
    services.run("the server", command.args(args).env("USHER_DATABASE_URL", url))
}
