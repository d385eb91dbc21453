//! What happens beside requests: bringing events back at the start, forgetting what is of no use any more.

use std::fmt::Display;
use std::future;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use inventory::EventId;
use persistence::{Backlog, EventFilter, StoreError, WorkKind};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::state::AppState;
use crate::{gate_log, images, metrics, tickets, time};

const UPKEEP: Duration = Duration::from_secs(5);
/// Until then a list shows no price of an event whose price has changed by the clock.
const PRICES: Duration = Duration::from_secs(2);
const PRUNE: Duration = Duration::from_secs(60);
const MERGE: Duration = Duration::from_secs(60);
/// Of the index of words, put together in one commit: a few milliseconds of the writer.
const MERGED_PAGES: u32 = 64;
/// Between two of them, so that a sale's own commits come first.
const MERGE_BREATH: Duration = Duration::from_millis(100);
const SWEEP: Duration = Duration::from_secs(300);
/// Between two looks at how much work waits. Whoever does it, and in whatever process: the rows say so.
const BACKLOG: Duration = Duration::from_secs(15);
/// How long an idempotency key is remembered.
const KEYS_KEPT: Duration = Duration::from_secs(24 * 3_600);
/// Longer than any window of attempts.
const ATTEMPTS_KEPT_US: i64 = 3_600 * 1_000_000;
/// Longer than any provider repeats a notice.
const NOTICES_KEPT_US: i64 = 30 * 24 * 3_600 * 1_000_000;
/// Longer than any offer of a ticket is open.
const TRANSFERS_KEPT_US: i64 = 30 * 24 * 3_600 * 1_000_000;
/// How long it is told what webhooks were sent, and may be sent again: 30 days.
const DELIVERIES_KEPT_US: i64 = 30 * 24 * 3_600 * 1_000_000;
/// Events with people waiting, looked at in one call.
const WAITLISTS_PAGE: u32 = 200;
/// Published events brought into memory at the start, newest first. Older ones come at their first request.
const WARM_EVENTS_MAX: u32 = 200;
/// At once. The engine has its own limit; this keeps the requests of real callers ahead of its queue.
const WARM_AT_ONCE: usize = 4;

/// Until `stop`. None waits for another; what has begun then is finished.
pub async fn run(state: AppState, stop: CancellationToken) {
    tokio::join!(
        every(UPKEEP, &stop, || tidy_metrics(&state)),
        every(PRICES, &stop, || refresh_prices(&state)),
        every(BACKLOG, &stop, || observe_backlogs(&state)),
        every(SWEEP, &stop, || sweep_images(&state)),
        every(MERGE, &stop, || merge_words(&state, &stop)),
        every(PRUNE, &stop, || prune(&state)),
    );
}

/// At once, and again whenever the period is over. One that took longer puts off the next.
async fn every<Chore: Future<Output = ()>>(
    period: Duration,
    stop: &CancellationToken,
    mut chore: impl FnMut() -> Chore,
) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        chore().await;
    }
}

fn tidy_metrics(state: &AppState) -> future::Ready<()> {
    state.prometheus.run_upkeep();
    future::ready(())
}

async fn refresh_prices(state: &AppState) {
    let refreshed = state.store.event_prices_refresh(state.now()).await;
    warn_of("prices in lists could not be brought up to date", refreshed);
}

async fn observe_backlogs(state: &AppState) {
    warn_of("waiting work could not be counted", count_backlogs(state).await);
}

async fn sweep_images(state: &AppState) {
    warn_of("unused pictures could not be deleted", images::sweep(state).await);
}

async fn merge_words(state: &AppState, stop: &CancellationToken) {
    warn_of("the index of words could not be put together", merge_pieces(state, stop).await);
}

async fn prune(state: &AppState) {
    if let Err(error) = tickets::finish_transfers(state).await {
        tracing::warn!(code = error.code(), "accepted tickets could not be handed over: {}", error.code());
    }
    warn_of("events with waitlists could not be listed", wake_waitlists(state).await);
    warn_of("old rows could not be deleted", forget(state).await);
}

