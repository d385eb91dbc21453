//! A closed loop: every connection asks as fast as it is answered. Slices of holds on one hot event, or of whole purchases, and
//! slices of an endpoint that does nothing take turns, so that whatever else the machine does hits both alike.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use uuid::Uuid;
use wire::{BestAvailable, HoldItem, HoldRequest, Money, OrderRequest, PayRequest, PaymentMethod};

use crate::Usage;
use crate::account::{Account, Accounts};
use crate::answer::{Answer, classify};
use crate::cli::HoldsOptions;
use crate::clock::Clock;
use crate::connection::{Connection, Fault};
use crate::measure::histogram;
use crate::mix::{Habits, Mix, Want};
use crate::pool::{Call, exchange};
use crate::preset::organizer;
use crate::report::LatencyLine;
use crate::sale::connect;
use crate::slices::{Slices, Turn};
use crate::terminal::Progress;
use crate::venue::Venue;

/// Holds give their places back by themselves, so that the house never fills: what is live is the rate times this.
const HOLD_TTL_S: u32 = 2;
/// A hold that is to be bought outlives the slice between.
const PURCHASE_TTL_S: u32 = 120;
const STANDING: u32 = 500_000;
const HOLDS_PER_CUSTOMER: u32 = 1_000;
const CONNECTIONS: u32 = 512;
const RECONNECT_AFTER: Duration = Duration::from_millis(20);

#[derive(Clone, Debug, Serialize)]
pub struct HoldsReport {
    pub schema: u32,
    pub url: String,
    pub connections: u32,
    pub accounts: u32,
    pub seats: u32,
    /// Of each of the two.
    pub slices: u32,
    pub slice_s: f64,
    pub holds: u64,
    /// Paid, where purchases were asked for: a hold, an order and a payment each.
    pub purchases: u64,
    pub refused: u64,
    pub no_ops: u64,
    pub holds_per_s: f64,
    /// Holds, orders and payments.
    pub requests_per_s: f64,
    pub no_op_per_s: f64,
    /// Requests per no-op.
    pub ratio: f64,
    pub latency: Vec<LatencyLine>,
    /// Answers that are neither done nor refused, by class and code.
    pub failures: BTreeMap<String, u64>,
    /// No answer outside the contract.
    pub passed: bool,
}

/// What a connection asks for next.
#[derive(Clone, Debug)]
enum Step {
    NoOp,
    Hold,
    Order { hold: Uuid },
    Pay(Ordered),
}

#[derive(Deserialize)]
struct Held {
    id: Uuid,
}

#[derive(Clone, Debug, Deserialize)]
struct Ordered {
    id: Uuid,
    total: Money,
}

struct Tally {
    holds: Histogram<u64>,
    orders: Histogram<u64>,
    payments: Histogram<u64>,
    no_ops: Histogram<u64>,
    refused: u64,
    failures: BTreeMap<String, u64>,
    is_broken: bool,
}

