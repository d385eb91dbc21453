//! The way of one event's records to the committer and of their outcome back. The actor appends to the lane and never
//! waits; the committer takes all that has gathered and later says what became of it. Batches grow by load: whatever
//! arrives while a commit is under way is one journal row of the next.

use std::collections::VecDeque;
use std::sync::Arc;

use inventory::{EventId, Lsn, Row};

use crate::sync::{AtomicBool, Mutex, Notify, Ordering};
use crate::{Batch, Epoch, Owned, Unavailable};

/// Bytes allocated ahead for a lane's next batch.
const ROOM_BYTES_MAX: usize = 256 << 10;

/// Why an actor may not go on: its memory is ahead of the journal and cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) cause: LossCause,
    /// The last record that the committer had taken. Later ones never left this process.
    pub(crate) handed_over: Lsn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LossCause {
    /// The journal was not reached.
    NothingWritten,
    /// Another owner has taken the event over, and nothing of the last commit was written.
    Fenced,
    /// The same, heard of beside a commit: what was handed over may have been written before.
    TakenOver,
    /// The commit may or may not have happened.
    Unknown,
}

impl LossCause {
    /// What a caller hears whose command had no effect.
    pub(crate) const fn unavailable(self) -> Unavailable {
        match self {
            Self::NothingWritten => Unavailable::JournalDown,
            Self::Fenced | Self::TakenOver => Unavailable::NotOwner,
            Self::Unknown => Unavailable::Recovering,
        }
    }
}

/// Lanes with something to commit, in the order in which they became so.
#[derive(Default)]
pub(crate) struct ReadyLanes {
    /// Bounded by the number of running events: a lane stands here at most once.
    queue: Mutex<VecDeque<Arc<Lane>>>,
    arrived: Notify,
}

impl ReadyLanes {
    fn push(&self, lane: Arc<Lane>) {
        self.queue.lock().push_back(lane);
        self.arrived.notify_one();
    }

    /// Waits until there is something to take.
    pub(crate) async fn arrived(&self) {
        while self.queue.lock().is_empty() {
            self.arrived.notified().await;
        }
    }

    /// Takes whole lanes while they fit; the first always does.
    pub(crate) fn take(&self, records_max: usize, bytes_max: usize) -> Vec<(Arc<Lane>, Batch, usize)> {
        let mut taken = Vec::new();
        let (mut records, mut bytes) = (0, 0);
        let mut queue = self.queue.lock();
        while let Some(lane) = queue.front() {
            let mut inner = lane.inner.lock();
            let fits = records + inner.count <= records_max && bytes + inner.records.len() <= bytes_max;
            if !fits && !taken.is_empty() {
                break;
            }
            inner.queued = false;
            let batch = inner.take(lane.event, lane.epoch);
            if std::mem::take(&mut inner.is_awaited) {
                lane.news.notify_one();
            }
            drop(inner);
            let Some(lane) = queue.pop_front() else { break };
            let Some((batch, count)) = batch else { continue };
            records += count;
            bytes += batch.records.len();
            taken.push((lane, batch, count));
        }
        taken
    }
}

pub(crate) struct Lane {
    event: EventId,
    epoch: Epoch,
    ready: Arc<ReadyLanes>,
    inner: Mutex<Inner>,
    /// Set beside `inner` so that the actor looks without locking between two messages.
    has_news: AtomicBool,
    news: Notify,
}

struct Inner {
    first_lsn: Lsn,
    last_lsn: Lsn,
    count: usize,
    records: Vec<u8>,
    rows: Vec<Row>,
    queued: bool,
    /// The actor waits for room.
    is_awaited: bool,
    handed_over: Lsn,
    durable: Lsn,
    loss: Option<LossCause>,
}

