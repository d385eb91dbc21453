//! Makes mails and news of what is in the outbox.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use engine::{Clock, SystemClock};
use futures_util::{StreamExt, stream};
use inventory::{EventId, TimeUs};
use parking_lot::Mutex;
use persistence::{Event, OutboxAttempt, OutboxOutcome, Store, StoreError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::tidings::{self, TidingsError};
use super::{LOOK, pause};
use crate::mail::Mailer;
use crate::metrics::{self, OutboxResult};
use crate::{backoff, ids, time};

/// Claimed at once: one commit claims and one settles them all.
const BATCH: u32 = 64;
/// Read for at once.
const AT_ONCE: usize = 4;
/// Beyond all that a batch may take: its calls of the store have deadlines.
const LEASE: Duration = Duration::from_secs(120);
/// Between two batches, so that a sale's own commits come first. Some 300 purchases a second are left.
const BREATH: Duration = Duration::from_millis(200);
/// Or as many times as long as a batch took, which is the longer the more the store has to do.
const RESTS: u32 = 3;
const REST_MAX: Duration = Duration::from_secs(2);
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// Then it is given up, and an admin must look. Time without a store does not count.
const ATTEMPTS_MAX: u32 = 12;

pub struct Outbox {
    pub store: Store,
    pub clock: Arc<SystemClock>,
    pub mailer: Mailer,
}

/// Until `stop`. A batch that was begun is finished.
pub async fn run(outbox: Outbox, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let next = pause("purchases' mails", outbox.round().await);
        stop.run_until_cancelled(tokio::time::sleep(next)).await;
    }
}

impl Outbox {
    /// Does what is due, a batch at most. How long to wait for the next.
    async fn round(&self) -> Result<Duration, StoreError> {
        let now = self.clock.now();
        // Asking first: a look is a read, a claim a commit.
        if !self.store.outbox_is_due(now).await? {
            return Ok(LOOK);
        }
        let begun = Instant::now();
        let claimed = self.store.outbox_claim(now, time::plus(now, LEASE), BATCH).await?;
        let events = Events::default();
        let attempts = stream::iter(claimed).map(|work| self.attempt(work, &events)).buffered(AT_ONCE);
        let attempts: Vec<_> = attempts.collect().await;
        self.settle(&attempts).await?;
        let is_mailed = |attempt: &OutboxAttempt| match &attempt.outcome {
            OutboxOutcome::Done { mails, .. } => mails.len(),
            OutboxOutcome::Again { .. } | OutboxOutcome::Failed { .. } => 0,
        };
        (0..attempts.iter().map(is_mailed).sum::<usize>()).for_each(|_| self.mailer.queued());
        Ok((begun.elapsed() * RESTS).clamp(BREATH, REST_MAX))
    }

    async fn attempt(&self, work: persistence::Outbox, events: &Events) -> OutboxAttempt {
        let now = self.clock.now();
        let outcome = match self.outcome(&work, events, now).await {
            Ok(done) => {
                metrics::count_outbox(OutboxResult::Done);
                done
            }
            Err(TidingsError::Store(error)) if is_passing(&error) => again(&work, &error.to_string(), now),
            Err(error) => refused(&work, error.to_string(), now),
        };
        OutboxAttempt { work, outcome }
    }

    async fn outcome(
        &self,
        work: &persistence::Outbox,
        events: &Events,
        now: TimeUs,
    ) -> Result<OutboxOutcome, TidingsError> {
        let event = events.find(&self.store, work.event_id).await?;
        tidings::of(&self.store, &event, work, now).await
    }

    /// All at once; or, when the store refuses that, each by itself, so that one does not keep the others.
    async fn settle(&self, attempts: &[OutboxAttempt]) -> Result<(), StoreError> {
        match self.store.outbox_settle(attempts).await {
            Ok(_) => return Ok(()),
            Err(error) if is_passing(&error) => return Err(error),
            Err(error) => tracing::error!(%error, "the outbox is settled piece by piece: {error}"),
        }
        for attempt in attempts {
            match self.store.outbox_settle(std::slice::from_ref(attempt)).await {
                Ok(_) => {}
                Err(error) if is_passing(&error) => return Err(error),
                Err(error) => {
                    let outcome = refused(&attempt.work, error.to_string(), self.clock.now());
                    self.store.outbox_settle(&[OutboxAttempt { work: attempt.work.clone(), outcome }]).await?;
                }
            }
        }
        Ok(())
    }
}

/// Those of one batch, most of which is of one event: each is read once, or a few times at most.
#[derive(Default)]
struct Events(Mutex<HashMap<EventId, Arc<Event>>>);

impl Events {
    async fn find(&self, store: &Store, id: EventId) -> Result<Arc<Event>, TidingsError> {
        if let Some(known) = self.0.lock().get(&id) {
            return Ok(Arc::clone(known));
        }
        let event = Arc::new(store.event_find_any(id).await?.ok_or(TidingsError::Missing("the event"))?);
        self.0.lock().insert(id, Arc::clone(&event));
        Ok(event)
    }
}

const fn is_passing(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_) | StoreError::Timeout)
}

fn again(work: &persistence::Outbox, error: &str, now: TimeUs) -> OutboxOutcome {
    let (event, lsn, kind) = (work.event_id, work.lsn, work.kind.name());
    metrics::count_outbox(OutboxResult::Deferred);
    tracing::warn!(%event, %lsn, kind, "{kind} of event {event} at {lsn} is tried again later: {error}");
    let due_at = time::plus(now, backoff::after(RETRY_AFTER, work.attempts));
    OutboxOutcome::Again { due_at, error: error.to_owned() }
}

fn refused(work: &persistence::Outbox, error: String, now: TimeUs) -> OutboxOutcome {
    let (event, lsn, kind) = (work.event_id, work.lsn, work.kind.name());
    if work.attempts >= ATTEMPTS_MAX {
        metrics::count_outbox(OutboxResult::Failed);
        tracing::error!(%event, %lsn, kind, "{kind} of event {event} at {lsn} was given up: {error}");
        return OutboxOutcome::Failed { parked_id: ids::mint(now), error };
    }
    again(work, &error, now)
}
