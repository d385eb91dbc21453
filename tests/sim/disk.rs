//! Durable storage that outlives every node of a run. Commits are whole or absent once they have been repaired after a
//! crash; everything that may go wrong before that does, by the seed's choice.

mod leases;
pub mod tail;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};

use engine::{Appended, Batch, Chunk, Epoch, Opened, Snapshot};
use inventory::{EventId, Lsn, Row};

use crate::bug::Bug;
use crate::reached::Reached;
use crate::rng::Rng;

pub use leases::TERM;

const SNAPSHOTS_KEPT: usize = 2;

/// One batch of a commit.
#[derive(Clone, Debug)]
pub struct Entry {
    pub event: EventId,
    pub chunk: Chunk,
    /// When it reached the disk, by the run's own clock.
    pub landed_at_us: i64,
    commit: u64,
    /// Batches of the whole commit: fewer on the disk means that a crash tore it.
    commit_batches: usize,
}

/// A commit on its way.
#[derive(Clone, Debug)]
struct Transit {
    id: u64,
    node: u32,
    batches: Vec<Batch>,
}

#[derive(Default)]
struct Owner {
    node: u32,
    leased_until_us: i64,
    epoch: u64,
    last_lsn: u64,
    snapshots: Vec<Snapshot>,
}

struct Inner {
    rng: Rng,
    bug: Bug,
    reached: Reached,
    log: Vec<Entry>,
    rows: Vec<(EventId, Row)>,
    events: BTreeMap<EventId, Owner>,
    transit: Vec<Transit>,
    /// Commits whose sender gave up on them; they may land until the event is opened again.
    limbo: Vec<Transit>,
    dead: BTreeSet<u32>,
    /// Until when no node reaches the disk.
    unreachable_until_us: i64,
    slow_until_us: i64,
    is_healed: bool,
    ids: u64,
}

pub struct Disk(Mutex<Inner>);

/// What will become of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Commits,
    /// The connection is down before anything was sent.
    Unreachable,
    /// The answer is lost; the commit is there.
    UnknownLanded,
    /// The answer is lost, and the commit.
    UnknownLost,
}

