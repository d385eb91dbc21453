use std::process::ExitCode;

use clap::Parser;
use usher_loadgen::cli::Cli;
use usher_loadgen::{Usage, terminal};

fn main() -> ExitCode {
    // Usage errors end here, with status 2.
    let cli = Cli::parse();
    let outcome = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(usher_loadgen::run(cli)));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            terminal::failure(&format!("usher-loadgen: {error:#}"));
            if error.is::<Usage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}
