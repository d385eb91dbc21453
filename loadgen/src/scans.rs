//! A closed loop at the doors of one event. Every ticket is shown at two gates at the same time, each a scanner with a key
//! of its own: one of them must admit it and the other must not. Whoever was let in leaves, and comes again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;
use wire::{
    Hold, HoldItem, HoldRequest, Occupancy, Order, OrderRequest, PayRequest, PaymentMethod, ScanDirection, ScanRequest,
    ScanResponse, ScanResult, ScannerCreate, ScannerIssued,
};

use crate::Usage;
use crate::account::{Account, Credentials};
use crate::answer::{Answer, classify};
use crate::cli::ScansOptions;
use crate::client::Client;
use crate::clock::Clock;
use crate::connection::{Connection, Fault};
use crate::measure::{Step, histogram};
use crate::pool::{Call, exchange};
use crate::preset::organizer;
use crate::report::LatencyLine;
use crate::sale::connect;
use crate::terminal::Progress;
use crate::venue::Venue;

const CONNECTIONS: u32 = 64;
/// As many as a hold may have.
const TICKETS_PER_ORDER: u32 = 10;
const RETRY_AFTER: Duration = Duration::from_millis(20);

#[derive(Clone, Debug, Serialize)]
pub struct ScansReport {
    pub schema: u32,
    pub url: String,
    /// Each with a key and a connection of its own.
    pub gates: u32,
    pub tickets: u32,
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
    let venue = Venue {
        title: "The doors",
        seats: 0,
        standing: options.tickets,
        hold_ttl_s: 600,
        holds_per_customer_max: 4,
        units_per_customer_max: None,
    };
    let owner = organizer(&options.organizer).context(Usage)?;
    let event = venue.open(&client, &owner, clock.now()).await.context("making the event")?;
    let owner = Account::new(Credentials { email: owner.email, password: owner.password, token: String::new() });
    owner.sign_in(&client).await.context("signing in as the organizer")?;
    let house = House { client: &client, owner: &owner, event: format!("/api/v1/events/{event}"), id: event };

    progress.begin("tickets", u64::from(options.tickets));
    let codes = house.tickets(options.tickets).await.context("buying the tickets")?;
    progress.end();
    let give_up = Duration::from_secs_f64(options.server.give_up);
    let until = Instant::now() + Duration::from_secs_f64(options.duration);
    let mut workers = JoinSet::new();
    for number in 0..pairs {
        let own = codes.iter().skip(number as usize).step_by(pairs as usize).cloned();
        let pair = Pair {
            codes: own.collect(),
            gates: [house.gate(number * 2).await?, house.gate(number * 2 + 1).await?],
            scans: format!("{}/gate/scans", house.event),
            authority: Arc::from(client.pool.authority()),
            timeout: Duration::from_secs_f64(options.server.timeout),
            give_up,
        };
        workers.spawn(pair.work(until));
    }
    progress.begin("scans", 1);
    let started = Instant::now();
    let mut all = Tally::new();
    while let Some(tally) = workers.join_next().await {
        all.add(tally.context("a pair of gates")?)?;
    }
    progress.step();
    progress.end();
    let took_s = started.elapsed().as_secs_f64();
    let occupancy: Occupancy = house.get("/gate/occupancy").await.context("asking who is inside")?;
    report(options, pairs * 2, took_s, &all, occupancy.inside)
}

fn report(options: &ScansOptions, gates: u32, took_s: f64, all: &Tally, inside: u32) -> Result<ScansReport> {
    ensure!(!all.scans.is_empty(), "nothing was measured; most often: {:?}", all.violations.first());
    Ok(ScansReport {
        schema: 1,
        url: options.server.url.clone(),
        gates,
        tickets: options.tickets,
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

/// The event, by its organizer.
struct House<'a> {
    client: &'a Client,
    owner: &'a Account,
    event: String,
    id: uuid::Uuid,
}

impl House<'_> {
    async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T> {
        let reply = self.client.ask_raw(Step::Setup, Some(self.owner), &call).await?;
        Ok(serde_json::from_slice(&reply.body)?)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let path = format!("{}{path}", self.event);
        self.ask(Call { method: hyper::Method::GET, path, key: None, body: None }).await
    }

    /// The codes of as many tickets.
    async fn tickets(&self, count: u32) -> Result<Vec<Arc<str>>> {
        let mut codes = Vec::with_capacity(count as usize);
        while codes.len() < count as usize {
            let quantity = TICKETS_PER_ORDER.min(count - codes.len() as u32);
            let area = Some("FLOOR".to_owned());
            let item = HoldItem { area, quantity: Some(i64::from(quantity)), ..HoldItem::default() };
            let wanted = HoldRequest { items: vec![item], ..HoldRequest::default() };
            let hold: Hold = self.ask(Call::post(format!("{}/holds", self.event), None, &wanted)?).await?;
            let wanted =
                OrderRequest { event_id: self.id, hold_id: hold.id, attendees: Vec::new(), accept_other_seats: false };
            let order: Order = self.ask(Call::post("/api/v1/orders".to_owned(), None, &wanted)?).await?;
            let pay = PayRequest { method: PaymentMethod::Mock, outcome: None, amount: Some(order.total) };
            let paid: Order = self.ask(Call::post(format!("/api/v1/orders/{}/pay", order.id), None, &pay)?).await?;
            codes.extend(paid.tickets.into_iter().filter_map(|ticket| ticket.code).map(Arc::from));
        }
        Ok(codes)
    }

    /// The key of a scanner that is made for it.
    async fn gate(&self, number: u32) -> Result<Gate> {
        let wanted = ScannerCreate { name: format!("Gate {number}"), list: None, gate: None, expires_at: None };
        let made: ScannerIssued = self.ask(Call::post(format!("{}/scanners", self.event), None, &wanted)?).await?;
        Ok(Gate { key: made.key.context("a scanner without its key")?, connection: None, scans: 0 })
    }
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
    async fn work(mut self, until: Instant) -> Tally {
        let mut tally = Tally::new();
        while Instant::now() < until && tally.violations.is_empty() {
            for at in 0..self.codes.len() {
                if Instant::now() >= until {
                    break;
                }
                self.round(at, &mut tally).await;
            }
        }
        tally
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
        Self { scans: histogram(), rounds: 0, admitted: 0, repeated: BTreeMap::new(), violations: Vec::new() }
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
        self.rounds += other.rounds;
        self.admitted += other.admitted;
        other.violations.into_iter().for_each(|what| self.violation(what));
        for (what, count) in other.repeated {
            *self.repeated.entry(what).or_default() += count;
        }
        Ok(())
    }
}
