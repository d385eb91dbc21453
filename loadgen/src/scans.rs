//! A closed loop at the doors of one event. Every ticket is shown at two gates at the same time, each a scanner with a key
//! of its own: one of them must admit it and the other must not. Whoever was let in leaves, and comes again. Before that, as
//! many codes as asked for that must open no gate.

mod forged;
mod house;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::task::JoinSet;
use wire::{Occupancy, ScanDirection, ScanRequest, ScanResponse, ScanResult};

use crate::Usage;
use crate::account::{Account, Credentials};
use crate::answer::{Answer, classify};
use crate::cli::ScansOptions;
use crate::clock::Clock;
use crate::connection::{Connection, Fault};
use crate::measure::histogram;
use crate::pool::{Call, exchange};
use crate::preset::organizer;
use crate::report::LatencyLine;
use crate::sale::connect;
use crate::terminal::Progress;
use crate::venue::{Organizer, Venue};

use forged::{Forger, Genuine};
use house::House;

const CONNECTIONS: u32 = 64;
const RETRY_AFTER: Duration = Duration::from_millis(20);

#[derive(Clone, Debug, Serialize)]
pub struct ScansReport {
    pub schema: u32,
    pub url: String,
    /// Each with a key and a connection of its own.
    pub gates: u32,
    pub tickets: u32,
    /// Codes that must open no gate, all refused unless a violation says otherwise, before the time was taken.
    pub forged: u64,
    pub forged_per_s: f64,
    pub took_s: f64,
    pub scans: u64,
    pub scans_per_s: f64,
    /// In each of them two gates want one ticket.
    pub rounds: u64,
    pub admitted: u64,
    pub latency: Vec<LatencyLine>,
    /// Answers that had to be asked for again, by class and code.
    pub repeated: BTreeMap<String, u64>,
    /// What must never be: the first few.
    pub violations: Vec<String>,
    /// When all have left.
    pub inside_at_end: u32,
    pub passed: bool,
}

const VIOLATIONS_MAX: usize = 20;

struct Tally {
    forged: u64,
    scans: Histogram<u64>,
    rounds: u64,
    admitted: u64,
    repeated: BTreeMap<String, u64>,
    violations: Vec<String>,
}

/// # Errors
/// The event, its tickets or its scanners cannot be made.
pub async fn run(options: &ScansOptions) -> Result<ScansReport> {
    let pairs = options.server.connections.unwrap_or(CONNECTIONS).div_ceil(2).clamp(1, options.tickets);
    let progress = Progress::new(options.server.quiet);
    let clock = Clock::start();
    let client = connect(&options.server, 32, clock)?;
    let organizer = organizer(&options.organizer).context(Usage)?;
    let event = venue("The doors", options.tickets + house::SPARE_TICKETS);
    let event = event.open(&client, &organizer, clock.now()).await.context("making the event")?;
    let Organizer { email, password } = organizer.clone();
    let owner = Account::new(Credentials { email, password, token: String::new() });
    owner.sign_in(&client).await.context("signing in as the organizer")?;
    let house = House::new(&client, &owner, event);

    progress.begin("tickets", u64::from(options.tickets));
    let (codes, _) = house.tickets(options.tickets).await.context("buying the tickets")?;
    progress.end();
    let genuine = match options.forged {
        0 => None,
        _ => {
            let elsewhere = venue("Other doors", house::SPARE_TICKETS);
            let elsewhere = elsewhere.open(&client, &organizer, clock.now()).await.context("making another event")?;
            let elsewhere = House::new(&client, &owner, elsewhere);
            let (foreign, _) = elsewhere.tickets(house::SPARE_TICKETS).await.context("buying tickets elsewhere")?;
            let refunded = house.refunded().await.context("giving tickets back")?;
            Some(Genuine { own: codes.clone().into(), foreign: foreign.into(), refunded: refunded.into() })
        }
    };
    let give_up = Duration::from_secs_f64(options.server.give_up);
    let mut all_pairs = Vec::with_capacity(pairs as usize);
    for number in 0..pairs {
        let own = codes.iter().skip(number as usize).step_by(pairs as usize).cloned();
        let pair = Pair {
            codes: own.collect(),
            gates: [Gate::new(house.gate(number * 2).await?), Gate::new(house.gate(number * 2 + 1).await?)],
            scans: house.scans(),
            authority: Arc::from(client.pool.authority()),
            timeout: Duration::from_secs_f64(options.server.timeout),
            give_up,
        };
        all_pairs.push(pair);
    }
    let mut all = Tally::new();
    let started = Instant::now();
    if let Some(genuine) = genuine {
        progress.begin("forged codes", 1);
        let each = options.forged.div_ceil(u64::from(pairs) * 2);
        let refused = all_pairs.into_iter().zip(1..).map(|(pair, seed)| pair.refuse(genuine.clone(), seed, each));
        all_pairs = together(refused, &mut all).await?;
        progress.step();
        progress.end();
    }
    let forged_s = started.elapsed().as_secs_f64();
    progress.begin("scans", 1);
    let started = Instant::now();
    let until = started + Duration::from_secs_f64(options.duration);
    together(all_pairs.into_iter().map(|pair| pair.work(until)), &mut all).await?;
    progress.step();
    progress.end();
    let took = Took { forged_s, scans_s: started.elapsed().as_secs_f64() };
    let occupancy: Occupancy = house.get("/gate/occupancy").await.context("asking who is inside")?;
    report(options, pairs * 2, took, &all, occupancy.inside)
}

