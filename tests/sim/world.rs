//! One run: a seed's nodes over one disk, its clients, and what is written down of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use engine::{Directory, EngineConfig, EventHandle, Picture, Tap, Unavailable};
use inventory::{Command, EventId, Rejection};
use tokio::sync::{Mutex, Notify};

use crate::bug::Bug;
use crate::clock::RunClock;
use crate::disk::Disk;
use crate::history::{Attempt, Disturbance, Op, Outcome};
use crate::journal::NodeJournal;
use crate::line::{Desk, limit_met};
use crate::reached::Reached;
use crate::rng::Rng;
use crate::show::EVENTS;
use crate::trace::Trace;
use crate::watcher::Sighting;

/// What the seed decides once for the whole run. Rare branches are common in the runs that have them at all.
#[derive(Clone, Debug)]
pub struct Plan {
    pub bug: Bug,
    pub is_troubled: bool,
    pub snapshots_rot: bool,
    pub crashes: bool,
    pub takeovers: bool,
    pub cuts: bool,
    pub slowness: bool,
    pub freezes: bool,
    /// The first show has a waiting room.
    pub has_line: bool,
    pub config: EngineConfig,
}

impl Plan {
    pub fn draw(rng: &mut Rng, bug: Bug) -> Self {
        let lane_records_max = rng.between(4, 64) as usize;
        Self {
            bug,
            is_troubled: rng.percent(60),
            snapshots_rot: rng.percent(30),
            crashes: rng.percent(60),
            takeovers: rng.percent(50),
            cuts: rng.percent(50),
            slowness: rng.percent(40),
            freezes: rng.percent(50),
            has_line: rng.percent(40),
            config: EngineConfig {
                mailbox_messages: if rng.percent(10) { 1 } else { rng.between(4, 64) as usize },
                lane_records_max,
                parked_replies_max: lane_records_max * 2 + rng.below(32) as usize,
                snapshot_records: rng.between(5, 60),
                snapshot_interval: Duration::from_millis(rng.between(100, 2_000)),
                recovery_read_bytes: rng.between(64, 4_096) as usize,
                idle_after: Duration::from_millis(if rng.percent(30) { 300 } else { 600_000 }),
                tick: Duration::from_millis(200),
                ..EngineConfig::default()
            },
        }
    }
}

#[derive(Clone)]
pub struct Node {
    pub id: u32,
    pub directory: Directory,
    crash: Arc<Crash>,
    /// Per event: one client at a time waits for it to open. The engine wakes those who wait together in an order that
    /// tokio draws by itself, and a run must not hang on that.
    doors: Arc<[Mutex<()>; EVENTS.len()]>,
}

impl Node {
    async fn open(&self, event: EventId) -> Result<EventHandle, Unavailable> {
        let _door = self.doors[usize::from(event == EVENTS[1])].lock().await;
        self.directory.open(event).await
    }

    /// `None`: the node has died.
    pub async fn tap(&self, event: EventId) -> Option<Result<(Picture, Tap), Unavailable>> {
        tokio::select! {
            biased;
            () = self.crashed() => None,
            tapped = async { self.open(event).await?.tap().await } => Some(tapped),
        }
    }

    pub async fn crashed(&self) {
        self.crash.wait().await;
    }
}

/// The moment at which a node dies, for all who wait for its answers. Wakes them in the order in which they asked.
#[derive(Default)]
struct Crash {
    has_happened: AtomicBool,
    happens: Notify,
}

impl Crash {
    fn set(&self) {
        self.has_happened.store(true, Ordering::Relaxed);
        self.happens.notify_waiters();
    }

    async fn wait(&self) {
        let happens = self.happens.notified();
        if !self.has_happened.load(Ordering::Relaxed) {
            happens.await;
        }
    }
}

pub struct World {
    pub clock: RunClock,
    pub plan: Plan,
    pub disk: Arc<Disk>,
    notes: std::sync::Mutex<Notes>,
    desk: std::sync::Mutex<Desk>,
}

struct Notes {
    nodes: Vec<Node>,
    node_ids: u32,
    ops: Vec<Op>,
    op_ids: u32,
    disturbances: Vec<Disturbance>,
    sightings: Vec<Sighting>,
    reached: Reached,
    trace: Trace,
}

