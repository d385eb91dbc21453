//! `cargo run --profile dist -p benches --bin side-by-side -- <what>`: comparisons that need one run, not many small
//! samples. Every figure in docs/performance.md that is not criterion's or the load generator's comes from here.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

mod best_available;
mod durable;
mod finding;
mod memory;
mod recovery;
mod stores;

#[derive(Parser)]
struct Cli {
    /// A Postgres server to measure beside the embedded store; a database of its own is made there and dropped.
    #[arg(long, env = "TEST_POSTGRES_URL")]
    postgres_url: Option<String>,
    /// Where the embedded store and the plain file live. The disk decides the figures.
    #[arg(long, default_value = "target/side-by-side")]
    dir: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Best available in a house that is nearly full, in single calls: the tail of what one decision takes.
    BestAvailable(best_available::Options),
    /// Holds on one hot event through the actor, no HTTP: every store in turn, and a plain file with fdatasync.
    Durable(durable::Options),
    /// Pages of events out of a catalogue of 100,000.
    Finding(finding::Options),
    /// Resident memory of one event's actor.
    Memory(memory::Options),
    /// From a cold start to serving, with and without snapshots.
    Recovery(recovery::Options),
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    std::fs::create_dir_all(&cli.dir)?;
    let places = stores::Places { dir: cli.dir, postgres_url: cli.postgres_url };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match cli.what {
        What::BestAvailable(options) => best_available::run(&options),
        What::Durable(options) => runtime.block_on(durable::run(&places, &options)),
        What::Finding(options) => runtime.block_on(finding::run(&places, &options)),
        What::Memory(options) => memory::run(&options),
        What::Recovery(options) => runtime.block_on(recovery::run(&places, &options)),
    }
}
