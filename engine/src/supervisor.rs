//! The node's one keeper of events: starts them, hears how they end, rebuilds those that died, lets idle ones go and
//! gives all of them the time. Owns every task of the engine, so that nothing outlives it. Knows nothing of commands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use inventory::{EventId, Lsn};
use kameo::actor::{ActorRef, PreparedActor};
use kameo::mailbox::bounded;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use crate::actor::{EventActor, Exit, SnapshotJob, Tick};
use crate::directory::{Slots, Stopped};
use crate::lane::{Lane, LossCause, ReadyLanes};
use crate::lease::{self, Lease};
use crate::recovery::{Recovered, RecoveryError};
use crate::restart::{self, Restart};
use crate::slot::{Slot, State};
use crate::turn::Turn;
use crate::{Clock, EngineConfig, Journal, committer, metrics};

/// Between two full ticks of an event, which measure it and let it go when idle.
const FULL_TICK_EVERY: Duration = Duration::from_secs(1);
/// Snapshots on their way to the journal at once: they share its connections with recoveries.
const SNAPSHOT_WRITES_MAX: usize = 2;

pub(crate) enum Request {
    Start(Arc<Slot>),
    Stop { deadline: Instant, done: oneshot::Sender<Stopped> },
}

pub(crate) struct Supervisor<J> {
    journal: Arc<J>,
    clock: Arc<dyn Clock>,
    config: Arc<EngineConfig>,
    slots: Arc<Slots>,
    ready: Arc<ReadyLanes>,
    recoveries: Arc<Semaphore>,
    snapshots: mpsc::Sender<SnapshotJob>,
    tasks: JoinSet<Ended>,
    committer: Option<AbortHandle>,
    starting: BTreeMap<EventId, Starting>,
    running: BTreeMap<EventId, Tenant>,
    /// When the leases are renewed next. `None`: a round is under way.
    renew_at: Option<Instant>,
    /// Snapshots being written, those of events on their way out apart.
    writing: usize,
    leaving: usize,
    /// What is to be set right should one of these tasks panic.
    errands: HashMap<Id, Errand>,
    stop: Option<(Instant, oneshot::Sender<Stopped>)>,
    /// Whether a stop has met an event that could not end cleanly.
    is_cut: bool,
}

struct Starting {
    slot: Arc<Slot>,
    task: AbortHandle,
    failures: u32,
}

struct Tenant {
    slot: Arc<Slot>,
    actor: ActorRef<EventActor>,
    lane: Arc<Lane>,
    /// `None`: nobody else can own the event.
    lease: Option<Arc<Lease>>,
    task: AbortHandle,
    since: Instant,
    /// Consecutive deaths soon after a start.
    failures: u32,
}

/// Of a task beside starts, actors and the committer.
enum Errand {
    WriteSnapshot,
    Renew,
    Leave(Arc<Slot>),
}

enum Ended {
    Start(EventId, Box<Result<Recovered, RecoveryError>>),
    Actor(EventId, Exit),
    SnapshotWritten,
    /// When the next round is due.
    Renewed(Instant),
    Left(Arc<Slot>),
    StopAsked,
    Committer,
}

impl<J: Journal> Supervisor<J> {
    pub(crate) fn new(
        journal: Arc<J>,
        clock: Arc<dyn Clock>,
        config: Arc<EngineConfig>,
        slots: Arc<Slots>,
    ) -> (Self, mpsc::Receiver<SnapshotJob>) {
        let (snapshots, inbox) = mpsc::channel(config.snapshot_queue);
        let supervisor = Self {
            journal,
            clock,
            recoveries: Arc::new(Semaphore::new(config.recoveries_max)),
            config,
            slots,
            ready: Arc::new(ReadyLanes::default()),
            snapshots,
            tasks: JoinSet::new(),
            committer: None,
            starting: BTreeMap::new(),
            running: BTreeMap::new(),
            renew_at: Some(Instant::now()),
            writing: 0,
            leaving: 0,
            errands: HashMap::new(),
            stop: None,
            is_cut: false,
        };
        (supervisor, inbox)
    }