impl World {
    pub fn new(rng: &mut Rng, bug: Bug, is_told: bool) -> Arc<Self> {
        let plan = Plan::draw(rng, bug);
        let notes = Notes {
            nodes: Vec::new(),
            node_ids: 0,
            ops: Vec::new(),
            op_ids: 0,
            disturbances: Vec::new(),
            sightings: Vec::new(),
            reached: Reached::default(),
            trace: Trace::new(is_told),
        };
        let disk = Arc::new(Disk::new(rng.fork(), bug));
        Arc::new(Self {
            clock: RunClock::new(),
            plan,
            disk,
            notes: std::sync::Mutex::new(notes),
            desk: std::sync::Mutex::default(),
        })
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().expect("nothing panics while it holds the notes")
    }

    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("nothing panics while it holds the desk")
    }

    pub fn now_us(&self) -> i64 {
        self.clock.true_us()
    }

    pub fn note(&self, what: &str) {
        self.notes().reached.note(what);
    }

    pub fn tell(&self, line: &str) {
        let now_us = self.now_us();
        self.notes().trace.tell(now_us, line);
    }

    pub fn start_node(&self) {
        let mut notes = self.notes();
        notes.node_ids += 1;
        let id = notes.node_ids;
        let error_us = match self.plan.bug {
            Bug::ClockAhead if id > 1 => 2_000_000,
            Bug::ClockBehind if id > 1 => -3_000_000,
            _ => 0,
        };
        let journal = NodeJournal {
            node: id,
            disk: Arc::clone(&self.disk),
            clock: self.clock,
            bug: self.plan.bug,
            is_troubled: self.plan.is_troubled,
            snapshots_rot: self.plan.snapshots_rot,
        };
        let clock = Arc::new(self.clock.off_by_us(error_us));
        let directory = Directory::new(self.plan.config.clone(), Arc::new(journal), clock);
        notes.nodes.push(Node { id, directory, crash: Arc::default(), doors: Arc::default() });
    }

    pub fn nodes(&self) -> Vec<Node> {
        self.notes().nodes.clone()
    }

    /// The node is gone at once, with everything in its memory and on its wires.
    pub fn crash(&self, node: &Node) {
        self.disk.crash(node.id, self.now_us());
        if self.desk().crash() {
            self.note("places_lost");
        }
        self.notes().nodes.retain(|it| it.id != node.id);
        node.crash.set();
    }

    /// The node takes no more commands and ends what it has begun.
    pub async fn stop(&self, node: &Node) {
        self.notes().nodes.retain(|it| it.id != node.id);
        let stopped = node.directory.stop(Duration::from_secs(2)).await;
        self.note(&format!("stop_{stopped:?}"));
        self.disk.crash(node.id, self.now_us());
        node.crash.set();
    }

    pub fn disturb(&self, from_us: i64, to_us: i64) {
        self.notes().disturbances.push(Disturbance { from_us, to_us });
    }

    /// A number for the next operation.
    pub fn next_op(&self) -> u32 {
        let mut notes = self.notes();
        notes.op_ids += 1;
        notes.op_ids
    }

    pub fn ops_begun(&self) -> u32 {
        self.notes().op_ids
    }

    pub fn record(&self, op: Op) {
        self.notes().ops.push(op);
    }

    /// The waiting room's line, as some node shows it. `None`: none does now.
    pub async fn round(&self, rng: &mut Rng, event: EventId) -> Option<u32> {
        let nodes = self.nodes();
        let node = rng.pick(&nodes)?;
        tokio::select! {
            biased;
            () = node.crashed() => None,
            opened = node.open(event) => Some(opened.ok()?.line().round),
        }
    }

    /// Sends the command once, to some node.
    pub async fn attempt(&self, rng: &mut Rng, op: u32, event: EventId, command: &Command) -> Attempt {
        let from_us = self.now_us();
        let nodes = self.nodes();
        let (node, outcome) = match rng.pick(&nodes) {
            Some(node) => (node.id, send(node, event, command.clone(), self.plan.bug).await),
            None => {
                self.note("no_node");
                (0, Outcome::NoEffect(engine::Unavailable::Stopping))
            }
        };
        let is_overtaken = self.disk.owner(event) != node;
        let attempt = Attempt { from_us, to_us: self.now_us(), is_overtaken, outcome };
        self.note_attempt(&attempt);
        let lsn = if let Outcome::Done(submitted) = &attempt.outcome { submitted.lsn.0 } else { 0 };
        let code = match &attempt.outcome {
            Outcome::Rejected(rejection) => rejection.code(),
            Outcome::NoEffect(unavailable) => unavailable.code(),
            Outcome::Done(_) | Outcome::Unknown => "",
        };
        self.tell(&format!("op {op} at {node} {} {} {lsn} {code}", event.bytes()[0], attempt.outcome.letter()));
        attempt
    }

    fn note_attempt(&self, attempt: &Attempt) {
        let what = match &attempt.outcome {
            Outcome::Done(_) => "done",
            Outcome::Rejected(Rejection::NobodyToCall { limited_by }) => limit_met(*limited_by),
            Outcome::Rejected(rejection) => rejection.code(),
            Outcome::NoEffect(unavailable) => unavailable.code(),
            Outcome::Unknown => "unknown",
        };
        self.note(what);
    }

    pub fn see(&self, sighting: Sighting) {
        self.notes().sightings.push(sighting);
    }

    /// In the order in which they were seen.
    pub fn sightings(&self) -> Vec<Sighting> {
        std::mem::take(&mut self.notes().sightings)
    }

    pub fn finish(&self) -> (Vec<Op>, Vec<Disturbance>, Reached, u64) {
        let mut notes = self.notes();
        let mut ops = std::mem::take(&mut notes.ops);
        ops.sort_by_key(|op| op.id);
        (ops, std::mem::take(&mut notes.disturbances), std::mem::take(&mut notes.reached), notes.trace.hash())
    }
}

async fn send(node: &Node, event: EventId, mut command: Command, bug: Bug) -> Outcome {
    tokio::select! {
        biased;
        () = node.crash.wait() => Outcome::Unknown,
        outcome = async {
            match node.open(event).await {
                Ok(handle) => {
                    bug.falsify_round(&mut command, handle.line().round);
                    Outcome::from(handle.submit(command).await)
                }
                Err(unavailable) => Outcome::NoEffect(unavailable),
            }
        } => outcome,
    }
}
