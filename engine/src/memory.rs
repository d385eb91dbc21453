//! A journal that forgets everything when the process ends: for tests and benchmarks of what stands above it.

use std::collections::BTreeMap;

use inventory::{EventId, Lsn, Row};
use parking_lot::Mutex;

use crate::{Appended, Batch, Chunk, Epoch, Journal, JournalError, Opened, Owned, Snapshot};

/// Snapshots kept of one event.
const SNAPSHOTS_KEPT: usize = 2;

#[derive(Default)]
pub struct MemoryJournal {
    events: Mutex<BTreeMap<EventId, Stored>>,
}

#[derive(Default)]
struct Stored {
    epoch: u64,
    last_lsn: u64,
    chunks: Vec<Chunk>,
    rows: Vec<Row>,
    snapshots: Vec<Snapshot>,
}

impl MemoryJournal {
    /// The rows that were written with the event's records, in order.
    pub fn rows(&self, event: EventId) -> Vec<Row> {
        self.events.lock().get(&event).map(|stored| stored.rows.clone()).unwrap_or_default()
    }

    pub fn last_lsn(&self, event: EventId) -> Lsn {
        Lsn(self.events.lock().get(&event).map_or(0, |stored| stored.last_lsn))
    }

    pub fn snapshots(&self, event: EventId) -> Vec<Snapshot> {
        self.events.lock().get(&event).map(|stored| stored.snapshots.clone()).unwrap_or_default()
    }
}

impl Stored {
    fn append(&mut self, batch: Batch) -> Appended {
        if batch.epoch.0 != self.epoch || batch.first_lsn.0 != self.last_lsn + 1 {
            return Appended::Fenced;
        }
        self.last_lsn = batch.last_lsn.0;
        self.rows.extend(batch.rows);
        self.chunks.push(Chunk { first_lsn: batch.first_lsn, last_lsn: batch.last_lsn, records: batch.records });
        Appended::Durable
    }
}

impl Journal for MemoryJournal {
    async fn open(&self, event: EventId) -> Result<Opened, JournalError> {
        let mut events = self.events.lock();
        let stored = events.entry(event).or_default();
        stored.epoch += 1;
        Ok(Opened {
            epoch: Epoch(stored.epoch),
            snapshot: stored.snapshots.last().cloned(),
            last_lsn: Lsn(stored.last_lsn),
            lease: None,
        })
    }

    async fn renew(&self, owned: Vec<Owned>) -> Result<Vec<bool>, JournalError> {
        let events = self.events.lock();
        Ok(owned.iter().map(|it| events.get(&it.event).is_some_and(|stored| stored.epoch == it.epoch.0)).collect())
    }

    async fn release(&self, _owned: Owned) -> Result<(), JournalError> {
        Ok(())
    }

    async fn append(&self, batches: Vec<Batch>) -> Result<Vec<Appended>, JournalError> {
        let mut events = self.events.lock();
        Ok(batches.into_iter().map(|batch| events.entry(batch.event).or_default().append(batch)).collect())
    }

    async fn read(&self, event: EventId, from: Lsn, bytes_max: usize) -> Result<Vec<Chunk>, JournalError> {
        let events = self.events.lock();
        let Some(stored) = events.get(&event) else { return Ok(Vec::new()) };
        let start = stored.chunks.partition_point(|chunk| chunk.last_lsn < from);
        let mut bytes = 0;
        let mut chunks = Vec::new();
        for chunk in &stored.chunks[start..] {
            if bytes >= bytes_max && !chunks.is_empty() {
                break;
            }
            bytes += chunk.records.len();
            chunks.push(chunk.clone());
        }
        Ok(chunks)
    }

    async fn put_snapshot(&self, event: EventId, epoch: Epoch, snapshot: Snapshot) -> Result<(), JournalError> {
        let mut events = self.events.lock();
        let stored = events.entry(event).or_default();
        if stored.epoch == epoch.0 && stored.snapshots.last().is_none_or(|last| last.lsn < snapshot.lsn) {
            stored.snapshots.push(snapshot);
            let surplus = stored.snapshots.len().saturating_sub(SNAPSHOTS_KEPT);
            stored.snapshots.drain(..surplus);
        }
        Ok(())
    }

    async fn snapshot_below(&self, event: EventId, below: Lsn) -> Result<Option<Snapshot>, JournalError> {
        let events = self.events.lock();
        Ok(events
            .get(&event)
            .and_then(|stored| stored.snapshots.iter().rev().find(|snapshot| snapshot.lsn < below).cloned()))
    }

    async fn trim(&self, event: EventId, through: Lsn) -> Result<(), JournalError> {
        if let Some(stored) = self.events.lock().get_mut(&event) {
            stored.chunks.retain(|chunk| chunk.last_lsn > through);
        }
        Ok(())
    }
}