fn venue(title: &'static str, standing: u32) -> Venue {
    Venue { title, seats: 0, standing, hold_ttl_s: 600, holds_per_customer_max: 4, units_per_customer_max: None }
}

/// What all pairs do at the same time.
async fn together(
    works: impl Iterator<Item = impl Future<Output = (Pair, Tally)> + Send + 'static>,
    all: &mut Tally,
) -> Result<Vec<Pair>> {
    let mut workers: JoinSet<_> = works.collect();
    let mut pairs = Vec::with_capacity(workers.len());
    while let Some(done) = workers.join_next().await {
        let (pair, tally) = done.context("a pair of gates")?;
        all.add(tally)?;
        pairs.push(pair);
    }
    Ok(pairs)
}

struct Took {
    forged_s: f64,
    scans_s: f64,
}

fn report(options: &ScansOptions, gates: u32, took: Took, all: &Tally, inside: u32) -> Result<ScansReport> {
    ensure!(!all.scans.is_empty(), "nothing was measured; most often: {:?}", all.violations.first());
    let took_s = took.scans_s;
    Ok(ScansReport {
        schema: 2,
        url: options.server.url.clone(),
        gates,
        tickets: options.tickets,
        forged: all.forged,
        forged_per_s: all.forged as f64 / took.forged_s.max(f64::MIN_POSITIVE),
        took_s,
        scans: all.scans.len(),
        scans_per_s: all.scans.len() as f64 / took_s,
        rounds: all.rounds,
        admitted: all.admitted,
        latency: vec![LatencyLine::of("scan", &all.scans)],
        repeated: all.repeated.clone(),
        violations: all.violations.clone(),
        inside_at_end: inside,
        passed: all.violations.is_empty() && inside == 0 && all.admitted == all.rounds,
    })
}

struct Gate {
    key: String,
    connection: Option<Connection>,
    scans: u64,
}

/// Two gates that want the same tickets.
struct Pair {
    codes: Vec<Arc<str>>,
    gates: [Gate; 2],
    scans: String,
    authority: Arc<str>,
    timeout: Duration,
    give_up: Duration,
}

impl Pair {
    /// Both gates are shown `count` codes each that must not open them.
    async fn refuse(mut self, genuine: Genuine, seed: u64, count: u64) -> (Self, Tally) {
        let mut tally = Tally::new();
        let Self { gates: [left, right], scans, authority, timeout, give_up, .. } = &mut self;
        let way = Way { scans, authority, timeout: *timeout, give_up: *give_up };
        let mut forgers = [Forger::new(genuine.clone(), 2 * seed), Forger::new(genuine, 2 * seed + 1)];
        for _ in 0..count {
            let [(kind, one), (_, other)] = forgers.each_mut().map(Forger::next);
            let told = tokio::join!(
                left.scan(&way, &one, ScanDirection::Entry),
                right.scan(&way, &other, ScanDirection::Entry)
            );
            for told in [told.0, told.1] {
                let result = tally.told(Told { took_us: 0, ..told });
                tally.forged += 1;
                if result != Some(ScanResult::Refused) {
                    tally.violation(format!("{kind} at a gate: {result:?}"));
                }
            }
            if !tally.violations.is_empty() {
                break;
            }
        }
        (self, tally)
    }

