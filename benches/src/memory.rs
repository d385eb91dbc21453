//! What one event costs in memory: a published house of reserved seats, and as many live holds as asked for, each with
//! the idempotency key that a client sent.

use benches::{
    arena::{self, NOW},
    commands::Stream,
    turns::Core,
};
use clap::Args;

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 100_000)]
    seats: u32,
    #[arg(long, default_value_t = 50_000)]
    holds: usize,
}

#[expect(clippy::disallowed_macros, reason = "prints its figures")]
pub fn run(options: &Options) -> anyhow::Result<()> {
    let before = resident_kib()?;
    let mut core = Core::new(arena::published(options.seats));
    let empty = resident_kib()?;
    let mut stream = Stream::new(6);
    let mut placed = 0;
    let mut tries = 0;
    while placed < options.holds {
        let command = if tries % 2 == 0 { stream.best_available() } else { stream.standing() };
        tries += 1;
        placed += usize::from(core.place(NOW, &command).is_some());
        anyhow::ensure!(tries < options.holds * 10, "the house is too small for so many holds");
    }
    let full = resident_kib()?;
    let snapshot = core.inventory.snapshot();
    println!("seats                      {:>12}", options.seats);
    println!("holds                      {placed:>12}");
    println!("resident, published        {:>9} KiB", empty - before);
    println!("resident, with the holds   {:>9} KiB", full - before);
    println!("snapshot                   {:>9} KiB", snapshot.len() / 1024);
    Ok(())
}

fn resident_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)).and_then(|kib| kib.parse().ok());
    kib.ok_or_else(|| anyhow::anyhow!("no VmRSS in /proc/self/status"))
}
