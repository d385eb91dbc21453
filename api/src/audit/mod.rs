//! `usher audit`.
use crate::config::Config;
use std::process::ExitCode;
pub async fn run(_: &Config) -> anyhow::Result<ExitCode> {
    Ok(ExitCode::FAILURE)
}
