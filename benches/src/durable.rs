//! Durable holds per second on one hot event: closed-loop callers on the event's handle, no HTTP. Stores take turns
//! within each round, so that a noisy machine is as unfair to one as to the other; the medians are compared.

use std::time::{Duration, Instant};

use benches::{
    arena::{self, STANDING},
    commands::Stream,
};
use clap::Args;
use engine::{EngineConfig, EventHandle, SubmitError};
use hdrhistogram::Histogram;
use inventory::{Command, Origin, Verb};
use tokio::task::JoinSet;

use crate::stores::{Kind, Place, Places};

#[derive(Args)]
pub struct Options {
    /// Callers at once; several values are measured one after the other.
    #[arg(long, value_delimiter = ',', default_value = "64,1024")]
    callers: Vec<usize>,
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    #[arg(long, value_delimiter = ',')]
    stores: Option<Vec<Kind>>,
}

struct Run {
    kind: Kind,
    callers: usize,
    per_second: f64,
    latency_us: Histogram<u64>,
}

#[expect(clippy::disallowed_macros, reason = "prints its figures")]
pub async fn run(places: &Places, options: &Options) -> anyhow::Result<()> {
    let kinds = options.stores.clone().unwrap_or_else(|| places.kinds());
    let mut runs = Vec::new();
    for round in 1..=options.rounds {
        for &callers in &options.callers {
            for &kind in &kinds {
                let place = places.fresh(kind)?;
                let run = measure(&place, kind, callers, Duration::from_secs(options.seconds)).await?;
                println!(
                    "round {round}  {kind:>9?}  {callers:>5} callers  {:>8.0} holds/s  p50 {:>6} us  p99 {:>6} us",
                    run.per_second,
                    run.latency_us.value_at_quantile(0.5),
                    run.latency_us.value_at_quantile(0.99),
                );
                runs.push(run);
            }
        }
    }
    println!();
    for &callers in &options.callers {
        let floor = median(&runs, Kind::File, callers, |run| run.per_second);
        for &kind in &kinds {
            let rate = median(&runs, kind, callers, |run| run.per_second);
            let p99 = median(&runs, kind, callers, |run| run.latency_us.value_at_quantile(0.99) as f64);
            println!(
                "median   {kind:>9?}  {callers:>5} callers  {rate:>8.0} holds/s  p99 {:>6.2} ms  {:>4.0} % of the file",
                p99 / 1_000.0,
                100.0 * rate / floor,
            );
        }
    }
    Ok(())
}

fn median(runs: &[Run], kind: Kind, callers: usize, figure: impl Fn(&Run) -> f64) -> f64 {
    let mut figures: Vec<f64> =
        runs.iter().filter(|run| run.kind == kind && run.callers == callers).map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

async fn measure(place: &Place, kind: Kind, callers: usize, length: Duration) -> anyhow::Result<Run> {
    let directory = place.engine(EngineConfig::default()).await?;
    let handle = open_sale(&directory).await?;
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    let until = started + length;
    for caller in 0..callers {
        let handle = handle.clone();
        tasks.spawn(async move { buy_until(&handle, caller as u64, until).await });
    }
    let mut latency_us = Histogram::new_with_bounds(1, 60_000_000, 3)?;
    while let Some(buyer) = tasks.join_next().await {
        latency_us.add(buyer??)?;
    }
    let per_second = latency_us.len() as f64 / started.elapsed().as_secs_f64();
    directory.stop(Duration::from_secs(10)).await;
    Ok(Run { kind, callers, per_second, latency_us })
}

/// A hall of 20,000 seats, and standing room that no run can fill.
pub async fn open_sale(directory: &engine::Directory) -> anyhow::Result<EventHandle> {
    let handle = directory.open(arena::event()).await?;
    let mut map = arena::seat_map(20_000);
    let standing = map.sections.pop().expect("the arena ends with its standing area");
    for area in 0..20 {
        let id = format!("standing{area}");
        map.sections.push(inventory::SectionSpec { id, ..standing.clone() });
    }
    let mut tier = arena::tier();
    tier.quotas[0].limit = 20_000 + 20 * STANDING;
    for verb in [
        Verb::SetPolicy(Box::new(arena::policy())),
        Verb::SetSeatMap(Box::new(map)),
        Verb::SetTier(Box::new(tier)),
        Verb::Publish,
    ] {
        handle.submit(Command { origin: Origin::ENGINE, verb }).await?;
    }
    Ok(handle)
}

/// Holds of one to four: every other one standing, the rest best available for as long as there are seats.
async fn buy_until(handle: &EventHandle, caller: u64, until: Instant) -> anyhow::Result<Histogram<u64>> {
    let mut latency_us = Histogram::new_with_bounds(1, 60_000_000, 3)?;
    let mut stream = Stream::new(caller);
    let mut seats_left = true;
    while Instant::now() < until {
        let command = if seats_left && stream.below(2) == 0 {
            stream.best_available()
        } else {
            let area = inventory::AreaIx(stream.below(20) as u16);
            stream.standing_in(area)
        };
        let sent = Instant::now();
        match handle.submit(command).await {
            Ok(_) => latency_us.saturating_record(sent.elapsed().as_micros() as u64),
            Err(SubmitError::Rejected(_)) => seats_left = false,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(latency_us)
}
