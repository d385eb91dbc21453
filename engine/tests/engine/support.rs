//! A journal that does what a test tells it to, a clock that follows tokio's (paused) time, and a small arena.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use engine::{
    Appended, Batch, Caller, Chunk, Clock, Directory, EngineConfig, Epoch, EventHandle, Journal, JournalError,
    MemoryJournal, Opened, Owned, Snapshot, SubmitError, Submitted,
};
use inventory::{
    CallerKey, Currency, EventId, HoldId, Lsn, PlaceHold, Policy, RowSpec, SeatIx, SeatMapSpec, SeatSpec, SectionKind,
    SectionSpec, TierId, TierSpec, TimeUs, UserId, Want,
};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// What one append does instead of its work.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// Written, and the answer lost.
    UnknownWritten,
    /// Not written, which nobody can know.
    UnknownNotWritten,
    NeverAnswers,
    Panics,
}

pub struct ScriptedJournal {
    pub memory: MemoryJournal,
    faults: parking_lot::Mutex<VecDeque<Fault>>,
    is_open: watch::Sender<bool>,
    pub opens: AtomicUsize,
    /// Batches of every append that was asked for.
    pub appends: parking_lot::Mutex<Vec<usize>>,
    pub is_down: AtomicBool,
    /// What the next open gives.
    pub lease: parking_lot::Mutex<Option<Duration>>,
    pub renewals_hang: AtomicBool,
    /// Each of these panics, once.
    pub bad_renewals: AtomicUsize,
    pub bad_snapshots: AtomicUsize,
    pub bad_releases: AtomicUsize,
    pub is_elsewhere: AtomicBool,
    pub released: parking_lot::Mutex<Vec<Owned>>,
}

impl ScriptedJournal {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: MemoryJournal::default(),
            faults: parking_lot::Mutex::default(),
            is_open: watch::Sender::new(true),
            opens: AtomicUsize::new(0),
            appends: parking_lot::Mutex::default(),
            is_down: AtomicBool::new(false),
            lease: parking_lot::Mutex::default(),
            renewals_hang: AtomicBool::new(false),
            bad_renewals: AtomicUsize::new(0),
            bad_snapshots: AtomicUsize::new(0),
            bad_releases: AtomicUsize::new(0),
            is_elsewhere: AtomicBool::new(false),
            released: parking_lot::Mutex::default(),
        })
    }

    /// Appends wait from here on.
    pub fn close_gate(&self) {
        self.is_open.send_replace(false);
    }

    pub fn open_gate(&self) {
        self.is_open.send_replace(true);
    }

    pub fn fail_next(&self, fault: Fault) {
        self.faults.lock().push_back(fault);
    }

    fn reach(&self) -> Result<(), JournalError> {
        if self.is_down.load(Ordering::Relaxed) {
            return Err(JournalError::Unreachable("down".into()));
        }
        Ok(())
    }
}

fn panic_while(left: &AtomicUsize) {
    let counted = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    assert!(counted.is_err(), "scripted");
}

impl Journal for ScriptedJournal {
    async fn open(&self, event: EventId) -> Result<Opened, JournalError> {
        self.opens.fetch_add(1, Ordering::Relaxed);
        self.reach()?;
        if self.is_elsewhere.load(Ordering::Relaxed) {
            return Err(JournalError::OwnedElsewhere(event));
        }
        let opened = self.memory.open(event).await?;
        Ok(Opened { lease: *self.lease.lock(), ..opened })
    }

    async fn renew(&self, owned: Vec<Owned>) -> Result<Vec<bool>, JournalError> {
        panic_while(&self.bad_renewals);
        if self.renewals_hang.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.memory.renew(owned).await
    }

    async fn release(&self, owned: Owned) -> Result<(), JournalError> {
        panic_while(&self.bad_releases);
        self.released.lock().push(owned);
        Ok(())
    }

    async fn append(&self, batches: Vec<Batch>) -> Result<Vec<Appended>, JournalError> {
        self.appends.lock().push(batches.len());
        self.is_open.subscribe().wait_for(|is_open| *is_open).await.unwrap();
        self.reach()?;
        let fault = self.faults.lock().pop_front();
        match fault {
            None => self.memory.append(batches).await,
            Some(Fault::UnknownNotWritten) => Err(JournalError::Unknown("scripted".into())),
            Some(Fault::UnknownWritten) => {
                self.memory.append(batches).await?;
                Err(JournalError::Unknown("scripted".into()))
            }
            Some(Fault::NeverAnswers) => std::future::pending().await,
            Some(Fault::Panics) => panic!("scripted"),
        }
    }

    async fn read(&self, event: EventId, from: Lsn, bytes_max: usize) -> Result<Vec<Chunk>, JournalError> {
        self.reach()?;
        self.memory.read(event, from, bytes_max).await
    }

    async fn put_snapshot(&self, event: EventId, epoch: Epoch, snapshot: Snapshot) -> Result<(), JournalError> {
        panic_while(&self.bad_snapshots);
        self.reach()?;
        self.memory.put_snapshot(event, epoch, snapshot).await
    }

    async fn snapshot_below(&self, event: EventId, below: Lsn) -> Result<Option<Snapshot>, JournalError> {
        self.reach()?;
        self.memory.snapshot_below(event, below).await
    }

