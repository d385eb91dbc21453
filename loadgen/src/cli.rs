//! What can be said on the command line. Everything has an environment variable of the same name.

mod logins;
mod queue;
mod scans;
mod watch;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use uuid::Uuid;

use crate::curve::Curve;
use crate::mix::Mix;

pub use logins::LoginsOptions;
pub use queue::QueueOptions;
pub use scans::ScansOptions;
pub use watch::WatchOptions;

/// Plays an on-sale against a running Usher server and audits what it sold.
///
/// Exit status: 0 when the audit passes, 1 when it fails or the run cannot be made, 2 for a usage error.
#[derive(Debug, Parser)]
#[command(name = "usher-loadgen", version)]
pub struct Cli {
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// A sale as the options say
    Run(Options),
    /// A quarter of the recorded on-sale, in under 30 s and within a fresh server's rate limits
    Demo(Options),
    /// 20,000 buyers in 30 s, most of them at once
    Spike(Options),
    /// 1,000 buyers for one seat, on an event of its own: exactly one gets it
    LastSeat(Options),
    /// Closed loop: the rate of holds on one hot event beside that of an endpoint that does nothing
    Holds(HoldsOptions),
    /// Sign-ins that all fail, at a fixed rate, beside another run: what they cost the buyers and the server's memory
    Logins(LoginsOptions),
    /// Sockets on the live feed of an event that is being booked: delivery latency, cost per socket, and whether all show the truth
    Watch(WatchOptions),
    /// A waiting room from joining to buying, with bots, storms and a check of every promise about the order
    Queue(QueueOptions),
    /// Closed loop at the doors: every ticket at two gates at once, exactly one of which lets it in
    Scans(ScansOptions),
    /// Audits again from the log of an earlier run, for instance after the server was killed and restarted
    Audit(AuditOptions),
}

#[derive(Args, Clone, Debug)]
pub struct Server {
    /// Address of the server, http://host:port
    #[arg(long, env = "USHER_LOADGEN_URL", default_value = "http://127.0.0.1:8080")]
    pub url: String,
    /// Connections open at once [default: by preset]
    #[arg(long, env = "USHER_LOADGEN_CONNECTIONS")]
    pub connections: Option<u32>,
    /// Seconds until a request without an answer counts as unknown
    #[arg(long, env = "USHER_LOADGEN_TIMEOUT", default_value_t = 10.0, value_parser = seconds)]
    pub timeout: f64,
    /// Seconds for which an answer that is not final is asked for again
    #[arg(long, env = "USHER_LOADGEN_GIVE_UP", default_value_t = 60.0, value_parser = seconds)]
    pub give_up: f64,
    /// No progress on the terminal, for CI
    #[arg(long, short, env = "USHER_LOADGEN_QUIET")]
    pub quiet: bool,
}