impl Inner {
    fn take(&mut self, event: EventId, epoch: Epoch) -> Option<(Batch, usize)> {
        if self.count == 0 || self.loss.is_some() {
            return None;
        }
        self.handed_over = self.last_lsn;
        // The next batch is likely to be of about this size, unless a seat map was in it.
        let room = Vec::with_capacity(self.records.len().min(ROOM_BYTES_MAX));
        let batch = Batch {
            event,
            epoch,
            first_lsn: self.first_lsn,
            last_lsn: self.last_lsn,
            records: std::mem::replace(&mut self.records, room),
            rows: std::mem::take(&mut self.rows),
        };
        Some((batch, std::mem::take(&mut self.count)))
    }
}

/// What the actor reads back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) durable: Lsn,
    pub(crate) loss: Option<Loss>,
}

impl Lane {
    pub(crate) fn new(event: EventId, epoch: Epoch, durable: Lsn, ready: Arc<ReadyLanes>) -> Arc<Self> {
        let inner = Inner {
            first_lsn: durable.next(),
            last_lsn: durable,
            count: 0,
            records: Vec::new(),
            rows: Vec::new(),
            queued: false,
            is_awaited: false,
            handed_over: durable,
            durable,
            loss: None,
        };
        Arc::new(Self {
            event,
            epoch,
            ready,
            inner: Mutex::new(inner),
            has_news: AtomicBool::new(false),
            news: Notify::new(),
        })
    }

    pub(crate) const fn owned(&self) -> Owned {
        Owned { event: self.event, epoch: self.epoch }
    }

    pub(crate) const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Hands one encoded record over, with its rows. A lane that is lost forgets it: the actor hears of the loss before
    /// its next message.
    pub(crate) fn append(self: &Arc<Self>, lsn: Lsn, record: &[u8], rows: &mut Vec<Row>) {
        let mut inner = self.inner.lock();
        if inner.loss.is_some() {
            rows.clear();
            return;
        }
        if inner.count == 0 {
            inner.first_lsn = lsn;
        }
        inner.last_lsn = lsn;
        inner.count += 1;
        inner.records.extend_from_slice(record);
        inner.rows.append(rows);
        let is_first = !std::mem::replace(&mut inner.queued, true);
        drop(inner);
        if is_first {
            self.ready.push(Arc::clone(self));
        }
    }

    /// Whether no more records should be added before the next commit. When so, there is news once it begins.
    pub(crate) fn is_full(&self, records_max: usize, bytes_max: usize) -> bool {
        let mut inner = self.inner.lock();
        inner.is_awaited = inner.count >= records_max || inner.records.len() >= bytes_max;
        inner.is_awaited
    }

    pub(crate) fn settle_durable(&self, through: Lsn) {
        self.inner.lock().durable = through;
        self.announce();
    }

    pub(crate) fn settle_lost(&self, cause: LossCause) {
        self.inner.lock().lose(cause);
        self.announce();
    }

    /// The actor gives up by itself: what it has not handed over is never written.
    pub(crate) fn abandon(&self) -> Loss {
        let mut inner = self.inner.lock();
        inner.lose(LossCause::Unknown);
        Loss { cause: inner.loss.unwrap_or(LossCause::Unknown), handed_over: inner.handed_over }
    }

    fn announce(&self) {
        self.has_news.store(true, Ordering::Release);
        self.news.notify_one();
    }

    /// `None` when nothing was said since the last call.
    pub(crate) fn poll_news(&self) -> Option<News> {
        if !self.has_news.load(Ordering::Relaxed) || !self.has_news.swap(false, Ordering::Acquire) {
            return None;
        }
        let inner = self.inner.lock();
        let loss = inner.loss.map(|cause| Loss { cause, handed_over: inner.handed_over });
        Some(News { durable: inner.durable, loss })
    }

    /// Waits for the committer to say something. May wake early.
    pub(crate) async fn news(&self) {
        self.news.notified().await;
    }
}

impl Inner {
    fn lose(&mut self, cause: LossCause) {
        self.loss.get_or_insert(cause);
        self.count = 0;
        self.records = Vec::new();
        self.rows = Vec::new();
    }
}
