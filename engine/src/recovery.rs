//! From the journal to a running inventory: take the event over, restore the newest snapshot that verifies, apply the
//! records after it. Whatever does not add up is damage, and damage is never served.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use inventory::{EventId, Inventory, Lsn, Record};
use thiserror::Error;
use tokio::time::timeout;

use crate::{Chunk, EngineConfig, Epoch, Journal, JournalError, Snapshot};

pub(crate) struct Recovered {
    pub(crate) inventory: Inventory,
    pub(crate) epoch: Epoch,
    /// Of the snapshot it was built on; [`Lsn::ZERO`] without one.
    pub(crate) snapshot: Lsn,
    pub(crate) records: u64,
}

#[derive(Debug, Error)]
pub(crate) enum RecoveryError {
    /// Worth another attempt.
    #[error("the journal did not answer")]
    Journal(#[source] JournalError),
    #[error("the journal did not answer within {0:?}")]
    TooSlow(Duration),
    /// An operator must look.
    #[error("the journal is damaged: {0}")]
    Damaged(String),
}

pub(crate) async fn recover<J: Journal>(
    journal: &J,
    event: EventId,
    config: &EngineConfig,
) -> Result<Recovered, RecoveryError> {
    let opened = within(config, journal.open(event)).await?;
    let mut snapshot = opened.snapshot;
    loop {
        let base = snapshot.as_ref().map(|snapshot| snapshot.lsn);
        match rebuild(journal, event, snapshot.take(), opened.last_lsn, config).await? {
            Ok((inventory, records)) => {
                return Ok(Recovered { inventory, epoch: opened.epoch, snapshot: base.unwrap_or(Lsn::ZERO), records });
            }
            Err(problem) => {
                let Some(base) = base else { return Err(RecoveryError::Damaged(problem)) };
                tracing::error!(%event, snapshot_lsn = base.0, problem, "event.snapshot does not verify");
                snapshot = within(config, journal.snapshot_below(event, base)).await?;
            }
        }
    }
}

async fn within<T>(
    config: &EngineConfig,
    call: impl Future<Output = Result<T, JournalError>>,
) -> Result<T, RecoveryError> {
    match timeout(config.journal_deadline, call).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(JournalError::Damaged { problem, .. })) => Err(RecoveryError::Damaged(problem)),
        Ok(Err(error)) => Err(RecoveryError::Journal(error)),
        Err(_) => Err(RecoveryError::TooSlow(config.journal_deadline)),
    }
}

/// The inner error is a problem of this snapshot or of the records after it.
async fn rebuild<J: Journal>(
    journal: &J,
    event: EventId,
    snapshot: Option<Snapshot>,
    last: Lsn,
    config: &EngineConfig,
) -> Result<Result<(Inventory, u64), String>, RecoveryError> {
    let mut inventory = match restore(event, snapshot) {
        Ok(inventory) => inventory,
        Err(problem) => return Ok(Err(problem)),
    };
    let base = inventory.lsn();
    while inventory.lsn() < last {
        let chunks = within(config, journal.read(event, inventory.lsn().next(), config.recovery_read_bytes)).await?;
        let reached = inventory.lsn();
        for chunk in chunks {
            inventory = match apply_chunk(inventory, &chunk, last) {
                Ok(inventory) => inventory,
                Err(problem) => return Ok(Err(problem)),
            };
            tokio::task::consume_budget().await;
        }
        if inventory.lsn() == reached {
            return Ok(Err(format!("the journal ends at {reached} and not at {last}")));
        }
    }
    match catch_unwind(AssertUnwindSafe(|| inventory.verify())) {
        Ok(Ok(())) => Ok(Ok((inventory, last.0 - base.0))),
        Ok(Err(violation)) => Ok(Err(format!("the state at {last}: {violation}"))),
        Err(_) => Ok(Err(format!("the state at {last} cannot be checked"))),
    }
}

fn restore(event: EventId, snapshot: Option<Snapshot>) -> Result<Inventory, String> {
    let Some(snapshot) = snapshot else { return Ok(Inventory::new(event)) };
    let inventory = catch_unwind(|| Inventory::restore(&snapshot.bytes))
        .map_err(|_| "restoring it panics".to_owned())?
        .map_err(|error| error.to_string())?;
    if inventory.lsn() != snapshot.lsn {
        return Err(format!("it holds the state at {}, not at {}", inventory.lsn(), snapshot.lsn));
    }
    Ok(inventory)
}

fn apply_chunk(inventory: Inventory, chunk: &Chunk, last: Lsn) -> Result<Inventory, String> {
    let mut inventory = inventory;
    let mut at = 0;
    loop {
        let record = match Record::decode(&chunk.records, &mut at) {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(inventory),
            Err(error) => return Err(format!("records {} to {}: {error}", chunk.first_lsn, chunk.last_lsn)),
        };
        // The chunk may begin inside the snapshot, and after a takeover end behind what this epoch may know.
        if record.lsn <= inventory.lsn() || record.lsn > last {
            continue;
        }
        if record.lsn != inventory.lsn().next() {
            return Err(format!("record {} follows record {}", record.lsn, inventory.lsn()));
        }
        // An inventory that has panicked is dropped with its error.
        catch_unwind(AssertUnwindSafe(|| inventory.apply(&record)))
            .map_err(|_| format!("record {} breaks an invariant", record.lsn))?;
    }
}
