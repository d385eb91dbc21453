//! The node's one writer of the journal: takes what has gathered in the lanes of all events, appends it as one commit and
//! tells each lane what became of its part. It has no timer: while one commit is under way the next one fills. A failed
//! commit is never tried again; its events are rebuilt from what the journal really holds.

use std::sync::Arc;

use inventory::Lsn;
use tokio::time::{Instant, timeout};

use crate::lane::{Lane, LossCause, ReadyLanes};
use crate::{Appended, EngineConfig, Journal, JournalError, metrics};

/// Runs until it is aborted.
pub(crate) async fn run<J: Journal>(journal: Arc<J>, ready: Arc<ReadyLanes>, config: Arc<EngineConfig>) {
    loop {
        ready.arrived().await;
        commit(&*journal, &ready, &config).await;
    }
}

async fn commit<J: Journal>(journal: &J, ready: &ReadyLanes, config: &EngineConfig) {
    let taken = ready.take(config.commit_records_max, config.commit_bytes_max);
    if taken.is_empty() {
        return;
    }
    let mut in_flight = InFlight::default();
    let mut batches = Vec::with_capacity(taken.len());
    let mut records = 0;
    for (lane, batch, count) in taken {
        records += count;
        in_flight.lanes.push((lane, batch.last_lsn));
        batches.push(batch);
    }
    let bytes = batches.iter().map(|batch| batch.records.len()).sum();

    let started = Instant::now();
    let result = timeout(config.append_deadline, journal.append(batches)).await;
    metrics::observe_commit(started.elapsed(), records, bytes, in_flight.lanes.len());
    match result {
        Ok(Ok(outcomes)) => in_flight.settle(&outcomes),
        Ok(Err(error)) => {
            tracing::error!(error = &error as &dyn std::error::Error, "journal.append failed");
            in_flight.lose(cause(&error));
        }
        Err(_) => {
            tracing::error!(deadline_ms = config.append_deadline.as_millis(), "journal.append took too long");
            in_flight.lose(LossCause::Unknown);
        }
    }
}

const fn cause(error: &JournalError) -> LossCause {
    match error {
        JournalError::Unreachable(_) => LossCause::NothingWritten,
        JournalError::OwnedElsewhere(_) => LossCause::TakenOver,
        JournalError::Unknown(_) | JournalError::Damaged { .. } => LossCause::Unknown,
    }
}

/// The lanes of one commit. Should the journal panic, they still hear of it.
#[derive(Default)]
struct InFlight {
    lanes: Vec<(Arc<Lane>, Lsn)>,
}

impl InFlight {
    fn settle(&mut self, outcomes: &[Appended]) {
        assert_eq!(outcomes.len(), self.lanes.len(), "the journal answers for every batch");
        for ((lane, through), outcome) in self.lanes.drain(..).zip(outcomes) {
            match outcome {
                Appended::Durable => lane.settle_durable(through),
                Appended::Fenced => {
                    metrics::observe_fenced();
                    lane.settle_lost(LossCause::Fenced);
                }
            }
        }
    }

    fn lose(&mut self, cause: LossCause) {
        metrics::observe_commit_failed();
        for (lane, _) in self.lanes.drain(..) {
            lane.settle_lost(cause);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if !self.lanes.is_empty() {
            self.lose(LossCause::Unknown);
        }
    }
}
