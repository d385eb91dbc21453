//! Sign-ins that all fail, at a fixed rate, beside whatever else a server does: hashing passwords must neither take the
//! processor from those who buy nor grow the server's memory. An open loop that never waits for an answer to send the next.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use wire::LoginRequest;

use crate::answer::{Class, classify};
use crate::cli::LoginsOptions;
use crate::clock::Clock;
use crate::measure::histogram;
use crate::pool::Call;
use crate::process;
use crate::report::LatencyLine;
use crate::sale::connect;
use crate::terminal::Progress;

const CONNECTIONS: u32 = 256;
/// Beyond, a login is counted as not sent: a server that stands still must not fill this process.
const UNANSWERED_MAX: usize = 20_000;
const LOOK_AT_MEMORY: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, Serialize)]
pub struct LoginsReport {
    pub schema: u32,
    pub url: String,
    pub rate_per_s: u32,
    pub took_s: f64,
    pub sent: u64,
    pub not_sent: u64,
    /// By class and code.
    pub answers: BTreeMap<String, u64>,
    /// Of those that were checked and refused.
    pub latency: Vec<LatencyLine>,
    /// Of the server's process, with `--server-pid`: before the first login, and the most since.
    pub memory_before_mib: Option<f64>,
    pub memory_most_mib: Option<f64>,
    /// No answer but "wrong" and "not now".
    pub passed: bool,
}

/// # Errors
/// The address is none, or there is no process of that id.
pub async fn run(options: &LoginsOptions) -> Result<LoginsReport> {
    let connections = options.server.connections.unwrap_or(CONNECTIONS);
    let client = connect(&options.server, connections, Clock::start())?;
    let rss = || options.server_pid.map(|pid| process::usage(pid).map(|usage| usage.rss_bytes)).transpose();
    let before = rss()?;
    let mut most = before;
    let logins = (f64::from(options.rate) * options.duration).round() as u64;
    let progress = Progress::new(options.server.quiet);
    progress.begin("logins", logins);

    let (mut answers, mut latency, mut is_broken) = (BTreeMap::new(), histogram(), false);
    let started = Instant::now();
    let mut due = tokio::time::interval(Duration::from_secs(1) / options.rate.max(1));
    // What is late is sent at once: the rate holds over the run.
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut look = tokio::time::interval(LOOK_AT_MEMORY);
    let (mut sent, mut not_sent, mut under_way) = (0, 0, JoinSet::new());
    while sent + not_sent < logins || !under_way.is_empty() {
        tokio::select! {
            biased;
            _ = look.tick() => most = most.max(rss()?),
            _ = due.tick(), if sent + not_sent < logins => {
                if under_way.len() >= UNANSWERED_MAX {
                    not_sent += 1;
                    continue;
                }
                let call = call(sent)?;
                let client = client.clone();
                under_way.spawn(async move {
                    let asked = Instant::now();
                    (classify(client.pool.send(&call, None).await), asked.elapsed())
                });
                sent += 1;
            }
            Some(done) = under_way.join_next() => {
                let (answer, took) = done.context("a login")?;
                let (class, code) = answer.class();
                *answers.entry(format!("{class} {code}")).or_default() += 1;
                is_broken |= !matches!(class, Class::Rejected | Class::NotNow);
                if class == Class::Rejected {
                    latency.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
                }
            }
        }
    }
    progress.end();
    let took_s = started.elapsed().as_secs_f64();
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    Ok(LoginsReport {
        schema: 1,
        url: options.server.url.clone(),
        rate_per_s: options.rate,
        took_s,
        sent,
        not_sent,
        answers,
        latency: vec![LatencyLine::of("login", &latency)],
        memory_before_mib: before.map(mib),
        memory_most_mib: most.map(mib),
        passed: !is_broken && sent > 0,
    })
}

/// Of an account that nobody has: it takes the server as long as a wrong password.
fn call(number: u64) -> Result<Call> {
    let body = LoginRequest { email: format!("nobody-{number}@example.org"), password: "not the password".to_owned() };
    Ok(Call::post("/api/v1/auth/login".to_owned(), None, &body)?)
}
