//! The disk as one node sees it. A node that has crashed gets no more answers.

use std::sync::Arc;
use std::time::Duration;

use engine::{Appended, Batch, Chunk, Epoch, Journal, JournalError, Opened, Owned, Snapshot};
use inventory::{EventId, Lsn};
use tokio::time::sleep;

use crate::bug::Bug;
use crate::clock::RunClock;
use crate::disk::{Disk, Fate, tail};

pub struct NodeJournal {
    pub node: u32,
    pub disk: Arc<Disk>,
    pub clock: RunClock,
    pub bug: Bug,
    /// Whether commits of this run may fail by themselves.
    pub is_troubled: bool,
    pub snapshots_rot: bool,
}

/// Tells the disk when the sender of a commit stops waiting for it.
struct Sent<'a> {
    journal: &'a NodeJournal,
    id: u64,
    is_settled: bool,
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.journal.disk.abandon(self.id, self.journal.clock.true_us());
        }
    }
}

impl NodeJournal {
    async fn round_trip(&self, delay_ms: u64) -> Result<(), JournalError> {
        sleep(Duration::from_millis(delay_ms)).await;
        if self.disk.is_dead(self.node) {
            std::future::pending::<()>().await;
        }
        if self.disk.is_unreachable(self.clock.true_us()) { Err(JournalError::Unreachable(trouble())) } else { Ok(()) }
    }
}

fn trouble() -> Box<dyn std::error::Error + Send + Sync> {
    "as the seed has it".into()
}

impl Journal for NodeJournal {
    async fn open(&self, event: EventId) -> Result<Opened, JournalError> {
        self.round_trip(self.disk.delay_ms(self.clock.true_us())).await?;
        let opened = self.disk.open(self.node, event, self.clock.true_us());
        opened.ok_or(JournalError::OwnedElsewhere(event))
    }

    async fn renew(&self, owned: Vec<Owned>) -> Result<Vec<bool>, JournalError> {
        self.round_trip(self.disk.delay_ms(self.clock.true_us())).await?;
        let kept = self.disk.renew(&owned, self.clock.true_us());
        self.round_trip(1).await?;
        Ok(kept)
    }

    async fn release(&self, owned: Owned) -> Result<(), JournalError> {
        self.round_trip(5).await?;
        self.disk.release(owned);
        Ok(())
    }

    async fn append(&self, batches: Vec<Batch>) -> Result<Vec<Appended>, JournalError> {
        if self.disk.is_dead(self.node) {
            std::future::pending::<()>().await;
        }
        let now_us = self.clock.true_us();
        let count = batches.len();
        let (id, fate) = self.disk.send(self.node, batches, self.is_troubled, now_us);
        if fate == Fate::Unreachable {
            sleep(Duration::from_millis(5)).await;
            return Err(JournalError::Unreachable(trouble()));
        }
        let mut sent = Sent { journal: self, id, is_settled: false };
        if self.bug == Bug::AckBeforeDurable {
            sent.is_settled = true;
            return Ok(vec![Appended::Durable; count]);
        }
        sleep(Duration::from_millis(self.disk.delay_ms(now_us))).await;
        if self.disk.is_dead(self.node) {
            sent.is_settled = true;
            std::future::pending::<()>().await;
        }
        sent.is_settled = true;
        let now_us = self.clock.true_us();
        match fate {
            Fate::Commits => Ok(self.disk.land(id, now_us)),
            Fate::UnknownLanded => {
                self.disk.land(id, now_us);
                Err(JournalError::Unknown(trouble()))
            }
            Fate::UnknownLost | Fate::Unreachable => {
                self.disk.lose(id);
                Err(JournalError::Unknown(trouble()))
            }
        }
    }

    async fn read(&self, event: EventId, from: Lsn, bytes_max: usize) -> Result<Vec<Chunk>, JournalError> {
        self.round_trip(1).await?;
        let mut chunks = self.disk.read(event, from, bytes_max);
        if self.bug == Bug::OpenForgetsSessions {
            chunks.iter_mut().for_each(|chunk| chunk.records = tail::without_sessions(&chunk.records));
        }
        Ok(chunks)
    }

    async fn put_snapshot(&self, event: EventId, epoch: Epoch, snapshot: Snapshot) -> Result<(), JournalError> {
        self.round_trip(5).await?;
        self.disk.put_snapshot(event, epoch, snapshot, self.snapshots_rot);
        Ok(())
    }

    async fn snapshot_below(&self, event: EventId, below: Lsn) -> Result<Option<Snapshot>, JournalError> {
        self.round_trip(1).await?;
        Ok(self.disk.snapshot_below(event, below))
    }

    async fn trim(&self, event: EventId, through: Lsn) -> Result<(), JournalError> {
        self.round_trip(1).await?;
        self.disk.trim(event, through);
        Ok(())
    }
}