/// # Errors
/// The event or the accounts cannot be made.
pub async fn run(options: &HoldsOptions) -> Result<HoldsReport> {
    let connections = options.server.connections.unwrap_or(CONNECTIONS).max(1);
    let progress = Progress::new(options.server.quiet);
    let clock = Clock::start();
    let setup = connect(&options.server, 32, clock)?;
    let venue = Venue {
        title: "The hot one",
        seats: options.seats,
        standing: STANDING,
        hold_ttl_s: if options.purchases { PURCHASE_TTL_S } else { HOLD_TTL_S },
        holds_per_customer_max: HOLDS_PER_CUSTOMER,
        units_per_customer_max: None,
    };
    let event = venue
        .open(&setup, &organizer(&options.organizer).context(Usage)?, clock.now())
        .await
        .context("making the event")?;
    let tag = format!("{:x}{:04x}", clock.started_at.timestamp_micros(), rand::random::<u16>());
    let file = options.accounts_file.as_deref();
    let accounts = Accounts::prepare(&setup, options.accounts as usize, file, &tag, &progress).await?;

    let slice = Duration::from_secs_f64(options.slice);
    let pairs = (options.duration / options.slice / 2.0).floor().max(1.0) as u32;
    let slices = Slices { started: Instant::now(), slice, count: pairs * 2 };
    progress.begin("holds", u64::from(slices.count));
    let mut workers = JoinSet::new();
    for number in 0..connections {
        let account = Arc::clone(&accounts.all()[number as usize % accounts.all().len()]);
        let worker = Worker {
            authority: setup.pool.authority().to_owned(),
            event,
            holds: format!("/api/v1/events/{event}/holds"),
            buys: options.purchases,
            no_op: options.no_op.clone(),
            key: (!options.without_keys).then(|| format!("{tag}-{number}")),
            mix: options.mix,
            account,
            timeout: Duration::from_secs_f64(options.server.timeout),
            rng: StdRng::seed_from_u64(options.seed.wrapping_add(u64::from(number))),
        };
        workers.spawn(worker.hammer(slices));
    }
    let mut all = Tally::new();
    let mut ticker = tokio::time::interval(slice);
    while !workers.is_empty() {
        tokio::select! {
            Some(tally) = workers.join_next() => all.add(tally.context("a connection")?)?,
            _ = ticker.tick() => progress.step(),
        }
    }
    progress.end();
    report(options, connections, pairs, &all)
}

fn report(options: &HoldsOptions, connections: u32, pairs: u32, all: &Tally) -> Result<HoldsReport> {
    let seconds = f64::from(pairs) * options.slice;
    let requests = all.holds.len() + all.orders.len() + all.payments.len();
    let per_s = |count: u64| count as f64 / seconds;
    let steps = [("hold", &all.holds), ("order", &all.orders), ("pay", &all.payments), ("no-op", &all.no_ops)];
    let most = all.failures.iter().max_by_key(|(_, count)| **count);
    ensure!(!all.holds.is_empty() && !all.no_ops.is_empty(), "nothing was measured; most often: {most:?}");
    Ok(HoldsReport {
        schema: crate::report::SCHEMA,
        url: options.server.url.clone(),
        connections,
        accounts: options.accounts,
        seats: options.seats,
        slices: pairs,
        slice_s: options.slice,
        holds: all.holds.len(),
        purchases: all.payments.len(),
        refused: all.refused,
        no_ops: all.no_ops.len(),
        holds_per_s: per_s(all.holds.len()),
        requests_per_s: per_s(requests),
        no_op_per_s: per_s(all.no_ops.len()),
        ratio: requests as f64 / all.no_ops.len() as f64,
        latency: steps
            .into_iter()
            .filter(|(_, took)| !took.is_empty())
            .map(|(name, took)| LatencyLine::of(name, took))
            .collect(),
        failures: all.failures.clone(),
        passed: !all.is_broken,
    })
}

struct Worker {
    authority: String,
    event: Uuid,
    holds: String,
    buys: bool,
    no_op: String,
    key: Option<String>,
    mix: Mix,
    account: Arc<Account>,
    timeout: Duration,
    rng: StdRng,
}

impl Worker {
    async fn hammer(mut self, slices: Slices) -> Tally {
        let mut tally = Tally::new();
        let mut connection: Option<Connection> = None;
        let token = self.account.token();
        let mut next = Step::Hold;
        for number in 0u64.. {
            let turn = slices.turn(Instant::now());
            let step = match turn {
                Turn::Over => break,
                Turn::NoOp(_) => Step::NoOp,
                // What is refused or lost is begun anew.
                Turn::WarmUp | Turn::Measured(_) => std::mem::replace(&mut next, Step::Hold),
            };
            let call = match self.call(&step, number) {
                Ok(call) => call,
                Err(error) => {
                    tally.fail(error.to_string(), true);
                    break;
                }
            };
            let asked = Instant::now();
            let answered =
                tokio::time::timeout(self.timeout, exchange(&mut connection, &self.authority, &call, &token));
            let answer = classify(answered.await.unwrap_or(Err(Fault::Timeout)));
            // Only what began and ended in the same slice belongs to it.
            let counts = turn == slices.turn(Instant::now()) && turn != Turn::WarmUp;
            match answer {
                Answer::Ok(reply) => {
                    if counts {
                        tally.done(&step, asked);
                    }
                    match self.after(&step, &reply.body) {
                        Ok(Some(then)) => next = then,
                        Ok(None) => {}
                        Err(error) => tally.fail(error.to_string(), true),
                    }
                }
                Answer::Rejected(_) if !matches!(step, Step::NoOp) => tally.refused += u64::from(counts),
                other => {
                    let (class, code) = other.class();
                    let is_broken = matches!(other, Answer::Protocol(_) | Answer::ServerBug { .. });
                    tally.fail(format!("{class} {code}"), is_broken);
                    if matches!(other, Answer::NotNow { .. } | Answer::Unknown { .. }) {
                        connection = None;
                        tokio::time::sleep(RECONNECT_AFTER).await;
                    }
                }
            }
        }
        tally
    }

