//! What waiters without a socket cost the server in memory: nothing, they are rows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use futures_util::StreamExt;
use serde::Serialize;

use super::crowd::Crowd;
use super::joins::NO_OP;
use crate::client::Client;
use crate::measure::Step;
use crate::pool::Call;
use crate::process::{self, Usage};

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

/// The server keeps the log-ins that it has seen lately, and what as many connections as the joins' once took. With every
/// early one's log-in among them, joining adds neither. `client` has these connections, and is closed before the reading.
///
/// # Errors
/// There is no such process.
pub async fn before_joins(crowd: &Arc<Crowd>, client: Client, connections: u32, server_pid: u32) -> Result<Usage> {
    let early = crowd.waiters.iter().filter(|waiter| waiter.is_early);
    let asking = &client;
    futures_util::stream::iter(early)
        .for_each_concurrent(connections as usize, |waiter| async move {
            let call = Call { path: NO_OP.to_owned(), ..crowd.join_call(None) };
            let settled = asking.settle(Step::Setup, Some(&waiter.account), &call, Instant::now()).await;
            drop(settled);
        })
        .await;
    drop(client);
    read(server_pid).await
}

/// # Errors
/// There is no such process.
pub async fn read(server_pid: u32) -> Result<Usage> {
    tokio::time::sleep(PAUSE).await;
    process::usage(server_pid)
}
