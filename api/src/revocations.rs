//! What other nodes change about those who are signed in: logins that have ended, roles and statuses. This node knows its
//! own changes at once; of the others it hears here.

use std::time::Duration;

use inventory::TimeUs;
use persistence::StoreError;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::auth::{Standing, roles};
use crate::state::AppState;
use crate::time;

/// An access token outlives its login, or its account's role, on another node by no more than this and two queries: less
/// than the 5 seconds that the documentation promises.
const EVERY: Duration = Duration::from_secs(2);
/// Looked at again each time: clocks of two nodes differ, and a transaction takes a while to be seen.
const OVERLAP: Duration = Duration::from_secs(30);
const BATCH: u32 = 10_000;

/// Until `stop`.
pub async fn run(state: AppState, stop: CancellationToken) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // What was changed before the start is asked for when a token of another run is first seen.
    let mut since = state.now();
    while stop.run_until_cancelled(tick.tick()).await.is_some() {
        let now = state.now();
        let from = time::minus(since, OVERLAP);
        let heard = async {
            hear_ended(&state, from).await?;
            hear_changed(&state, from).await
        };
        match heard.await {
            Ok(()) => since = now,
            Err(error) => tracing::warn!(%error, "what changed elsewhere is not known: {error}"),
        }
    }
}

async fn hear_ended(state: &AppState, mut since: TimeUs) -> Result<(), StoreError> {
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

/// An account's API keys are asked for anew: they are known with its role and status.
async fn hear_changed(state: &AppState, mut since: TimeUs) -> Result<(), StoreError> {
    loop {
        let changed = state.store.access_list_changed(since, BATCH).await?;
        let last = changed.last().map(|account| account.changed_at);
        let is_all = changed.len() < BATCH as usize;
        for account in changed {
            let standing = Standing { role: roles::role(account.role), status: roles::status(account.status) };
            if state.standings.change(account.id, standing, account.changed_at) {
                state.api_keys.forget_of(account.id);
            }
        }
        match last {
            Some(last) if !is_all && last > since => since = last,
            _ => return Ok(()),
        }
    }
}
