use std::path::PathBuf;

use clap::Args;

use super::{OrganizerOptions, Server, seconds};

#[derive(Args, Clone, Debug)]
pub struct ScansOptions {
    #[command(flatten)]
    pub server: Server,
    #[command(flatten)]
    pub organizer: OrganizerOptions,
    /// Seconds
    #[arg(long, env = "USHER_LOADGEN_DURATION", default_value_t = 20.0, value_parser = seconds)]
    pub duration: f64,
    /// Tickets of the event that is made
    #[arg(long, env = "USHER_LOADGEN_TICKETS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub tickets: u32,
    /// Codes that must open no gate: altered, spliced, invented, of another event, refunded
    #[arg(long, env = "USHER_LOADGEN_FORGED", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=10_000_000))]
    pub forged: u64,
    #[arg(long, env = "USHER_LOADGEN_JSON")]
    pub json: Option<PathBuf>,
}