fn warn_of<T>(failure: &'static str, result: Result<T, impl Display>) {
    if let Err(error) = result {
        tracing::warn!(%error, "{failure}: {error}");
    }
}

async fn count_backlogs(state: &AppState) -> Result<(), StoreError> {
    for kind in WorkKind::ALL {
        let now = state.now();
        let Backlog { due, oldest_at, given_up } = state.store.backlog(kind, now).await?;
        let waited_us = oldest_at.map_or(0, |at| now.since(at));
        let oldest = Duration::from_micros(u64::try_from(waited_us).unwrap_or(0));
        metrics::observe_backlog(kind, due, oldest, given_up);
    }
    Ok(())
}

/// Offers run out and go on though nobody asks for the event: it stays in memory, and comes back after a restart.
async fn wake_waitlists(state: &AppState) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let events = state.store.waitlist_events_live(after, WAITLISTS_PAGE).await?;
        for event in &events {
            if state.directory.get(*event).is_none()
                && let Err(error) = state.directory.open(*event).await
            {
                tracing::debug!(%event, %error, "event {event} is not brought back: {error}");
            }
        }
        after = events.last().copied();
        if events.len() < WAITLISTS_PAGE as usize {
            return Ok(());
        }
    }
}

async fn merge_pieces(state: &AppState, stop: &CancellationToken) -> Result<(), StoreError> {
    let mut is_begun = false;
    while !stop.is_cancelled() && state.store.search_merge(MERGED_PAGES, is_begun).await? {
        is_begun = true;
        stop.run_until_cancelled(tokio::time::sleep(MERGE_BREATH)).await;
    }
    Ok(())
}

async fn forget(state: &AppState) -> Result<(), StoreError> {
    let now = state.now();
    state.rate_limit.prune();
    state.standings.prune(now);
    let kept_us = i64::try_from(KEYS_KEPT.as_micros()).unwrap_or(i64::MAX);
    state.store.idempotency_prune(now.plus_us(-kept_us)).await?;
    state.store.refresh_prune(now).await?;
    state.api_keys.write_used(&state.store).await?;
    state.store.link_tokens_prune(now).await?;
    state.store.login_codes_prune(now).await?;
    state.store.attempts_prune(now.plus_us(-ATTEMPTS_KEPT_US)).await?;
    state.store.transfers_prune(now.plus_us(-TRANSFERS_KEPT_US)).await?;
    let mail_kept_us = i64::try_from(state.config.mail.kept.as_micros()).unwrap_or(i64::MAX);
    state.store.mails_prune(now.plus_us(-mail_kept_us)).await?;
    state.store.gate_refusals_prune(time::minus(now, gate_log::KEPT)).await?;
    state.store.payment_notices_prune(now.plus_us(-NOTICES_KEPT_US)).await?;
    state.store.webhook_deliveries_prune(now.plus_us(-DELIVERIES_KEPT_US)).await?;
    state.store.login_challenge_prune(now).await?;
    state.store.token_prune(now).await?;
    Ok(())
}

/// Brings the newest published events into memory, then calls the server ready.
pub async fn warm_up(state: AppState, stop: CancellationToken) {
    let warmed = async {
        match state.store.event_list(EventFilter::Published, None, WARM_EVENTS_MAX).await {
            Ok(events) => {
                let open = |event: EventId| {
                    let directory = &state.directory;
                    async move {
                        if let Err(error) = directory.open(event).await {
                            tracing::error!(%event, %error, "event {event} is not available: {error}");
                        }
                    }
                };
                let events = events.into_iter().map(|event| open(event.id));
                stream::iter(events).buffer_unordered(WARM_AT_ONCE).collect::<()>().await;
            }
            Err(error) => tracing::error!(%error, "the events cannot be listed: {error}"),
        }
        state.ready.store(true, Ordering::Release);
        tracing::info!("ready");
    };
    stop.run_until_cancelled(warmed).await;
}
