use std::path::PathBuf;

use clap::Args;

use super::{OrganizerOptions, Server, percent, seconds};

#[derive(Args, Clone, Debug)]
pub struct QueueOptions {
    #[command(flatten)]
    pub server: Server,
    #[command(flatten)]
    pub organizer: OrganizerOptions,
    /// Accounts that join; a place in line belongs to an account, so none can stand for two
    #[arg(long, env = "USHER_LOADGEN_WAITERS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=200_000))]
    pub waiters: u32,
    /// Percent that join before the line opens, as fast as they are answered; the others queue behind
    #[arg(long, env = "USHER_LOADGEN_EARLY", default_value = "70", value_parser = percent)]
    pub early: f64,
    /// Seconds over which the others come
    #[arg(long, env = "USHER_LOADGEN_LATE_OVER", default_value_t = 10.0, value_parser = seconds)]
    pub late_over: f64,
    /// Seconds over which the early ones look at their place once the line is open
    #[arg(long, env = "USHER_LOADGEN_LOOK_OVER", default_value_t = 10.0, value_parser = seconds)]
    pub look_over: f64,
    /// Percent that have no socket: they ask again when their estimate has run out
    #[arg(long, env = "USHER_LOADGEN_POLLING", default_value = "10", value_parser = percent)]
    pub polling: f64,
    /// Waiters with a socket of their own, on which their turn is told
    #[arg(long, env = "USHER_LOADGEN_SOCKETS", default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=20_000))]
    pub sockets: u32,
    /// The room's setting: places called per minute at most
    #[arg(long, env = "USHER_LOADGEN_RATE_PER_MINUTE", default_value_t = 6_000, value_parser = clap::value_parser!(u32).range(60..=600_000))]
    pub rate_per_minute: u32,
    /// The room's setting: shoppers inside at once
    #[arg(long, env = "USHER_LOADGEN_SHOPPERS_MAX", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub shoppers_max: u32,
    /// The room's setting: p99 of a hold beyond which admission slows down, in ms
    #[arg(long, env = "USHER_LOADGEN_LATENCY_TARGET_MS", default_value_t = 50, value_parser = clap::value_parser!(u32).range(5..=10_000))]
    pub latency_target_ms: u32,
    /// Seats of the event that is made
    #[arg(long, env = "USHER_LOADGEN_SEATS", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(1..=250_000))]
    pub seats: u32,
    /// Percent of the admitted that leave without buying
    #[arg(long, env = "USHER_LOADGEN_LEAVE", default_value = "10", value_parser = percent)]
    pub leave: f64,
    /// Of the waiters, accounts of hoarders
    #[arg(long, env = "USHER_LOADGEN_HOARDERS", default_value_t = 10)]
    pub hoarders: u32,
    /// Percent of the hoarders whose bots hold, never buy, and hold again when that has run out
    #[arg(long, env = "USHER_LOADGEN_SQUATTING", default_value = "30", value_parser = percent)]
    pub squatting: f64,
    /// Seconds that a hold of the event lasts
    #[arg(long, env = "USHER_LOADGEN_HOLD_TTL", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_200))]
    pub hold_ttl: u32,
    /// Bots of each hoarder, which join, claim and hold at the same time
    #[arg(long, env = "USHER_LOADGEN_BOTS_PER_HOARDER", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub bots_per_hoarder: u32,
    /// Tries to get past the line, over all kinds
    #[arg(long, env = "USHER_LOADGEN_BYPASS_TRIES", default_value_t = 1_000)]
    pub bypass_tries: u32,
    /// Joins and looks per second by those who have a place, in every second slice and over connections of their own; 0:
    /// none
    #[arg(long, env = "USHER_LOADGEN_REFRESH_PER_S", default_value_t = 0)]
    pub refresh_per_s: u32,
    /// Seconds without a storm, once the crowd has come, which purchases in storms are compared with
    #[arg(long, env = "USHER_LOADGEN_STORM_BASELINE", default_value_t = 10.0, value_parser = seconds)]
    pub storm_baseline: f64,
    /// Seconds of a calm slice, and of a stormy one
    #[arg(long, env = "USHER_LOADGEN_STORM_SLICE", default_value_t = 2.0, value_parser = seconds)]
    pub storm_slice: f64,
    /// Process of the server, when it runs on this machine: its memory before and after the early ones join
    #[arg(long, env = "USHER_LOADGEN_SERVER_PID")]
    pub server_pid: Option<u32>,
    /// Shell command that ends the server (`kill -9`) and starts it again in the background; run before the line opens,
    /// then every place is asked for again
    #[arg(long, env = "USHER_LOADGEN_RESTART_COMMAND")]
    pub restart_command: Option<String>,
    /// Seconds of a slice of joins, and of one of the call that does nothing
    #[arg(long, env = "USHER_LOADGEN_SLICE", default_value_t = 0.5, value_parser = seconds)]
    pub slice: f64,
    /// Seconds after the opening when the run ends, whoever still waits
    #[arg(long, env = "USHER_LOADGEN_DURATION", default_value_t = 600.0, value_parser = seconds)]
    pub duration: f64,
    /// Keeps the accounts here, and takes them from here the next time
    #[arg(long, env = "USHER_LOADGEN_ACCOUNTS_FILE")]
    pub accounts_file: Option<PathBuf>,
    #[arg(long, env = "USHER_LOADGEN_SEED", default_value_t = 1)]
    pub seed: u64,
    /// Writes the report as JSON
    #[arg(long, env = "USHER_LOADGEN_JSON")]
    pub json: Option<PathBuf>,
    /// Writes the report as one HTML file
    #[arg(long, env = "USHER_LOADGEN_HTML")]
    pub html: Option<PathBuf>,
}
