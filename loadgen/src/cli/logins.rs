use std::path::PathBuf;

use clap::Args;

use super::{Server, seconds};

#[derive(Args, Clone, Debug)]
pub struct LoginsOptions {
    #[command(flatten)]
    pub server: Server,
    /// Logins per second
    #[arg(long, env = "USHER_LOADGEN_RATE", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: u32,
    /// Seconds
    #[arg(long, env = "USHER_LOADGEN_DURATION", default_value_t = 30.0, value_parser = seconds)]
    pub duration: f64,
    /// The server's process on this machine: its memory is read before and meanwhile
    #[arg(long, env = "USHER_LOADGEN_SERVER_PID")]
    pub server_pid: Option<u32>,
    #[arg(long, env = "USHER_LOADGEN_JSON")]
    pub json: Option<PathBuf>,
}
