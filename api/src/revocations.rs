//! Logins that other nodes have ended. This node ends its own at once; of the others it hears here.

use std::time::Duration;

use inventory::TimeUs;
use persistence::StoreError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::state::AppState;
use crate::time;

/// An access token outlives its login on another node by no more than this and one query.
const EVERY: Duration = Duration::from_secs(2);
/// Looked at again each time: clocks of two nodes differ, and a transaction takes a while to be seen.
const OVERLAP: Duration = Duration::from_secs(30);
const BATCH: u32 = 10_000;

/// Until `stop`.
pub async fn run(state: AppState, stop: CancellationToken) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What was ended before the start is asked for when a token of another run is first seen.
    let mut since = state.now();
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        let now = state.now();
        match hear(&state, time::minus(since, OVERLAP)).await {
            Ok(()) => since = now,
            Err(error) => tracing::warn!(%error, "logins that ended elsewhere are not known: {error}"),
        }
    }
}

async fn hear(state: &AppState, mut since: TimeUs) -> Result<(), StoreError> {
    loop {
        let ended = state.store.session_list_ended(since, BATCH).await?;
        let last = ended.last().map(|(_, at)| *at);
        let is_all = ended.len() < BATCH as usize;
        for (session, at) in ended {
            state.standings.end(session, at);
        }
        match last {
            Some(last) if !is_all && last > since => since = last,
            _ => return Ok(()),
        }
    }
}
