//! `cargo xtask VERB`: every command a developer or the CI runs, in the language of the project, with nothing to install.
//!
//! What it starts (a private Postgres, test runners, the server) never outlives it: see `keeper`.

mod bench;
mod ci;
mod debian;
mod dev;
mod keeper;
mod object_storage;
mod openid_provider;
mod postgres;
mod python;
mod redis;
mod schemathesis;
mod services;
mod terminal;
mod test;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;

const USAGE: &str = "\
cargo xtask VERB [ARGS]

  test [ARGS]         start services, build once, run every suite; ARGS go to the test runner
  ci                  format, lints, dependency policy, then test: what must pass before anything lands
  bench [ARGS]        the benchmarks, with services up; ARGS go to criterion (a filter, --quick, ...)
  services [COMMAND]  a private Postgres and an S3 server until Ctrl-C or the end of stdin; with COMMAND, while it runs
  dev [ARGS]          services and the server on them; ARGS go to the server

A Postgres named by TEST_POSTGRES_URL is used instead of a private one, and an S3 server named by TEST_S3_URL.";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let verb = args.next().unwrap_or_default();
    let mut rest: Vec<String> = args.collect();
    if rest.first().is_some_and(|first| first == "--") {
        rest.remove(0);
    }
    match dispatch(&verb, &rest) {
        Ok(code) => code,
        Err(problem) => {
            terminal::say(&format!("xtask: {problem:#}"));
            ExitCode::FAILURE
        }
    }
}

fn dispatch(verb: &str, rest: &[String]) -> Result<ExitCode> {
    match verb {
        "test" => test::run(rest).map(|()| ExitCode::SUCCESS),
        "ci" => ci::run().map(|()| ExitCode::SUCCESS),
        "bench" => bench::run(rest).map(|()| ExitCode::SUCCESS),
        "services" => services::run(rest).map(|()| ExitCode::SUCCESS),
        "dev" => dev::run(rest).map(|()| ExitCode::SUCCESS),
        keeper::VERB => keeper::run(rest).map(|()| ExitCode::SUCCESS),
        "help" | "--help" | "-h" => {
            terminal::print(USAGE);
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            terminal::say(USAGE);
            Ok(ExitCode::from(2))
        }
    }
}
