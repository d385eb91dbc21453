//! Plays an on-sale against a running server and audits it: a customer, who knows HTTP and the bodies of `wire` only.
//!
//! An open loop: [`curve`] lays down when buyers arrive and [`mix`] what they want; [`buyer`] plays each one, asking by
//! [`client`] until every answer is final; [`ledger`] keeps what they were told; [`audit`] compares it with what the
//! server shows, and decides the exit status.

pub mod account;
pub mod answer;
pub mod arena;
pub mod audit;
pub mod buyer;
pub mod cli;
pub mod client;
pub mod clock;
pub mod connection;
pub mod curve;
pub mod holds;
pub mod ledger;
pub mod live;
pub mod logins;
pub mod measure;
pub mod mix;
pub mod pool;
pub mod preset;
pub mod process;
pub mod queue;
pub mod report;
pub mod sale;
pub mod scans;
pub mod slices;
pub mod terminal;
pub mod venue;
pub mod watch;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::audit::Verdict;
use crate::cli::{
    AuditOptions, Cli, HoldsOptions, LoginsOptions, Options, QueueOptions, ScansOptions, Server, Verb, WatchOptions,
};
use crate::clock::Clock;
use crate::preset::Preset;
use crate::report::{Sheet, table};

/// Marks an error as the caller's: exit status 2.
#[derive(Clone, Copy, Debug)]
pub struct Usage;

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("usage")
    }
}

/// Whether the audit passed.
///
/// # Errors
/// The run could not be made, or its report not be written.
pub async fn run(cli: Cli) -> Result<bool> {
    match cli.verb {
        Verb::Run(options) => play(Preset::Run, &options).await,
        Verb::Demo(options) => play(Preset::Demo, &options).await,
        Verb::Spike(options) => play(Preset::Spike, &options).await,
        Verb::LastSeat(options) => play(Preset::LastSeat, &options).await,
        Verb::Holds(options) => measure_holds(&options).await,
        Verb::Logins(options) => fail_to_sign_in(&options).await,
        Verb::Watch(options) => watch_sale(&options).await,
        Verb::Queue(options) => queue_up(&options).await,
        Verb::Scans(options) => scan_tickets(&options).await,
        Verb::Audit(options) => audit_again(&options).await,
    }
}

async fn play(preset: Preset, options: &Options) -> Result<bool> {
    let plan = preset.plan(options).context(Usage)?;
    let (report, view) = sale::run(&plan, options).await?;
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    if let Some(path) = &options.html {
        let page = report::html::page(&report, &view)?;
        std::fs::write(path, page).with_context(|| format!("writing {}", path.display()))?;
    }
    terminal::result(&table::of_sale(&report));
    Ok(report.audit.passed)
}

async fn measure_holds(options: &HoldsOptions) -> Result<bool> {
    let report = holds::run(options).await?;
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    terminal::result(&table::of_holds(&report));
    Ok(report.passed)
}

async fn fail_to_sign_in(options: &LoginsOptions) -> Result<bool> {
    let report = logins::run(options).await?;
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    terminal::result(&table::of_logins(&report));
    Ok(report.passed)
}

async fn watch_sale(options: &WatchOptions) -> Result<bool> {
    let report = watch::run(options).await?;
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    show(&report.sheet(), options.html.as_deref())?;
    Ok(report.audit.passed)
}

async fn queue_up(options: &QueueOptions) -> Result<bool> {
    let report = queue::run(options).await?;
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    show(&report.sheet(), options.html.as_deref())?;
    Ok(report.audit.passed)
}

async fn scan_tickets(options: &ScansOptions) -> Result<bool> {
    let report = scans::run(options).await?;
    if let Some(path) = &options.json {
        write_json(path, &report)?;
    }
    terminal::result(&table::of_scans(&report));
    Ok(report.passed)
}

/// A report that is not of a sale, on the terminal and as a page.
fn show(sheet: &Sheet, html: Option<&Path>) -> Result<()> {
    if let Some(path) = html {
        let page = report::html::sheet(sheet)?;
        std::fs::write(path, page).with_context(|| format!("writing {}", path.display()))?;
    }
    terminal::result(&table::of_sheet(sheet));
    Ok(())
}

async fn audit_again(options: &AuditOptions) -> Result<bool> {
    let verdict = audit_log(options).await?;
    if let Some(path) = &options.json {
        write_json(path, &verdict)?;
    }
    terminal::result(&table::of_verdict(&verdict));
    Ok(verdict.passed)
}

/// Audits the log of an earlier run.
///
/// # Errors
/// The log cannot be read, or the server does not answer in time.
pub async fn audit_log(options: &AuditOptions) -> Result<Verdict> {
    let entries = ledger::read(&options.log)?;
    let logged = match entries.first() {
        Some(ledger::Entry::Run(run)) => run.url.clone(),
        Some(_) | None => String::new(),
    };
    let server = Server {
        url: options.url.clone().unwrap_or(logged),
        connections: Some(options.connections),
        timeout: options.timeout,
        give_up: options.give_up,
        quiet: options.quiet,
    };
    let client = sale::connect(&server, options.connections.max(1), Clock::start())?;
    let progress = terminal::Progress::new(options.quiet);
    let (_, _, verdict) = audit::run(&client, &entries, &progress).await?;
    Ok(verdict)
}

fn write_json(path: &Path, report: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec_pretty(report)?;
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// Microseconds as milliseconds.
fn ms(us: u64) -> f64 {
    Duration::from_micros(us).as_secs_f64() * 1e3
}
