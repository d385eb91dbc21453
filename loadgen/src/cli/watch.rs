use std::path::PathBuf;

use clap::Args;

use super::{OrganizerOptions, Server, percent, seconds};

#[derive(Args, Clone, Debug)]
pub struct WatchOptions {
    #[command(flatten)]
    pub server: Server,
    #[command(flatten)]
    pub organizer: OrganizerOptions,
    /// Sockets on the live feed of one event, which is made for the run
    #[arg(long, env = "USHER_LOADGEN_WATCHERS", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(..=60_000))]
    pub watchers: u32,
    /// Of those, read in full; of the others only the head of each frame is looked at
    #[arg(long, env = "USHER_LOADGEN_SAMPLED", default_value_t = 50)]
    pub sampled: u32,
    /// The binary form of the feed instead of JSON
    #[arg(long, env = "USHER_LOADGEN_BINARY")]
    pub binary: bool,
    /// Loopback addresses that sockets leave from in turn; 0: as few as hold them
    #[arg(long, env = "USHER_LOADGEN_SOURCES", default_value_t = 0)]
    pub sources: u32,
    /// Seconds over which the sockets are opened
    #[arg(long, env = "USHER_LOADGEN_RAMP_UP", default_value_t = 10.0, value_parser = seconds)]
    pub ramp_up: f64,
    /// Seconds of booking while all watch
    #[arg(long, env = "USHER_LOADGEN_DURATION", default_value_t = 20.0, value_parser = seconds)]
    pub duration: f64,
    /// Seats changed per second, on a schedule that no answer delays
    #[arg(long, env = "USHER_LOADGEN_SEATS_PER_S", default_value_t = 500.0, value_parser = seconds)]
    pub seats_per_s: f64,
    /// Instead, that many connections hold and release as fast as they are answered
    #[arg(long, env = "USHER_LOADGEN_FLAT_OUT", conflicts_with = "seats_per_s")]
    pub flat_out: Option<u32>,
    /// Seconds of the same booking before anybody watches; with --flat-out as long again after it
    #[arg(long, env = "USHER_LOADGEN_BASELINE", default_value_t = 5.0, value_parser = seconds)]
    pub baseline: f64,
    /// Of one hold
    #[arg(long, env = "USHER_LOADGEN_SEATS_PER_HOLD", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10))]
    pub seats_per_hold: u32,
    /// Seats of the event that is made
    #[arg(long, env = "USHER_LOADGEN_SEATS", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=250_000))]
    pub seats: u32,
    /// Percent of the sockets that stop reading halfway
    #[arg(long, env = "USHER_LOADGEN_STALLED", default_value = "0", value_parser = percent)]
    pub stalled: f64,
    /// Seconds after which they look whether the server has closed them; at most half the duration
    #[arg(long, env = "USHER_LOADGEN_STALLED_FOR", default_value_t = 30.0, value_parser = seconds)]
    pub stalled_for: f64,
    /// After the duration, all sockets drop at once and come back, with the same booking for as long again
    #[arg(long, env = "USHER_LOADGEN_STORM")]
    pub storm: bool,
    /// Process of the server, when it runs on this machine: memory per socket, processor time per frame
    #[arg(long, env = "USHER_LOADGEN_SERVER_PID")]
    pub server_pid: Option<u32>,
    /// Accounts that book
    #[arg(long, env = "USHER_LOADGEN_ACCOUNTS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub accounts: u32,
    #[arg(long, env = "USHER_LOADGEN_ACCOUNTS_FILE")]
    pub accounts_file: Option<PathBuf>,
    /// Writes the report as JSON
    #[arg(long, env = "USHER_LOADGEN_JSON")]
    pub json: Option<PathBuf>,
    /// Writes the report as one HTML file
    #[arg(long, env = "USHER_LOADGEN_HTML")]
    pub html: Option<PathBuf>,
}