    /// Runs until it has stopped everything, or is aborted.
    pub(crate) async fn run(
        mut self,
        mut requests: mpsc::Receiver<Request>,
        mut snapshots: mpsc::Receiver<SnapshotJob>,
    ) {
        self.start_committer();
        let mut ticks = interval(self.config.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut full_tick_at = Instant::now() + FULL_TICK_EVERY;
        loop {
            let deadline = self.stop.as_ref().map(|(deadline, _)| *deadline);
            tokio::select! {
                biased;
                () = async { sleep_until(deadline.unwrap_or_else(Instant::now)).await }, if deadline.is_some() => {
                    self.is_cut = true;
                    break;
                }
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                Some(request) = requests.recv() => self.serve(request),
                Some(job) = snapshots.recv(), if self.writing < SNAPSHOT_WRITES_MAX => self.write(job),
                now = ticks.tick() => {
                    let is_full = now >= full_tick_at;
                    if is_full {
                        full_tick_at = now + FULL_TICK_EVERY;
                        metrics::observe_events_running(self.running.len());
                    }
                    self.tick(is_full);
                    self.renew_leases(now);
                }
            }
            if self.stop.is_some() && self.running.is_empty() && self.leaving == 0 {
                break;
            }
        }
        self.tasks.shutdown().await;
        if let Some((_, done)) = self.stop.take() {
            // A directory that has stopped waiting knows that the deadline has passed.
            let _ = done.send(if self.is_cut { Stopped::Cut } else { Stopped::Clean });
        }
    }

    fn serve(&mut self, request: Request) {
        match request {
            Request::Start(slot) if self.stop.is_none() => self.start(slot, 0, Restart::No),
            // The slot says that the server is stopping.
            Request::Start(_) => {}
            Request::Stop { deadline, done } => {
                self.stop = Some((deadline, done));
                for starting in std::mem::take(&mut self.starting).into_values() {
                    starting.task.abort();
                }
                for tenant in self.running.values() {
                    let actor = tenant.actor.clone();
                    self.tasks.spawn(async move {
                        // An actor that is gone already has told so itself.
                        let _ = actor.stop_gracefully().await;
                        Ended::StopAsked
                    });
                }
            }
        }
    }

    fn start_committer(&mut self) {
        let run = committer::run(Arc::clone(&self.journal), Arc::clone(&self.ready), Arc::clone(&self.config));
        self.committer = Some(self.tasks.spawn(async move {
            run.await;
            Ended::Committer
        }));
    }

    fn start(&mut self, slot: Arc<Slot>, failures: u32, restart: Restart) {
        let event = slot.event();
        let (journal, config) = (Arc::clone(&self.journal), Arc::clone(&self.config));
        let (permits, starting) = (Arc::clone(&self.recoveries), Arc::clone(&slot));
        let task = self.tasks.spawn(async move {
            let started = restart::start(&*journal, &starting, &config, &permits, failures, restart).await;
            Ended::Start(event, Box::new(started))
        });
        self.starting.insert(event, Starting { slot, task, failures });
    }

    fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) {
        if let Ok((id, _)) = &ended {
            self.errands.remove(id);
        }
        match ended {
            Ok((_, Ended::Start(event, result))) => {
                if let Some(starting) = self.starting.remove(&event) {
                    self.started(starting, *result);
                }
            }
            Ok((_, Ended::Actor(event, exit))) => {
                if let Some(tenant) = self.running.remove(&event) {
                    self.actor_ended(tenant, exit);
                }
            }
            Ok((_, Ended::SnapshotWritten)) => self.writing -= 1,
            Ok((_, Ended::Renewed(next))) => self.renew_at = Some(next),
            Ok((_, Ended::Left(slot))) => self.left(&slot),
            Ok((_, Ended::StopAsked)) => {}
            Ok((_, Ended::Committer)) => self.start_committer(),
            Err(error) => self.task_died(&error),
        }
    }

