//! Refunds everybody of a cancelled event, and has the pages closed where its orders could still be paid. The work is a row:
//! it is claimed for a while by one node, goes on from where a dead one stopped, and is done when no order is left that was
//! paid and not refunded. Refunding an order again finds nothing left, so that it may be asked as often as need be.

use std::time::Duration;

use engine::{EventHandle, SubmitError};
use futures_util::{StreamExt, stream};
use inventory::{EventId, OrderId, OrderStatus, Rejection, TimeUs};
use persistence::{Cancellation, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::state::AppState;
use crate::{gateways, time};

/// Orders asked for at a time.
const BATCH: u32 = 64;
/// Orders refunded at once: the event commits them together.
const AT_ONCE: usize = 16;
/// Longer than a batch takes whose every answer is late. Of a node that died, the work goes on after it.
const LEASE: Duration = Duration::from_secs(15);
/// How often one looks for what another node left behind.
const LOOK: Duration = Duration::from_secs(5);
/// How often one looks for events that were cancelled by somebody who died before he could start it.
const SWEEP_US: i64 = 60 * 1_000_000;
/// When the event or the store is not available.
const PAUSE: Duration = Duration::from_secs(1);
/// Between two rounds, when refunds were refused.
const ROUND_MAX: Duration = Duration::from_secs(3_600);

/// Wakes the work on this node.
#[derive(Default)]
pub struct Cancelling {
    woken: Notify,
}

/// What became of a batch.
#[derive(Debug, Default, PartialEq, Eq)]
struct Batch {
    failed: u32,
    /// Some were not asked, or gave no answer: to be asked again.
    is_cut: bool,
}

/// Of an event that is cancelled. When the store is away, it starts by itself later.
pub async fn start(state: &AppState, event: EventId) {
    if let Err(error) = state.store.cancellation_start(event, state.now()).await {
        tracing::warn!(%event, %error, "the refunds of event {event} start later: {error}");
    }
    state.cancelling.woken.notify_one();
}

/// Until `stop`. A batch that is under way is finished.
pub async fn run(state: AppState, stop: CancellationToken) {
    let mut swept_at = None;
    while !stop.is_cancelled() {
        let next = match look(&state, &mut swept_at, &stop).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "refunds of cancelled events wait for the store: {error}");
                PAUSE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = state.cancelling.woken.notified() => {}
            () = tokio::time::sleep(next) => {}
        }
    }
}

/// Does what is due. How long nothing more is.
async fn look(
    state: &AppState,
    swept_at: &mut Option<TimeUs>,
    stop: &CancellationToken,
) -> Result<Duration, StoreError> {
    let now = state.now();
    if swept_at.is_none_or(|at| now.since(at) >= SWEEP_US) {
        state.store.cancellations_start_all(now).await?;
        *swept_at = Some(now);
    }
    // Asking first: a look is a read, a claim a commit.
    match state.store.cancellations_next_due().await? {
        Some(due) if due <= now => {}
        Some(due) => return Ok(LOOK.min(Duration::from_micros(u64::try_from(due.since(now)).unwrap_or(0)))),
        None => return Ok(LOOK),
    }
    let Some(claimed) = state.store.cancellation_claim(now, time::plus(now, LEASE)).await? else {
        return Ok(PAUSE);
    };
    refund_all(state, &claimed, stop).await?;
    Ok(Duration::ZERO)
}

async fn refund_all(state: &AppState, claimed: &Cancellation, stop: &CancellationToken) -> Result<(), StoreError> {
    let event = claimed.event_id;
    gateways::event_cancelled(state, event).await?;
    let mut after = claimed.after_order;
    loop {
        let orders = state.store.cancellation_orders(event, after, BATCH).await?;
        let Some(last) = orders.last().copied() else { return end_round(state, claimed).await };
        let batch = match state.directory.open(event).await {
            Ok(handle) => refund(&handle, orders).await,
            Err(error) => {
                tracing::warn!(%event, %error, "the refunds of event {event} wait for it: {error}");
                Batch { failed: 0, is_cut: true }
            }
        };
        let now = state.now();
        if batch.is_cut {
            return state.store.cancellation_pause(claimed, time::plus(now, PAUSE)).await;
        }
        if !state.store.cancellation_move(claimed, last, batch.failed, time::plus(now, LEASE)).await? {
            // It took too long: somebody else goes on.
            return Ok(());
        }
        if stop.is_cancelled() {
            return state.store.cancellation_pause(claimed, now).await;
        }
        after = Some(last);
    }
}

async fn refund(handle: &EventHandle, orders: Vec<OrderId>) -> Batch {
    let asked = orders.into_iter().map(|order| async move { (order, handle.refund_cancelled(order).await) });
    let mut answers = stream::iter(asked).buffer_unordered(AT_ONCE);
    let mut batch = Batch::default();
    while let Some((order, answer)) = answers.next().await {
        match answer {
            Ok(_) => {}
            Err(SubmitError::Rejected(Rejection::OrderTransition { from, .. }))
                if from == OrderStatus::Refunded.name() => {}
            Err(SubmitError::Rejected(rejection)) => {
                tracing::error!(%order, code = rejection.code(), "order {order} is not refunded: {rejection}");
                batch.failed += 1;
            }
            Err(SubmitError::Unavailable(_) | SubmitError::OutcomeUnknown) => batch.is_cut = true,
        }
    }
    batch
}

async fn end_round(state: &AppState, claimed: &Cancellation) -> Result<(), StoreError> {
    let (store, now) = (&state.store, state.now());
    if store.cancellation_orders(claimed.event_id, None, 1).await?.is_empty() {
        return store.cancellation_finish(claimed, now).await;
    }
    store.cancellation_again(claimed, time::plus(now, pause(claimed.rounds))).await
}

/// Twice as long after each round.
fn pause(rounds: u32) -> Duration {
    PAUSE.saturating_mul(2_u32.saturating_pow(rounds)).min(ROUND_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_between_rounds_double_up_to_an_hour() {
        for (rounds, seconds) in [(0, 1), (1, 2), (5, 32), (12, 3_600), (u32::MAX, 3_600)] {
            assert_eq!(pause(rounds), Duration::from_secs(seconds), "{rounds}");
        }
    }
}
