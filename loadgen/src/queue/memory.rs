//! What waiters without a socket cost the server in memory: nothing, they are rows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::StreamExt;
use serde::Serialize;

use super::crowd::Crowd;
use super::joins::NO_OP;
use crate::measure::Step;
use crate::pool::Call;
use crate::process::{self, Usage};

/// Log-ins made known to the server at once.
const AT_ONCE: usize = 64;
/// Nothing is under way: the server gives back what it gives back.
const PAUSE: Duration = Duration::from_secs(2);

/// From before the early ones joined to after, when their log-ins were known to the server already.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MemoryLine {
    pub waiters: u64,
    pub rss_before_bytes: u64,
    pub rss_joined_bytes: u64,
    pub per_waiter_bytes: f64,
}

impl MemoryLine {
    pub fn of(waiters: u64, before: Usage, joined: Usage) -> Self {
        let grown = joined.rss_bytes as f64 - before.rss_bytes as f64;
        Self {
            waiters,
            rss_before_bytes: before.rss_bytes,
            rss_joined_bytes: joined.rss_bytes,
            per_waiter_bytes: grown / waiters.max(1) as f64,
        }
    }
}

/// The server keeps the log-ins that it has seen lately. With every early one's among them, joining adds none.
///
/// # Errors
/// There is no such process.
pub async fn before_joins(crowd: &Arc<Crowd>, server_pid: u32) -> Result<Usage> {
    let early = crowd.waiters.iter().filter(|waiter| waiter.is_early);
    futures_util::stream::iter(early)
        .for_each_concurrent(AT_ONCE, |waiter| async move {
            let call = Call { path: NO_OP.to_owned(), ..crowd.join_call(None) };
            let settled = crowd.client().settle(Step::Setup, Some(&waiter.account), &call, Instant::now()).await;
            drop(settled);
        })
        .await;
    read(server_pid).await
}

/// # Errors
/// There is no such process.
pub async fn read(server_pid: u32) -> Result<Usage> {
    tokio::time::sleep(PAUSE).await;
    process::usage(server_pid)
}
