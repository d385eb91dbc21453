//! Asks providers what has become of payments, and has them refund what is owed.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use inventory::TimeUs;
use persistence::StoreError;
use tokio_util::sync::CancellationToken;

use super::{reconcile, refunds};
use crate::state::AppState;
use crate::time;

/// Claimed at once. Few, so that two nodes share the work.
pub(super) const BATCH: u32 = 32;
/// Asked at once: far below what providers allow.
const AT_ONCE: usize = 4;
/// Beyond the time that a batch may take.
const LEASE_MARGIN: Duration = Duration::from_secs(30);
/// Questions that one payment or refund may take.
const QUESTIONS_MAX: u32 = 3;
/// How often one looks for what other nodes, or the journal, have queued.
const LOOK: Duration = Duration::from_secs(2);
/// After an error of the store.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Until `stop`. What was begun is finished; what is claimed and not begun comes due again.
pub async fn run(state: AppState, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let pause = match round(&state, &stop).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::warn!(%error, "payments wait for the store: {error}");
                STORE_PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = state.gateways.woken.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What is due, a batch of each at most. How long nothing more is.
async fn round(state: &AppState, stop: &CancellationToken) -> Result<Duration, StoreError> {
    refunds::take_owed(state).await?;
    let now = state.now();
    let until = time::plus(now, lease(state));
    if is_due(state.store.refunds_next_due().await?, now) {
        let claimed = state.store.refunds_claim(now, until, BATCH).await?;
        each(claimed, stop, |refund| refunds::attempt(state, refund)).await;
    }
    if is_due(state.store.checkouts_next_due().await?, now) {
        let claimed = state.store.checkouts_claim(now, until, BATCH).await?;
        each(claimed, stop, |checkout| reconcile::look_after(state, checkout)).await;
    }
    let now = state.now();
    let next = [state.store.refunds_next_due().await?, state.store.checkouts_next_due().await?];
    let first = next.into_iter().flatten().min();
    Ok(first.map_or(LOOK, |at| LOOK.min(Duration::from_micros(u64::try_from(at.since(now)).unwrap_or(0)))))
}

async fn each<T, F: Future<Output = ()>>(claimed: Vec<T>, stop: &CancellationToken, work: impl Fn(T) -> F) {
    stream::iter(claimed).take_until(stop.cancelled()).map(work).buffer_unordered(AT_ONCE).collect::<()>().await;
}

fn is_due(due: Option<TimeUs>, now: TimeUs) -> bool {
    due.is_some_and(|due| due <= now)
}

fn lease(state: &AppState) -> Duration {
    let turns = BATCH.div_ceil(u32::try_from(AT_ONCE).unwrap_or(1));
    state.config.payments.timeout * QUESTIONS_MAX * turns + LEASE_MARGIN
}
