//! Best available in single calls: a mean says nothing about the one buyer in a hundred for whom the search takes long.

use std::time::{Duration, Instant};

use benches::{
    arena::{self, NOW},
    commands::Stream,
    turns::Core,
};
use clap::Args;
use hdrhistogram::Histogram;
use inventory::Command;

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 20_000)]
    seats: u32,
    /// Of the house that is taken, in percent; held by name, all over it.
    #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u8).range(0..=98))]
    full: u8,
    /// Single calls of each size of party.
    #[arg(long, default_value_t = 1_000_000)]
    calls: u64,
    /// Sizes of parties; each is measured by itself.
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8", value_parser = clap::value_parser!(u32).range(1..=20))]
    parties: Vec<u32>,
}

const WARM_UP_CALLS: u64 = 10_000;
/// Every so many calls a hold is placed and an older one released, so that the search does not find the same every time.
const CHANGE_EVERY: u64 = 16;

#[expect(clippy::disallowed_macros, reason = "prints its figures")]
pub fn run(options: &Options) -> anyhow::Result<()> {
    let mut core = Core::new(arena::published(options.seats));
    let mut stream = Stream::new(3);
    core.fill(&mut stream, f64::from(options.full) / 100.0);
    println!("{} seats, {} % taken, {} calls each", options.seats, options.full, options.calls);
    println!("a look at the clock: p50 {} ns (included below)", clock()?.value_at_quantile(0.5));
    for &party in &options.parties {
        let took = measure(&mut core, &mut stream, party, options.calls)?;
        println!(
            "party of {party:>2}   mean {:>6.0} ns   p50 {:>6} ns   p99 {:>6} ns   p99.9 {:>6} ns   max {:>8} ns",
            took.mean(),
            took.value_at_quantile(0.5),
            took.value_at_quantile(0.99),
            took.value_at_quantile(0.999),
            took.max(),
        );
    }
    Ok(())
}

/// From 1 ns to 1 s.
fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 1_000_000_000, 3)?)
}

fn record(took: &mut Histogram<u64>, elapsed: Duration) {
    took.saturating_record(elapsed.as_nanos() as u64);
}

fn clock() -> anyhow::Result<Histogram<u64>> {
    let mut took = histogram()?;
    for _ in 0..WARM_UP_CALLS {
        record(&mut took, Instant::now().elapsed());
    }
    Ok(took)
}

/// `decide` alone, one call at a time. The house stays as full as it is.
fn measure(core: &mut Core, stream: &mut Stream, party: u32, calls: u64) -> anyhow::Result<Histogram<u64>> {
    let mut took = histogram()?;
    let mut held = None;
    for call in 0..WARM_UP_CALLS + calls {
        let command: Command = stream.party_of(party);
        let started = Instant::now();
        let decision = std::hint::black_box(core.inventory.decide(NOW, std::hint::black_box(&command)));
        let elapsed = started.elapsed();
        anyhow::ensure!(decision.is_ok(), "no {party} seats are left together: {decision:?}");
        if call >= WARM_UP_CALLS {
            record(&mut took, elapsed);
        }
        if call % CHANGE_EVERY == 0 {
            if let Some(hold) = held.take() {
                core.release(NOW, hold);
            }
            held = core.place(NOW, &stream.best_available());
        }
    }
    if let Some(hold) = held {
        core.release(NOW, hold);
    }
    Ok(took)
}
