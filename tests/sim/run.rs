//! A seed from its first draw to its audit.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use engine::Unavailable;
use inventory::{Availability, EventId};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep, timeout};

use crate::audit::{Evidence, Findings, audit};
use crate::bug::Bug;
use crate::buyer::Buyer;
use crate::chaos;
use crate::disk::TERM;
use crate::history::{Op, Outcome};
use crate::reached::Reached;
use crate::rng::Rng;
use crate::show::{EVENTS, opening};
use crate::watcher::Watcher;
use crate::world::World;

const BUYERS: u8 = 6;
/// Longer than any hold of the run may live after its last extension.
const LONGER_THAN_HOLDS: Duration = Duration::from_secs(7 * 60);

pub struct Report {
    pub ops: u32,
    pub trace: u64,
    pub reached: Reached,
    /// Promises that were broken, in words.
    pub findings: Vec<String>,
}

/// What an event says of itself when all is calm again.
pub struct Standing {
    pub event: EventId,
    pub availability: Availability,
    pub digest: u64,
}

pub fn run(seed: u64, ops: u32, bug: Bug, is_told: bool) -> Report {
    let runtime = runtime();
    let report = catch_unwind(AssertUnwindSafe(|| runtime.block_on(play(seed, ops, bug, is_told))));
    report.unwrap_or_else(|_| Report {
        ops: 0,
        trace: 0,
        reached: Reached::default(),
        findings: vec!["the run panicked".to_owned()],
    })
}

fn runtime() -> tokio::runtime::Runtime {
    let builder = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    builder.expect("a runtime needs nothing that could be missing")
}

async fn play(seed: u64, ops: u32, bug: Bug, is_told: bool) -> Report {
    let mut rng = Rng::new(seed);
    let world = World::new(&mut rng, bug, is_told);
    world.start_node();
    open_shows(&world, &mut rng).await;

    let mut buyers = JoinSet::new();
    for number in 0..BUYERS {
        buyers.spawn(Buyer::new(Arc::clone(&world), rng.fork(), number).shop(ops));
    }
    if world.plan.has_line {
        buyers.spawn(Buyer::new(Arc::clone(&world), rng.fork(), BUYERS).keep_line(ops));
    }
    let rage = chaos::rage(Arc::clone(&world), rng.fork());
    let mut watchers = JoinSet::new();
    for event in EVENTS {
        watchers.spawn(Watcher::new(Arc::clone(&world), rng.fork(), event).watch());
    }
    tokio::select! {
        biased;
        () = async { while buyers.join_next().await.is_some() {} } => {}
        () = rage => {}
    }
    drop(watchers);
    let sightings = world.sightings();
    let standings = calm_down(&world).await;
    let (log, rows, of_disk) = world.disk.contents();
    let (history, disturbances, mut reached, trace) = world.finish();
    reached.absorb(&of_disk);
    let mut findings = Findings::default();
    match standings {
        Ok(standings) => {
            let evidence = Evidence {
                history: &history,
                disturbances: &disturbances,
                log: &log,
                rows: &rows,
                sightings: &sightings,
            };
            audit(&evidence, &standings, &mut reached, &mut findings);
        }
        Err(problem) => findings.add(problem),
    }
    Report { ops: history.len() as u32, trace, reached, findings: findings.0 }
}

async fn open_shows(world: &Arc<World>, rng: &mut Rng) {
    for event in EVENTS {
        for command in opening(rng) {
            let id = world.next_op();
            let mut op = Op { id, event, command, attempts: Vec::new() };
            op.command.origin.request = Some(crate::history::request_id(id));
            op.command.origin.key = Some(inventory::CallerKey { key: rng.bytes(), body: rng.bytes() });
            while op.done().is_none() {
                let attempt = world.attempt(rng, id, event, &op.command).await;
                let is_refused = matches!(attempt.outcome, Outcome::Rejected(_));
                op.attempts.push(attempt);
                if is_refused {
                    break;
                }
                sleep(Duration::from_millis(100)).await;
            }
            world.record(op);
        }
    }
}

/// Ends every fault, starts a fresh node, lets all holds lapse, and asks the events how they stand.
async fn calm_down(world: &Arc<World>) -> Result<Vec<Standing>, String> {
    world.tell("calm");
    world.disk.heal();
    let from_us = world.now_us();
    for node in world.nodes() {
        world.crash(&node);
    }
    world.start_node();
    let node = world.nodes().pop().ok_or("no node is left")?;
    advance(LONGER_THAN_HOLDS).await;
    let mut standings = Vec::new();
    for event in EVENTS {
        let opening = timeout(Duration::from_secs(10), async {
            loop {
                if let Ok(handle) = node.directory.open(event).await {
                    return handle;
                }
                sleep(Duration::from_millis(50)).await;
            }
        });
        let handle = opening.await.map_err(|_| format!("{event:?} is never served again"))?;
        sleep(Duration::from_secs(1)).await;
        let availability =
            handle.availability().await.map_err(|it| format!("{event:?} does not say how it stands: {it}"))?;
        let (_, digest) = handle.digest().await.map_err(|it| format!("{event:?} has no digest: {it}"))?;
        standings.push(Standing { event, availability, digest });
    }
    world.disturb(from_us, world.now_us());
    let stopped = node.directory.stop(Duration::from_secs(5)).await;
    if stopped != engine::Stopped::Clean {
        return Err("a calm node does not stop cleanly".to_owned());
    }
    Ok(standings)
}

/// Whether the sound event and the damaged one are served after a bit of the latter's journal has flipped.
pub fn after_damage(seed: u64) -> [bool; 2] {
    let runtime = runtime();
    runtime.block_on(async {
        let mut rng = Rng::new(seed);
        let world = World::new(&mut rng, Bug::None, false);
        world.disk.heal();
        world.start_node();
        open_shows(&world, &mut rng).await;
        Buyer::new(Arc::clone(&world), rng.fork(), 0).shop(60).await;
        for node in world.nodes() {
            world.crash(&node);
        }
        let damaged = world.disk.damage();
        // The node that crashed may be alive, as far as the disk knows.
        sleep(TERM).await;
        world.start_node();
        let node = world.nodes().pop().expect("a node was started");
        let sound = EVENTS.into_iter().find(|event| *event != damaged).expect("there are two events");
        let mut served = [false; 2];
        for (event, served) in [sound, damaged].into_iter().zip(&mut served) {
            *served = match node.directory.open(event).await.map(drop) {
                Ok(()) => true,
                Err(Unavailable::Damaged) => false,
                Err(other) => panic!("seed {seed}: {event:?} is neither served nor damaged: {other}"),
            };
        }
        served
    })
}
