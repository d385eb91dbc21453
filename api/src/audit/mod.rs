//! `usher audit`: replays every event's journal and compares what follows from it with the tables.
//!
//! Reads only. On the embedded store it needs the store to itself; on Postgres it may run beside the server, and then
//! reports what changed while it looked as differences.

mod backfill;
mod money;
mod replay;
mod report;
mod tables;

use std::process::ExitCode;
use std::time::Duration;

use inventory::EventId;
use persistence::{JournalHead, Store, StoreConfig};

use crate::app::store_config;
use crate::config::Config;
use crate::terminal;

pub use backfill::{Backfilled, backfill};
pub use report::{Finding, Report};

/// Events listed at a time.
const EVENTS_PAGE: u32 = 500;

/// Nobody waits for an answer here, and pages are larger than those of the API.
const PAGE_TIMEOUT: Duration = Duration::from_secs(60);

/// # Errors
/// The store does not open or does not answer. Differences are no error of the audit: they fail its exit status.
pub async fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let config = StoreConfig { call_timeout: PAGE_TIMEOUT, ..store_config(config) };
    let store = Store::connect(&config).await?;
    let report = audit(&store).await?;
    store.close().await;
    for line in report.lines() {
        terminal::line(&line);
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `usher backfill-ledger`.
///
/// # Errors
/// The store does not open or does not answer.
pub async fn run_backfill(config: &Config) -> anyhow::Result<ExitCode> {
    let config = StoreConfig { call_timeout: PAGE_TIMEOUT, ..store_config(config) };
    let store = Store::connect(&config).await?;
    let done = backfill(&store).await?;
    store.close().await;
    for line in done.lines() {
        terminal::line(&line);
    }
    Ok(if done.problems.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// # Errors
/// The store does not answer.
pub async fn audit(store: &Store) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut after: Option<EventId> = None;
    loop {
        let heads = store.journal_events(after, EVENTS_PAGE).await?;
        let Some(last) = heads.last() else { break };
        after = Some(last.event_id);
        for head in heads {
            event(store, &head, &mut report).await?;
        }
    }
    money::refunds(store, &mut report).await?;
    Ok(report)
}

async fn event(store: &Store, head: &JournalHead, report: &mut Report) -> anyhow::Result<()> {
    report.events += 1;
    let Some(replayed) = replay::replay(store, head, report).await? else { return Ok(()) };
    tables::compare(store, head.event_id, &replayed, report).await?;
    money::compare(store, head.event_id, &replayed, report).await
}