impl Disk {
    pub fn new(rng: Rng, bug: Bug) -> Self {
        Self(Mutex::new(Inner {
            rng,
            bug,
            reached: Reached::default(),
            log: Vec::new(),
            rows: Vec::new(),
            events: BTreeMap::new(),
            transit: Vec::new(),
            limbo: Vec::new(),
            dead: BTreeSet::new(),
            unreachable_until_us: 0,
            slow_until_us: 0,
            is_healed: false,
            ids: 0,
        }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("nothing panics while it holds the disk")
    }

    pub fn is_dead(&self, node: u32) -> bool {
        self.inner().dead.contains(&node)
    }

    pub fn is_unreachable(&self, now_us: i64) -> bool {
        self.inner().unreachable_until_us > now_us
    }

    pub fn cut_off_until(&self, until_us: i64) {
        self.inner().unreachable_until_us = until_us;
    }

    pub fn slow_until(&self, until_us: i64) {
        self.inner().slow_until_us = until_us;
    }

    /// From now on everything works.
    pub fn heal(&self) {
        let mut inner = self.inner();
        inner.unreachable_until_us = 0;
        inner.slow_until_us = 0;
        inner.is_healed = true;
    }

    pub fn delay_ms(&self, now_us: i64) -> u64 {
        let mut inner = self.inner();
        if inner.slow_until_us > now_us {
            inner.reached.note("slow_commit");
            // Longer than the engine's deadline for a commit, at times.
            inner.rng.between(50, 4_000)
        } else {
            inner.rng.between(1, 30)
        }
    }

    /// Takes a commit in, and says what will become of it. `troubled` commits may fail.
    pub fn send(&self, node: u32, batches: Vec<Batch>, troubled: bool, now_us: i64) -> (u64, Fate) {
        let mut inner = self.inner();
        inner.flush_acknowledged(node, now_us);
        inner.ids += 1;
        let id = inner.ids;
        if batches.len() > 1 {
            inner.reached.note("commit_of_many_events");
        }
        let fate = if inner.unreachable_until_us > now_us {
            Fate::Unreachable
        } else if troubled && !inner.is_healed && inner.rng.percent(4) {
            [Fate::UnknownLanded, Fate::UnknownLost, Fate::Unreachable][inner.rng.below(3) as usize]
        } else {
            Fate::Commits
        };
        if fate != Fate::Unreachable {
            inner.transit.push(Transit { id, node, batches });
        } else if inner.bug == Bug::UnreachableButWritten {
            inner.commit(batches, now_us);
        }
        (id, fate)
    }

    /// The commit arrives. Empty when it is gone.
    pub fn land(&self, id: u64, now_us: i64) -> Vec<Appended> {
        let mut inner = self.inner();
        let Some(at) = inner.transit.iter().position(|it| it.id == id) else { return Vec::new() };
        let transit = inner.transit.remove(at);
        inner.commit(transit.batches, now_us)
    }

    pub fn lose(&self, id: u64) {
        let mut inner = self.inner();
        let Some(at) = inner.transit.iter().position(|it| it.id == id) else { return };
        let transit = inner.transit.remove(at);
        inner.forget(transit.batches);
    }

    /// The sender gave up waiting. The commit may have landed, be lost, or land later.
    pub fn abandon(&self, id: u64, now_us: i64) {
        let mut inner = self.inner();
        let Some(at) = inner.transit.iter().position(|it| it.id == id) else { return };
        let transit = inner.transit.remove(at);
        inner.reached.note("commit_abandoned");
        match inner.rng.below(3) {
            0 => drop(inner.commit(transit.batches, now_us)),
            1 => inner.forget(transit.batches),
            _ => inner.limbo.push(transit),
        }
    }

    /// The node stops in the middle of whatever it was doing.
    pub fn crash(&self, node: u32, now_us: i64) {
        let mut inner = self.inner();
        inner.dead.insert(node);
        let (lost, others) = std::mem::take(&mut inner.transit).into_iter().partition(|it| it.node == node);
        inner.transit = others;
        if inner.bug == Bug::CrashLosesLastCommit {
            inner.drop_last_commit();
        }
        let lost: Vec<Transit> = lost;
        for transit in lost {
            match inner.rng.below(3) {
                0 => {
                    inner.reached.note("crash_after_commit");
                    inner.commit(transit.batches, now_us);
                }
                1 => {
                    inner.reached.note("crash_before_commit");
                    inner.forget(transit.batches);
                }
                _ => {
                    inner.reached.note("crash_tears_commit");
                    inner.tear(transit.batches, now_us);
                }
            }
        }
    }

    /// `None` while another node's lease runs.
    pub fn open(&self, node: u32, event: EventId, now_us: i64) -> Option<Opened> {
        let mut inner = self.inner();
        if inner.is_leased_elsewhere(node, event, now_us) {
            return None;
        }
        inner.repair();
        inner.settle_limbo(event, now_us);
        if inner.bug == Bug::OpenForgetsLastCommit && inner.rng.percent(50) {
            inner.drop_last_commit();
        }
        let owned = inner.events.entry(event).or_default();
        owned.epoch += 1;
        owned.node = node;
        owned.leased_until_us = leases::end_us(now_us);
        let opened = Opened {
            epoch: Epoch(owned.epoch),
            snapshot: owned.snapshots.last().cloned(),
            last_lsn: Lsn(owned.last_lsn),
            lease: Some(TERM),
        };
        if opened.snapshot.is_some() {
            inner.reached.note("recovery_from_snapshot");
        }
        Some(opened)
    }

    pub fn read(&self, event: EventId, from: Lsn, bytes_max: usize) -> Vec<Chunk> {
        let inner = self.inner();
        let mut bytes = 0;
        let mut chunks: Vec<Chunk> = Vec::new();
        for entry in inner.log.iter().filter(|entry| entry.event == event && entry.chunk.last_lsn >= from) {
            if bytes >= bytes_max && !chunks.is_empty() {
                break;
            }
            bytes += entry.chunk.records.len();
            chunks.push(entry.chunk.clone());
        }
        chunks
    }

    /// `rots`: the snapshot is damaged as it is stored.
    pub fn put_snapshot(&self, event: EventId, epoch: Epoch, snapshot: Snapshot, rots: bool) {
        let mut inner = self.inner();
        let mut snapshot = snapshot;
        if rots && inner.rng.percent(25) && !snapshot.bytes.is_empty() {
            let at = inner.rng.below(snapshot.bytes.len() as u64) as usize;
            snapshot.bytes[at] ^= 1 << inner.rng.below(8);
            inner.reached.note("snapshot_rots");
        }
        let owned = inner.events.entry(event).or_default();
        if owned.epoch == epoch.0 && owned.snapshots.last().is_none_or(|last| last.lsn < snapshot.lsn) {
            owned.snapshots.push(snapshot);
            let surplus = owned.snapshots.len().saturating_sub(SNAPSHOTS_KEPT);
            owned.snapshots.drain(..surplus);
        }
    }

    pub fn snapshot_below(&self, event: EventId, below: Lsn) -> Option<Snapshot> {
        let mut inner = self.inner();
        inner.reached.note("snapshot_refused");
        inner.events.get(&event)?.snapshots.iter().rev().find(|snapshot| snapshot.lsn < below).cloned()
    }

    pub fn trim(&self, event: EventId, through: Lsn) {
        self.inner().log.retain(|entry| entry.event != event || entry.chunk.last_lsn > through);
    }

    /// Flips one bit of one stored batch, and says of which event.
    pub fn damage(&self) -> EventId {
        let mut inner = self.inner();
        let entries = inner.log.len() as u64;
        let at = inner.rng.below(entries) as usize;
        let bits = inner.log[at].chunk.records.len() as u64 * 8;
        let bit = inner.rng.below(bits);
        inner.log[at].chunk.records[(bit / 8) as usize] ^= 1 << (bit % 8);
        // What a snapshot covers is not read again.
        inner.events.values_mut().for_each(|owned| owned.snapshots.clear());
        inner.log[at].event
    }

    /// What is durable at the end, and what was met on the way.
    pub fn contents(&self) -> (Vec<Entry>, Vec<(EventId, Row)>, Reached) {
        let mut inner = self.inner();
        inner.repair();
        (inner.log.clone(), inner.rows.clone(), std::mem::take(&mut inner.reached))
    }
}

impl Inner {
    fn commit(&mut self, batches: Vec<Batch>, now_us: i64) -> Vec<Appended> {
        self.repair();
        self.ids += 1;
        let (commit, commit_batches) = (self.ids, batches.iter().filter(|batch| self.accepts(batch)).count());
        let mut answers = Vec::new();
        for batch in batches {
            if !self.accepts(&batch) {
                self.reached.note("fenced");
                answers.push(Appended::Fenced);
                continue;
            }
            if !(self.bug == Bug::RecordsWithoutRows && self.rng.percent(10)) {
                self.rows.extend(batch.rows.iter().map(|row| (batch.event, row.clone())));
            }
            let records = self.falsified(batch.records);
            self.events.entry(batch.event).or_default().last_lsn = batch.last_lsn.0;
            let chunk = Chunk { first_lsn: batch.first_lsn, last_lsn: batch.last_lsn, records };
            self.log.push(Entry { event: batch.event, chunk, landed_at_us: now_us, commit, commit_batches });
            answers.push(Appended::Durable);
        }
        answers
    }

    /// [`Bug::AckBeforeDurable`]: what was acknowledged reaches the disk when the node writes the next time.
    fn flush_acknowledged(&mut self, node: u32, now_us: i64) {
        if self.bug != Bug::AckBeforeDurable {
            return;
        }
        let (of_node, others): (Vec<Transit>, Vec<Transit>) =
            std::mem::take(&mut self.transit).into_iter().partition(|it| it.node == node);
        self.transit = others;
        for transit in of_node {
            self.commit(transit.batches, now_us);
        }
    }

    fn accepts(&self, batch: &Batch) -> bool {
        let (epoch, last_lsn) = self.events.get(&batch.event).map_or((0, 0), |owned| (owned.epoch, owned.last_lsn));
        self.bug == Bug::EpochsIgnored || (batch.epoch.0 == epoch && batch.first_lsn.0 == last_lsn + 1)
    }

    fn forget(&mut self, batches: Vec<Batch>) {
        if self.bug == Bug::RowsWithoutRecords {
            self.rows.extend(batches.into_iter().flat_map(|it| it.rows.into_iter().map(move |row| (it.event, row))));
        }
    }

    fn settle_limbo(&mut self, event: EventId, now_us: i64) {
        let (mut of_event, others): (Vec<Transit>, Vec<Transit>) = std::mem::take(&mut self.limbo)
            .into_iter()
            .partition(|transit| transit.batches.iter().any(|batch| batch.event == event));
        self.limbo = others;
        for transit in of_event.drain(..) {
            if self.rng.percent(50) {
                self.reached.note("commit_lands_late");
                self.commit(transit.batches, now_us);
            } else {
                self.forget(transit.batches);
            }
        }
    }
}
