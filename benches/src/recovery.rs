//! From a cold start to serving: a long journal on each store, recovered with its newest snapshot and without any. It tells of
//! holds that come and go: some 50,000 are alive at any time, as many as a rush on 100,000 places has.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::Context;
use benches::{arena, commands::Stream};
use clap::Args;
use engine::{Directory, EngineConfig, EventHandle};
use inventory::{Command, Origin, Verb};
use tokio::task::JoinSet;

use crate::{
    durable::open_sale,
    stores::{Kind, Places},
};

const CALLERS: u64 = 1_024;
/// Of each caller; beyond, the oldest is released.
const HOLDS: usize = 49;

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 1_000_000)]
    changes: u64,
    /// Changes between two snapshots; what is left after the last is replayed. Default: a share of 0.9 of the changes,
    /// so that the newest snapshot holds nine tenths of them and the journal the rest.
    #[arg(long)]
    snapshot_records: Option<u64>,
}

#[expect(clippy::disallowed_macros, reason = "prints its figures")]
pub async fn run(places: &Places, options: &Options) -> anyhow::Result<()> {
    for kind in places.kinds().into_iter().filter(|&kind| kind != Kind::File) {
        for (name, config) in [("with snapshots", with_snapshots(options)), ("without", without_snapshots())] {
            let place = places.fresh(kind)?;
            let directory = place.engine(config.clone()).await?;
            fill(&open_sale(&directory).await?, options.changes).await?;
            // Dropped, not stopped: a graceful stop would leave a snapshot of the very end.
            drop(directory);
            tokio::time::sleep(Duration::from_millis(200)).await;

            let started = Instant::now();
            let directory = place.engine(config).await?;
            let handle = wait_for(&directory).await?;
            let serving = started.elapsed();
            let seq = handle.availability().await?.lsn;
            println!("{kind:>9?}  {name:<15} {seq:>9} changes  serving after {:>7.0} ms", serving.as_secs_f64() * 1e3);
            directory.stop(Duration::from_secs(10)).await;
        }
    }
    Ok(())
}

/// By count alone: a fast machine makes a million changes sooner than snapshots are due by time.
fn with_snapshots(options: &Options) -> EngineConfig {
    let snapshot_records = options.snapshot_records.unwrap_or(options.changes / 10 * 9).max(1);
    EngineConfig { snapshot_records, snapshot_interval: Duration::ZERO, ..EngineConfig::default() }
}

fn without_snapshots() -> EngineConfig {
    EngineConfig { snapshot_records: u64::MAX, ..EngineConfig::default() }
}

async fn wait_for(directory: &Directory) -> anyhow::Result<EventHandle> {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        match directory.open(arena::event()).await {
            Ok(handle) => return Ok(handle),
            Err(error) => anyhow::ensure!(Instant::now() < deadline, "not recovered: {error}"),
        }
    }
}

async fn fill(handle: &EventHandle, changes: u64) -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    for caller in 0..CALLERS {
        let handle = handle.clone();
        tasks.spawn(async move {
            let mut stream = Stream::new(caller);
            let mut held = VecDeque::new();
            for _ in 0..changes / CALLERS {
                let command = if held.len() < HOLDS {
                    let area = inventory::AreaIx(stream.below(20) as u16);
                    stream.standing_in(area)
                } else {
                    let (hold, customer) = held.pop_front().context("no hold is held")?;
                    Command { origin: Origin::ENGINE, verb: Verb::ReleaseHold { hold, customer } }
                };
                if let Verb::PlaceHold(place) = &command.verb {
                    held.push_back((place.hold, place.customer));
                }
                handle.submit(command).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(buyer) = tasks.join_next().await {
        buyer??;
    }
    Ok(())
}
