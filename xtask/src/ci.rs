//! `cargo xtask ci`: what must pass before anything lands, cheapest first. The CI runs this and nothing else.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::services::Services;
use crate::{terminal, test, workspace};

pub fn run() -> Result<()> {
    let mut times = Vec::new();
    let outcome = stages(&mut times);
    terminal::say("\nstage        seconds");
    for (name, took) in &times {
        terminal::say(&format!("{name:<12} {:>7.1}", took.as_secs_f64()));
    }
    outcome
}

fn stages(times: &mut Vec<(&'static str, Duration)>) -> Result<()> {
    // First, because everything below runs under the keeper's eyes.
    let mut services = stage(times, "services", Services::for_tests)?;
    stage(times, "format", || cargo(&mut services, &["fmt", "--all", "--check"]))?;
    stage(times, "lints", || {
        cargo(&mut services, &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])
    })?;
    stage(times, "deny", || deny(&mut services))?;
    stage(times, "test", || test::run_on(&mut services, &[]))
}

fn stage<T>(
    times: &mut Vec<(&'static str, Duration)>,
    name: &'static str,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    terminal::say(&format!("\n== {name}"));
    let start = Instant::now();
    let outcome = work();
    times.push((name, start.elapsed()));
    outcome.with_context(|| format!("stage `{name}`"))
}

fn deny(services: &mut Services) -> Result<()> {
    if workspace::has_subcommand("deny") {
        return cargo(services, &["deny", "check"]);
    }
    terminal::say(
        "WARNING: cargo-deny is not installed, so licences, bans and advisories (deny.toml) are NOT checked.",
    );
    terminal::say("         What tests/tidy.rs knows of the same rules is checked below. `cargo install cargo-deny`");
    Ok(())
}

fn cargo(services: &mut Services, args: &[&str]) -> Result<()> {
    services.run(&format!("cargo {}", args[0]), &mut workspace::cargo(args))
}