    fn started(&mut self, starting: Starting, result: Result<Recovered, RecoveryError>) {
        let Starting { slot, failures, .. } = starting;
        match result {
            Ok(recovered) => self.admit(slot, recovered, failures),
            Err(RecoveryError::Damaged(problem)) => {
                tracing::error!(event = %slot.event(), problem, "event.journal is damaged");
                slot.set_unless_stopping(State::Damaged);
            }
            Err(RecoveryError::OwnedElsewhere) => self.forget(&slot, State::NotOwner),
            // Only a first start gives up: the next request tries again.
            Err(RecoveryError::Journal(_) | RecoveryError::TooSlow(_)) => self.forget(&slot, State::JournalDown),
        }
    }

    fn admit(&mut self, slot: Arc<Slot>, recovered: Recovered, failures: u32) {
        let Recovered { inventory, epoch, lease, snapshot, .. } = recovered;
        let lane = Lane::new(slot.event(), epoch, inventory.lsn(), Arc::clone(&self.ready));
        let lease = lease.map(Arc::new);
        let turn = Turn::new(
            inventory,
            snapshot,
            Arc::clone(&lane),
            lease.clone(),
            self.clock.now(),
            Arc::clone(&self.config),
        );
        let event = slot.event();
        let actor = EventActor::new(turn, Arc::clone(&slot), Arc::clone(&self.clock), self.snapshots.clone());
        let prepared = PreparedActor::<EventActor>::new(bounded(self.config.mailbox_messages));
        let actor_ref = prepared.actor_ref().clone();
        let task = self.tasks.spawn(async move {
            let exit = match prepared.run(actor).await {
                Ok((actor, _)) => actor.exit(),
                Err(_) => Exit::Lost(LossCause::Unknown),
            };
            Ended::Actor(event, exit)
        });
        slot.set_unless_stopping(State::Running(actor_ref.clone()));
        let since = Instant::now();
        self.running.insert(event, Tenant { slot, actor: actor_ref, lane, lease, task, since, failures });
    }

    fn actor_ended(&mut self, tenant: Tenant, exit: Exit) {
        let Tenant { slot, lane, lease, since, failures, .. } = tenant;
        match exit {
            Exit::Clean(None) if lease.is_none() => self.forget(&slot, State::Asleep),
            Exit::Clean(job) => {
                self.leaving += 1;
                let (journal, config) = (Arc::clone(&self.journal), Arc::clone(&self.config));
                let leaving = Arc::clone(&slot);
                let task = self.tasks.spawn(async move {
                    if let Some(job) = job {
                        put_snapshot(&*journal, job, config.journal_deadline).await;
                    }
                    if lease.is_some() {
                        lease::release(&*journal, lane.owned(), config.journal_deadline).await;
                    }
                    Ended::Left(slot)
                });
                self.errands.insert(task.id(), Errand::Leave(leaving));
            }
            Exit::Lost(LossCause::Fenced | LossCause::TakenOver) => self.forget(&slot, State::NotOwner),
            Exit::Lost(LossCause::NothingWritten | LossCause::Unknown) if self.stop.is_some() => self.is_cut = true,
            Exit::Lost(LossCause::NothingWritten | LossCause::Unknown) => {
                let is_quick_death = since.elapsed() < self.config.recovery_pause_max;
                let failures = if is_quick_death { failures.saturating_add(1) } else { 0 };
                self.start(slot, failures, Restart::Yes);
            }
        }
    }

