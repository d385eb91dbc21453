//! What the engine asks of durable storage. The contract, not the SQL: implementations live in `persistence` (SQLite and
//! Postgres) and in the simulation (memory, with faults).
//!
//! An implementation promises: when [`Journal::append`] answers [`Appended::Durable`] for a batch, the batch and its rows
//! survive any crash; a batch under a stale epoch leaves no trace; LSNs of one event have no gap and no overlap.

use std::time::Duration;

use inventory::{EventId, Lsn, Row};
use thiserror::Error;

/// Grows with every takeover of an event. An append under an older epoch is refused (fencing).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// Consecutive records of one event, framed one after the other (see `inventory::Record`).
#[derive(Clone, Debug)]
pub struct Batch {
    pub event: EventId,
    pub epoch: Epoch,
    pub first_lsn: Lsn,
    pub last_lsn: Lsn,
    pub records: Vec<u8>,
    /// Relational rows that follow from the records, in LSN order. Written in the same transaction.
    pub rows: Vec<Row>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    Durable,
    /// Somebody else owns the event now, or the LSNs do not continue the journal: nothing of the batch was written.
    Fenced,
}

/// What an event's new owner finds.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The new owner's own epoch, greater than every earlier one.
    pub epoch: Epoch,
    pub snapshot: Option<Snapshot>,
    /// Last durable LSN; [`Lsn::ZERO`] for a new event.
    pub last_lsn: Lsn,
    /// How long nobody else can open the event, from before [`Journal::open`] was called, unless it is renewed. `None`:
    /// never, as long as this journal lives.
    pub lease: Option<Duration>,
}

/// What an owner says when it renews or gives back its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    pub event: EventId,
    pub epoch: Epoch,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The state contains this change and all before it.
    pub lsn: Lsn,
    /// `Inventory::snapshot`, which carries its own version and digest.
    pub bytes: Vec<u8>,
}

/// One stored batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub first_lsn: Lsn,
    pub last_lsn: Lsn,
    pub records: Vec<u8>,
}

#[derive(Debug, Error)]
pub enum JournalError {
    /// Nothing was written: no connection, or the transaction was refused before its commit was sent.
    #[error("the journal is not reachable")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The commit was sent and its answer lost, or the disk refused it: it may or may not have happened.
    #[error("the outcome of the commit is unknown")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Another owner holds the event's lease. Nothing was changed.
    #[error("another node owns event {0}")]
    OwnedElsewhere(EventId),
    /// What is stored cannot be right. Never served, never repaired by guessing.
    #[error("the journal of event {event} is damaged: {problem}")]
    Damaged { event: EventId, problem: String },
}

/// The methods take `&self`: an implementation has its own connection for appends, which only the committer uses.
pub trait Journal: Send + Sync + 'static {
    /// Takes the event over: grows its epoch, durably, and from then on refuses every older one. Only once the lease of
    /// the owner before has run out by the store's clock, or was released, or was this node's own.
    fn open(&self, event: EventId) -> impl Future<Output = Result<Opened, JournalError>> + Send;

    /// Prolongs the leases of events that were opened with one, by the term they were opened with. Answers in the order of
    /// `owned`: whether the event is still held under that epoch.
    fn renew(&self, owned: Vec<Owned>) -> impl Future<Output = Result<Vec<bool>, JournalError>> + Send;

    /// Gives a lease back: whoever comes next need not wait for its end. Nothing when the epoch is stale.
    fn release(&self, owned: Owned) -> impl Future<Output = Result<(), JournalError>> + Send;

    /// Commits the batches, of one or many events, with their rows in one transaction. Answers in the order of `batches`.
    /// An error speaks for all of them. After an error the implementation reconnects before the next append: a failed
    /// fsync is never retried on the same handle. The future may be dropped at the caller's deadline: that is an error
    /// like any other, and the event's next [`Journal::open`] must see the commit either whole or never.
    fn append(&self, batches: Vec<Batch>) -> impl Future<Output = Result<Vec<Appended>, JournalError>> + Send;

    /// Stored batches that hold `from` or later, in order, up to about `bytes_max` (at least one). Empty at the end.
    fn read(
        &self,
        event: EventId,
        from: Lsn,
        bytes_max: usize,
    ) -> impl Future<Output = Result<Vec<Chunk>, JournalError>> + Send;

    /// Keeps the snapshot beside older ones; the newest two stay. Refused quietly when the epoch is stale.
    fn put_snapshot(
        &self,
        event: EventId,
        epoch: Epoch,
        snapshot: Snapshot,
    ) -> impl Future<Output = Result<(), JournalError>> + Send;

    /// The newest snapshot with an LSN below `below`: used when the newest of all does not verify.
    fn snapshot_below(
        &self,
        event: EventId,
        below: Lsn,
    ) -> impl Future<Output = Result<Option<Snapshot>, JournalError>> + Send;

    /// Deletes whole batches that end at or before `through`. The journal is the audit trail: nothing calls this unless
    /// an operator has set a retention.
    fn trim(&self, event: EventId, through: Lsn) -> impl Future<Output = Result<(), JournalError>> + Send;
}
