//! What goes wrong, while the buyers shop: nodes die, stop, are taken over from, lose the disk, wait for it, stand still.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{advance, sleep};

use crate::rng::Rng;
use crate::world::World;

/// How long after a disturbance nobody is blamed for a hold that expires late: clients have to come back first, because
/// an event is opened by whoever asks for it, once the lease of a dead owner has run out.
pub const AFTERMATH_US: i64 = 5_000_000;

/// Never returns; dropped when the buyers are done.
pub async fn rage(world: Arc<World>, mut rng: Rng) {
    let plan = world.plan.clone();
    let enabled = [plan.crashes, plan.crashes, plan.takeovers, plan.cuts, plan.slowness, plan.freezes];
    loop {
        sleep(Duration::from_millis(rng.between(200, 2_500))).await;
        let fault = rng.below(enabled.len() as u64) as usize;
        if !enabled[fault] {
            continue;
        }
        let from_us = world.now_us();
        match fault {
            0 => crash(&world, &mut rng).await,
            1 => stop(&world, &mut rng).await,
            2 => take_over(&world, &mut rng).await,
            3 => {
                world.note("disk_unreachable");
                world.tell("disk unreachable");
                let until_us = from_us + rng.between(50, 2_500) as i64 * 1_000;
                world.disk.cut_off_until(until_us);
                world.disturb(from_us, until_us);
            }
            4 => {
                world.tell("disk slow");
                let until_us = from_us + rng.between(300, 6_000) as i64 * 1_000;
                world.disk.slow_until(until_us);
                world.disturb(from_us, until_us + 4_000_000);
            }
            _ => {
                world.note("freeze");
                world.tell("everything stands still");
                let seconds = if rng.percent(30) { rng.between(60, 400) } else { rng.between(1, 20) };
                advance(Duration::from_secs(seconds)).await;
            }
        }
        world.disturb(from_us, world.now_us() + AFTERMATH_US);
    }
}

async fn crash(world: &World, rng: &mut Rng) {
    let nodes = world.nodes();
    let Some(node) = rng.pick(&nodes) else { return };
    world.note("crash");
    world.tell(&format!("node {} dies", node.id));
    world.crash(node);
    sleep(Duration::from_millis(rng.between(0, 1_500))).await;
    world.start_node();
}

async fn stop(world: &World, rng: &mut Rng) {
    let nodes = world.nodes();
    let Some(node) = rng.pick(&nodes) else { return };
    world.tell(&format!("node {} stops", node.id));
    world.stop(node).await;
    world.start_node();
}

/// Two nodes serve for a while, each taking the events from the other; then one of them dies.
async fn take_over(world: &World, rng: &mut Rng) {
    world.note("takeover");
    world.tell("another node takes over");
    world.start_node();
    sleep(Duration::from_millis(rng.between(100, 2_500))).await;
    let nodes = world.nodes();
    if let Some(node) = rng.pick(&nodes) {
        world.tell(&format!("node {} dies", node.id));
        world.crash(node);
    }
}