#[derive(Args, Clone, Debug)]
pub struct OrganizerOptions {
    /// Account that makes the presets' own events
    #[arg(long, env = "USHER_LOADGEN_ORGANIZER_EMAIL")]
    pub organizer_email: Option<String>,
    #[arg(long, env = "USHER_LOADGEN_ORGANIZER_PASSWORD", hide_env_values = true)]
    pub organizer_password: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct Options {
    #[command(flatten)]
    pub server: Server,
    #[command(flatten)]
    pub organizer: OrganizerOptions,
    /// Id of the event, or `auto`: the first published one [default: auto, or by preset an event of its own]
    #[arg(long, env = "USHER_LOADGEN_EVENT", value_parser = event)]
    pub event: Option<EventOption>,
    /// [default: by preset]
    #[arg(long, env = "USHER_LOADGEN_BUYERS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub buyers: Option<u32>,
    /// How they arrive [default: by preset]
    #[arg(long, env = "USHER_LOADGEN_CURVE", value_enum)]
    pub curve: Option<Curve>,
    /// Seconds over which they arrive [default: by preset]
    #[arg(long, env = "USHER_LOADGEN_DURATION", value_parser = seconds, conflicts_with = "rate")]
    pub duration: Option<f64>,
    /// Buyers per second on average, instead of a duration
    #[arg(long, env = "USHER_LOADGEN_RATE", value_parser = seconds)]
    pub rate: Option<f64>,
    /// What they want, as weights: best=70,named=20,standing=10
    #[arg(long, env = "USHER_LOADGEN_MIX")]
    pub mix: Option<Mix>,
    /// Percent that hold and never come back
    #[arg(long, env = "USHER_LOADGEN_ABANDON", value_parser = percent)]
    pub abandon: Option<f64>,
    /// Percent that hold and give back
    #[arg(long, env = "USHER_LOADGEN_RELEASE", value_parser = percent)]
    pub release: Option<f64>,
    /// Percent that let the payment wait
    #[arg(long, env = "USHER_LOADGEN_SLOW_PAY", value_parser = percent)]
    pub slow_pay: Option<f64>,
    /// For how long, in seconds
    #[arg(long, env = "USHER_LOADGEN_SLOW_PAY_SECONDS", default_value_t = 3.0, value_parser = seconds)]
    pub slow_pay_seconds: f64,
    /// Percent that send every write twice at once, under one key
    #[arg(long, env = "USHER_LOADGEN_DOUBLE_SUBMIT", value_parser = percent)]
    pub double_submit: Option<f64>,
    /// Percent that send another body under a used key
    #[arg(long, env = "USHER_LOADGEN_DUPLICATE_KEY", value_parser = percent)]
    pub duplicate_key: Option<f64>,
    /// Accounts that the buyers share in turn [default: by preset]
    #[arg(long, env = "USHER_LOADGEN_ACCOUNTS", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub accounts: Option<u32>,
    /// Keeps the accounts here, and takes them from here the next time
    #[arg(long, env = "USHER_LOADGEN_ACCOUNTS_FILE")]
    pub accounts_file: Option<PathBuf>,
    /// Others buy at the same time: sold may be more than this run bought
    #[arg(long, env = "USHER_LOADGEN_SHARED")]
    pub shared: bool,
    #[arg(long, env = "USHER_LOADGEN_SEED", default_value_t = 1)]
    pub seed: u64,
    /// Writes the report as JSON
    #[arg(long, env = "USHER_LOADGEN_JSON")]
    pub json: Option<PathBuf>,
    /// Writes the report as one HTML file
    #[arg(long, env = "USHER_LOADGEN_HTML")]
    pub html: Option<PathBuf>,
    /// Writes each acknowledged answer as it comes, for `audit`
    #[arg(long, env = "USHER_LOADGEN_ACK_LOG")]
    pub ack_log: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct HoldsOptions {
    #[command(flatten)]
    pub server: Server,
    #[command(flatten)]
    pub organizer: OrganizerOptions,
    /// Seconds of the measurement, both endpoints together
    #[arg(long, env = "USHER_LOADGEN_DURATION", default_value_t = 20.0, value_parser = seconds)]
    pub duration: f64,
    /// Seconds after which the endpoint changes
    #[arg(long, env = "USHER_LOADGEN_SLICE", default_value_t = 2.0, value_parser = seconds)]
    pub slice: f64,
    #[arg(long, env = "USHER_LOADGEN_ACCOUNTS", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub accounts: u32,
    #[arg(long, env = "USHER_LOADGEN_ACCOUNTS_FILE")]
    pub accounts_file: Option<PathBuf>,
    /// Reserved seats of the event that is made
    #[arg(long, env = "USHER_LOADGEN_SEATS", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=250_000))]
    pub seats: u32,
    /// Best available against standing; named seats are not held here
    #[arg(long, env = "USHER_LOADGEN_MIX", default_value = "best=50,standing=50")]
    pub mix: Mix,
    /// The path that does nothing; it gets the same headers and an empty object
    #[arg(long, env = "USHER_LOADGEN_NO_OP", default_value = "/api/v1/ping")]
    pub no_op: String,
    /// Every hold is ordered and paid by the mock gateway: three requests each
    #[arg(long, env = "USHER_LOADGEN_PURCHASES")]
    pub purchases: bool,
    /// Holds are sent without an idempotency key
    #[arg(long, env = "USHER_LOADGEN_WITHOUT_KEYS")]
    pub without_keys: bool,
    #[arg(long, env = "USHER_LOADGEN_SEED", default_value_t = 1)]
    pub seed: u64,
    #[arg(long, env = "USHER_LOADGEN_JSON")]
    pub json: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
pub struct AuditOptions {
    /// The file that the run wrote by --ack-log
    #[arg(long)]
    pub log: PathBuf,
    /// The server, when it is no longer where the run found it
    #[arg(long, env = "USHER_LOADGEN_URL")]
    pub url: Option<String>,
    #[arg(long, env = "USHER_LOADGEN_CONNECTIONS", default_value_t = 32)]
    pub connections: u32,
    #[arg(long, default_value_t = 10.0, value_parser = seconds)]
    pub timeout: f64,
    /// Seconds to wait for a server that is not there yet
    #[arg(long, env = "USHER_LOADGEN_GIVE_UP", default_value_t = 60.0, value_parser = seconds)]
    pub give_up: f64,
    #[arg(long, short, env = "USHER_LOADGEN_QUIET")]
    pub quiet: bool,
    /// Writes the verdict as JSON
    #[arg(long, env = "USHER_LOADGEN_JSON")]
    pub json: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventOption {
    Auto,
    Id(Uuid),
}

fn event(text: &str) -> Result<EventOption, String> {
    match text {
        "auto" => Ok(EventOption::Auto),
        id => id.parse().map(EventOption::Id).map_err(|_| "neither `auto` nor an id".to_owned()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e6 => Ok(number),
        Ok(_) | Err(_) => Err("not a number above 0".to_owned()),
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(number) if (0.0..=100.0).contains(&number) => Ok(number / 100.0),
        Ok(_) | Err(_) => Err("not a percentage from 0 to 100".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn nonsense_is_a_usage_error() {
        for bad in [
            &["usher-loadgen"][..],
            &["usher-loadgen", "run", "--abandon", "101"],
            &["usher-loadgen", "run", "--mix", "best"],
            &["usher-loadgen", "run", "--curve", "flat"],
            &["usher-loadgen", "run", "--buyers", "0"],
            &["usher-loadgen", "run", "--duration", "-1"],
            &["usher-loadgen", "run", "--duration", "1", "--rate", "1"],
            &["usher-loadgen", "run", "--event", "next"],
            &["usher-loadgen", "audit"],
        ] {
            assert_eq!(Cli::try_parse_from(bad).unwrap_err().exit_code(), 2, "{bad:?}");
        }
    }
}