    async fn work(mut self, until: Instant) -> (Self, Tally) {
        let mut tally = Tally::new();
        while Instant::now() < until && tally.violations.is_empty() {
            for at in 0..self.codes.len() {
                if Instant::now() >= until {
                    break;
                }
                self.round(at, &mut tally).await;
            }
        }
        (self, tally)
    }

    async fn round(&mut self, at: usize, tally: &mut Tally) {
        let code = Arc::clone(&self.codes[at]);
        let Self { gates: [left, right], scans, authority, timeout, give_up, .. } = self;
        let way = Way { scans, authority, timeout: *timeout, give_up: *give_up };
        let (one, other) =
            tokio::join!(left.scan(&way, &code, ScanDirection::Entry), right.scan(&way, &code, ScanDirection::Entry),);
        let (one, other) = (tally.told(one), tally.told(other));
        tally.rounds += 1;
        let admitted = [one, other].into_iter().filter(|result| *result == Some(ScanResult::Admitted)).count();
        tally.admitted += admitted as u64;
        if admitted != 1 {
            tally.violation(format!("a ticket at two gates: {one:?} and {other:?}"));
        }
        let gone = left.scan(&way, &code, ScanDirection::Exit).await;
        let gone = tally.told(gone);
        if gone != Some(ScanResult::LetOut) {
            tally.violation(format!("somebody inside is not let out: {gone:?}"));
        }
    }
}

struct Way<'a> {
    scans: &'a str,
    authority: &'a str,
    timeout: Duration,
    give_up: Duration,
}

/// What one gate was told, and how often it had to ask.
#[derive(Default)]
struct Told {
    result: Option<ScanResult>,
    took_us: u64,
    repeated: Vec<String>,
    /// An answer that no scan may have.
    violation: Option<String>,
}

impl Gate {
    const fn new(key: String) -> Self {
        Self { key, connection: None, scans: 0 }
    }

    /// Asks under one nonce until there is a final answer.
    async fn scan(&mut self, way: &Way<'_>, code: &str, direction: ScanDirection) -> Told {
        // Every gate counts from 1: the server must tell them apart.
        self.scans += 1;
        let body = ScanRequest {
            code: Some(code.to_owned()),
            ticket_id: None,
            nonce: self.scans.to_string(),
            direction: Some(direction),
            list: None,
        };
        let mut told = Told::default();
        let call = match Call::post(way.scans.to_owned(), None, &body) {
            Ok(call) => call,
            Err(error) => return Told { violation: Some(error.to_string()), ..told },
        };
        let first = Instant::now();
        while first.elapsed() < way.give_up {
            let asked = Instant::now();
            let answered = exchange(&mut self.connection, way.authority, &call, &self.key);
            let answered = tokio::time::timeout(way.timeout, answered).await;
            match classify(answered.unwrap_or(Err(Fault::Timeout))) {
                Answer::Ok(reply) => {
                    told.took_us = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
                    let answer = serde_json::from_slice(&reply.body);
                    told.result = answer.ok().map(|answer: ScanResponse| answer.result);
                    return told;
                }
                again @ (Answer::NotNow { .. } | Answer::Unknown { .. } | Answer::InProgress { .. }) => {
                    let (class, code) = again.class();
                    told.repeated.push(format!("{class} {code}"));
                    self.connection = None;
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                other => {
                    let (class, code) = other.class();
                    return Told { violation: Some(format!("{class} {code}")), ..told };
                }
            }
        }
        told
    }
}

impl Tally {
    fn new() -> Self {
        Self {
            forged: 0,
            scans: histogram(),
            rounds: 0,
            admitted: 0,
            repeated: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    fn told(&mut self, told: Told) -> Option<ScanResult> {
        if told.took_us > 0 {
            self.scans.saturating_record(told.took_us);
        }
        for what in told.repeated {
            *self.repeated.entry(what).or_default() += 1;
        }
        told.violation.into_iter().for_each(|what| self.violation(what));
        told.result
    }

    fn violation(&mut self, what: String) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(what);
        }
    }

    fn add(&mut self, other: Self) -> Result<()> {
        self.scans.add(&other.scans)?;
        self.forged += other.forged;
        self.rounds += other.rounds;
        self.admitted += other.admitted;
        other.violations.into_iter().for_each(|what| self.violation(what));
        for (what, count) in other.repeated {
            *self.repeated.entry(what).or_default() += count;
        }
        Ok(())
    }
}