    /// What follows an answer; `None`: nothing new.
    fn after(&self, step: &Step, body: &[u8]) -> serde_json::Result<Option<Step>> {
        Ok(match step {
            Step::Hold if self.buys => Some(Step::Order { hold: serde_json::from_slice::<Held>(body)?.id }),
            Step::Order { .. } => Some(Step::Pay(serde_json::from_slice(body)?)),
            Step::NoOp | Step::Hold | Step::Pay(_) => None,
        })
    }

    /// The no-op gets the headers of a hold, token and key included, and an empty object.
    fn call(&mut self, step: &Step, number: u64) -> serde_json::Result<Call> {
        let key = self.key.as_ref().map(|key| format!("{key}-{number}"));
        match step {
            Step::NoOp => return Call::post(self.no_op.clone(), key, &serde_json::Map::new()),
            Step::Order { hold } => {
                let (event_id, hold_id) = (self.event, *hold);
                let body = OrderRequest { event_id, hold_id, attendees: Vec::new(), accept_other_seats: false };
                return Call::post("/api/v1/orders".to_owned(), key, &body);
            }
            Step::Pay(order) => {
                let amount = Some(order.total.clone());
                let body = PayRequest { method: PaymentMethod::Mock, outcome: None, amount };
                return Call::post(format!("/api/v1/orders/{}/pay", order.id), key, &body);
            }
            Step::Hold => {}
        }
        let intent = self.mix.draw(&Habits::default(), 2, &mut self.rng);
        let item = match intent.want {
            Want::Best | Want::Named => HoldItem {
                best_available: Some(BestAvailable { quantity: i64::from(intent.units), ..BestAvailable::default() }),
                ..HoldItem::default()
            },
            Want::Standing => HoldItem {
                area: Some("FLOOR".to_owned()),
                quantity: Some(self.rng.random_range(1..=2)),
                ..HoldItem::default()
            },
        };
        Call::post(self.holds.clone(), key, &HoldRequest { items: vec![item], ..HoldRequest::default() })
    }
}

impl Tally {
    fn new() -> Self {
        Self {
            holds: histogram(),
            orders: histogram(),
            payments: histogram(),
            no_ops: histogram(),
            refused: 0,
            failures: BTreeMap::new(),
            is_broken: false,
        }
    }

    fn done(&mut self, step: &Step, asked: Instant) {
        let us = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
        let took = match step {
            Step::NoOp => &mut self.no_ops,
            Step::Hold => &mut self.holds,
            Step::Order { .. } => &mut self.orders,
            Step::Pay(_) => &mut self.payments,
        };
        took.saturating_record(us);
    }

    fn fail(&mut self, what: String, is_broken: bool) {
        *self.failures.entry(what).or_default() += 1;
        self.is_broken |= is_broken;
    }

    fn add(&mut self, other: Self) -> Result<()> {
        self.holds.add(&other.holds)?;
        self.orders.add(&other.orders)?;
        self.payments.add(&other.payments)?;
        self.no_ops.add(&other.no_ops)?;
        self.refused += other.refused;
        self.is_broken |= other.is_broken;
        for (what, count) in other.failures {
            *self.failures.entry(what).or_default() += count;
        }
        Ok(())
    }
}