    /// A task panicked: the journal's code, since an actor's panics stay inside it.
    fn task_died(&mut self, error: &JoinError) {
        if error.is_cancelled() {
            return;
        }
        tracing::error!(%error, "engine.task panicked");
        let id = error.id();
        match self.errands.remove(&id) {
            Some(Errand::WriteSnapshot) => self.writing -= 1,
            Some(Errand::Renew) => self.renew_at = Some(Instant::now()),
            Some(Errand::Leave(slot)) => self.left(&slot),
            None => {}
        }
        if self.committer.as_ref().is_some_and(|committer| committer.id() == id) {
            self.start_committer();
            return;
        }
        let dead_start = self.starting.iter().find(|(_, starting)| starting.task.id() == id).map(|(event, _)| *event);
        if let Some(starting) = dead_start.and_then(|event| self.starting.remove(&event)) {
            self.start(starting.slot, starting.failures.saturating_add(1), Restart::Yes);
        }
        let dead_actor = self.running.iter().find(|(_, tenant)| tenant.task.id() == id).map(|(event, _)| *event);
        if let Some(tenant) = dead_actor.and_then(|event| self.running.remove(&event)) {
            tenant.slot.set_unless_stopping(State::Recovering);
            self.actor_ended(tenant, Exit::Lost(LossCause::Unknown));
        }
    }

    fn left(&mut self, slot: &Arc<Slot>) {
        self.leaving -= 1;
        self.forget(slot, State::Asleep);
    }

    /// The slot goes first, so that whoever sees the state finds room for a new one.
    fn forget(&self, slot: &Arc<Slot>, state: State) {
        if let Some(slots) = self.slots.write().as_mut() {
            slots.remove(&slot.event());
        }
        slot.set_unless_stopping(state);
    }

    fn write(&mut self, job: SnapshotJob) {
        self.writing += 1;
        let (journal, deadline) = (Arc::clone(&self.journal), self.config.journal_deadline);
        let task = self.tasks.spawn(async move {
            put_snapshot(&*journal, job, deadline).await;
            Ended::SnapshotWritten
        });
        self.errands.insert(task.id(), Errand::WriteSnapshot);
    }

    /// One round at a time: a store that is slow to answer is not asked again meanwhile.
    fn renew_leases(&mut self, now: Instant) {
        if self.renew_at.is_none_or(|at| now < at) {
            return;
        }
        let tenants = self.running.values();
        let leased: Vec<(Arc<Lane>, Arc<Lease>)> =
            tenants.filter_map(|tenant| Some((Arc::clone(&tenant.lane), tenant.lease.clone()?))).collect();
        let Some(every) = leased.iter().map(|(_, lease)| lease.renew_every()).min() else { return };
        self.renew_at = None;
        let journal = Arc::clone(&self.journal);
        let task = self.tasks.spawn(async move {
            lease::renew(&*journal, leased, every).await;
            Ended::Renewed(now + every)
        });
        self.errands.insert(task.id(), Errand::Renew);
    }

    /// Level-triggered: an event whose mailbox is full hears of its due holds at a later tick.
    fn tick(&self, is_full: bool) {
        let (now, sent) = (self.clock.now(), Instant::now());
        for tenant in self.running.values() {
            if is_full || tenant.slot.is_due(now) {
                // Not running or full: the next tick is near.
                let _ = tenant.slot.tell(Tick { sent, is_full });
            }
        }
    }
}

/// A snapshot that is not written costs only time at the next recovery.
async fn put_snapshot<J: Journal>(journal: &J, job: SnapshotJob, deadline: Duration) {
    let SnapshotJob { event, epoch, snapshot } = job;
    let (Lsn(lsn), bytes) = (snapshot.lsn, snapshot.bytes.len());
    match timeout(deadline, journal.put_snapshot(event, epoch, snapshot)).await {
        Ok(Ok(())) => metrics::observe_snapshot("written", bytes),
        Ok(Err(error)) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(%event, lsn, error, "event.snapshot not written");
            metrics::observe_snapshot("failed", bytes);
        }
        Err(_) => {
            tracing::warn!(%event, lsn, deadline_ms = deadline.as_millis(), "event.snapshot took too long");
            metrics::observe_snapshot("failed", bytes);
        }
    }
}