    async fn trim(&self, event: EventId, through: Lsn) -> Result<(), JournalError> {
        self.memory.trim(event, through).await
    }
}

/// Follows tokio's time, and panics when told to.
pub struct TestClock {
    started: Instant,
    pub panics: AtomicBool,
}

impl Clock for TestClock {
    fn now(&self) -> TimeUs {
        assert!(!self.panics.swap(false, Ordering::Relaxed), "scripted");
        TimeUs(1_700_000_000_000_000 + i64::try_from(self.started.elapsed().as_micros()).unwrap())
    }
}

pub struct Bench {
    pub journal: Arc<ScriptedJournal>,
    pub clock: Arc<TestClock>,
    pub directory: Directory,
    pub event: EventId,
    pub handle: EventHandle,
}

impl Bench {
    pub async fn new() -> Self {
        Self::with(EngineConfig::default()).await
    }

    /// As on a store that other nodes may open events of.
    pub async fn leased(term: Duration) -> Self {
        Self::leased_with(term, EngineConfig::default()).await
    }

    pub async fn leased_with(term: Duration, config: EngineConfig) -> Self {
        let journal = ScriptedJournal::new();
        *journal.lease.lock() = Some(term);
        Self::over(journal, config).await
    }

    pub async fn with(config: EngineConfig) -> Self {
        Self::over(ScriptedJournal::new(), config).await
    }

    /// One event on sale: section `A`, rows `1` to `4` of ten seats, one tier.
    async fn over(journal: Arc<ScriptedJournal>, config: EngineConfig) -> Self {
        let clock = Arc::new(TestClock { started: Instant::now(), panics: AtomicBool::new(false) });
        let directory = Directory::new(config, Arc::clone(&journal), Arc::clone(&clock));
        let event = EventId::from_bytes([7; 16]);
        let handle = directory.open(event).await.unwrap();
        put_on_sale(&handle).await;
        Self { journal, clock, directory, event, handle }
    }

    /// The same journal and clock under a new directory, as after a restart of the server.
    pub fn restart(&self, config: EngineConfig) -> Directory {
        Directory::new(config, Arc::clone(&self.journal), Arc::clone(&self.clock))
    }

    pub fn last_lsn(&self) -> Lsn {
        self.journal.memory.last_lsn(self.event)
    }

    pub async fn held(&self) -> u32 {
        self.handle.availability().await.unwrap().totals.held
    }
}

pub async fn put_on_sale(handle: &EventHandle) {
    let organizer = caller(255);
    let seats = |row: u32| RowSpec {
        id: row.to_string(),
        seats: (1..=10).map(|number: u32| Some(seat(&number.to_string()))).collect(),
    };
    let section = SectionSpec {
        id: "A".into(),
        name: "A".into(),
        position: (0, 0),
        block: None,
        kind: SectionKind::Rows((1..=4).map(seats).collect()),
    };
    handle.set_seat_map(organizer, SeatMapSpec { sections: vec![section], focal_point: (0, 0) }).await.unwrap();
    let tier = TierSpec::new(TierId::from_bytes([1; 16]), "Full".into(), 5_000);
    handle.set_tier(organizer, tier).await.unwrap();
    handle.set_policy(organizer, Policy::new(currency())).await.unwrap();
    handle.publish(organizer).await.unwrap();
}

pub fn currency() -> Currency {
    Currency::new("EUR").unwrap()
}

fn seat(number: &str) -> SeatSpec {
    SeatSpec { number: number.into(), category: None, accessible: false, companion: false, block: None }
}

/// Every number is another user.
pub fn caller(user: u8) -> Caller {
    Caller { user: UserId::from_bytes([user; 16]), request: None, key: None }
}

pub fn with_key(user: u8, key: u8) -> Caller {
    Caller { key: Some(CallerKey { key: [key; 16], body: [key; 16] }), ..caller(user) }
}

pub fn hold_of(user: u8, seats: &[u32]) -> PlaceHold {
    PlaceHold {
        hold: HoldId::from_bytes([user; 16]),
        customer: UserId::from_bytes([user; 16]),
        wants: seats.iter().map(|seat| Want::Seat { seat: SeatIx(*seat), tier: None }).collect(),
        access_codes: vec![],
        discount_codes: Box::default(),
        box_office: None,
    }
}

pub type Outcome = Result<Submitted, SubmitError>;

/// Submits on a task of its own and lets it come as far as it can.
pub async fn place_in_background(tasks: &mut JoinSet<Outcome>, handle: &EventHandle, caller: Caller, hold: PlaceHold) {
    let handle = handle.clone();
    tasks.spawn(async move { handle.place_hold(caller, hold).await });
    settle().await;
}

/// Long enough for everything that is not waiting for something.
pub async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

/// The one that has ended, if any has.
pub async fn ended(tasks: &mut JoinSet<Outcome>) -> Option<Outcome> {
    settle().await;
    tasks.try_join_next().map(Result::unwrap)
}

pub async fn all(tasks: &mut JoinSet<Outcome>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    while let Some(outcome) = tasks.join_next().await {
        outcomes.push(outcome.unwrap());
    }
    outcomes
}

/// Waits (in virtual time) until a command of no effect is taken again.
pub async fn until_serving(handle: &EventHandle) {
    for _ in 0..1_000 {
        if handle.availability().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the event does not come back");
}
