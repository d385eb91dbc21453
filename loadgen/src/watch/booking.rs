//! Seats that change while others watch: holds of several named seats, each given back a second later. The house is cut
//! into blocks that take turns, so that nothing is refused for want of seats.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use tokio::task::JoinSet;
use wire::{Hold, HoldItem, HoldRequest};

use crate::account::Accounts;
use crate::answer::Class;
use crate::arena::Arena;
use crate::client::{Client, Outcome};
use crate::clock::Clock;
use crate::measure::{Measurements, Step};
use crate::pool::Call;
use crate::report::LatencyLine;

const HELD_FOR: Duration = Duration::from_secs(1);
/// Cycles under way at once; one that would be more is not sent and counts as refused.
const CYCLES_MAX: usize = 10_000;

#[derive(Clone, Copy, Debug)]
pub enum Pace {
    /// Seats changed per second, on a schedule that no answer delays.
    SeatsPerS(f64),
    /// So many connections, each as fast as it is answered.
    FlatOut(u32),
}

pub struct Booking {
    client: Client,
    accounts: Accounts,
    blocks: Vec<Vec<String>>,
    path: String,
    tag: String,
}

/// One stretch of booking.
#[derive(Clone, Debug, Serialize)]
pub struct BookingLine {
    pub phase: &'static str,
    pub took_s: f64,
    /// None: as fast as answered.
    pub seats_per_s_asked: Option<f64>,
    pub seats_per_s: f64,
    pub holds: u64,
    pub releases: u64,
    pub refused: u64,
    pub unsent: u64,
    #[serde(skip)]
    pub latency: Vec<LatencyLine>,
    /// Answers outside the contract.
    #[serde(skip)]
    pub violations: Vec<String>,
}

impl Booking {
    /// # Errors
    /// The house is too small for blocks of `seats` each that rest long enough.
    pub fn new(client: Client, accounts: Accounts, arena: &Arena, seats: usize, tag: String) -> Result<Self> {
        let ids: Vec<String> = arena.seats.iter().map(|seat| seat.id.clone()).collect();
        let blocks: Vec<Vec<String>> = ids.chunks_exact(seats).map(<[String]>::to_vec).collect();
        ensure!(!blocks.is_empty(), "the house has fewer than {seats} seats");
        let path = format!("/api/v1/events/{}/holds", arena.event.id);
        Ok(Self { client, accounts, blocks, path, tag })
    }

    /// Books for `duration`, then waits until everything has been given back.
    ///
    /// # Errors
    /// The house is too small for the pace.
    pub async fn run(self: &Arc<Self>, phase: &'static str, pace: Pace, duration: Duration) -> Result<BookingLine> {
        let clock = Clock::start();
        let stretch = Arc::new(Stretch {
            booking: Arc::clone(self),
            client: Client { measured: Arc::new(Measurements::new(clock)), ..self.client.clone() },
            phase,
        });
        let unsent = match pace {
            Pace::SeatsPerS(rate) => stretch.paced(rate, duration).await?,
            Pace::FlatOut(connections) => stretch.flat_out(connections, duration).await?,
        };
        let asked = match pace {
            Pace::SeatsPerS(rate) => Some(rate),
            Pace::FlatOut(_) => None,
        };
        Ok(stretch.line(asked, duration, unsent))
    }
}

struct Stretch {
    booking: Arc<Booking>,
    client: Client,
    phase: &'static str,
}

impl Stretch {
    async fn paced(self: &Arc<Self>, rate: f64, duration: Duration) -> Result<u64> {
        let blocks = &self.booking.blocks;
        // Each cycle changes its seats twice.
        let every = Duration::from_secs_f64(2.0 * blocks[0].len() as f64 / rate);
        let rest = every * u32::try_from(blocks.len()).unwrap_or(u32::MAX);
        ensure!(rest > HELD_FOR * 3, "{rate} seats per second want a larger house: a block is free for {rest:?} only");
        let started = self.client.measured.clock.started;
        let (mut cycles, mut unsent) = (JoinSet::new(), 0);
        for number in 0u32.. {
            let due = every * number;
            if due >= duration {
                break;
            }
            tokio::time::sleep_until((started + due).into()).await;
            while cycles.try_join_next().is_some() {}
            if cycles.len() >= CYCLES_MAX {
                unsent += 1;
                continue;
            }
            let (stretch, held_until) = (Arc::clone(self), started + due + HELD_FOR);
            cycles.spawn(async move { stretch.cycle(u64::from(number), started + due, Some(held_until)).await });
        }
        while cycles.join_next().await.is_some() {}
        Ok(unsent)
    }

    async fn flat_out(self: &Arc<Self>, connections: u32, duration: Duration) -> Result<u64> {
        ensure!(connections as usize <= self.booking.blocks.len(), "a block for each of {connections} connections");
        let until = self.client.measured.clock.started + duration;
        let mut workers = JoinSet::new();
        for worker in 0..u64::from(connections) {
            let stretch = Arc::clone(self);
            workers.spawn(async move {
                let mut number = worker;
                while Instant::now() < until {
                    stretch.cycle(number, Instant::now(), None).await;
                    number += u64::from(connections);
                }
            });
        }
        while let Some(done) = workers.join_next().await {
            done.context("a booker")?;
        }
        Ok(0)
    }

    /// Holds block `number` and gives it back, at `held_until` if that is said and else at once.
    async fn cycle(&self, number: u64, due: Instant, held_until: Option<Instant>) {
        let Booking { accounts, blocks, path, tag, .. } = &*self.booking;
        let block = &blocks[(number % blocks.len() as u64) as usize];
        let account = &accounts.all()[(number % accounts.all().len() as u64) as usize];
        let items = block.iter().map(|seat| HoldItem { seat: Some(seat.clone()), ..HoldItem::default() }).collect();
        let key = |what| format!("{tag}-{}-{number}-{what}", self.phase);
        let call = Call::post(path.clone(), Some(key("hold")), &HoldRequest { items, ..HoldRequest::default() });
        let Ok(call) = call else { unreachable!("the bodies of wire can be written") };
        let measured = &self.client.measured;
        let settled = self.client.settle(Step::Hold, Some(account), &call, due).await.read::<Hold>();
        let hold = match settled.outcome {
            Outcome::Done(hold) => hold,
            Outcome::Refused(_) | Outcome::GaveUp { .. } => return,
            Outcome::Broken(what) => return measured.violation(format!("hold: {what}")),
        };
        if let Some(until) = held_until {
            tokio::time::sleep_until(until.into()).await;
        }
        let release = Call::delete(format!("{path}/{}", hold.id), key("release"));
        let due = held_until.unwrap_or_else(Instant::now);
        if let Outcome::Broken(what) = self.client.settle(Step::Release, Some(account), &release, due).await.outcome {
            measured.violation(format!("release: {what}"));
        }
    }

    fn line(&self, asked: Option<f64>, duration: Duration, unsent: u64) -> BookingLine {
        let measured = &self.client.measured;
        let count = |step: Step, class: Class| {
            let all = measured.answers();
            all.iter().filter(|((s, c, _), _)| (*s, *c) == (step, class)).map(|(_, count)| count).sum::<u64>()
        };
        let (holds, releases) = (count(Step::Hold, Class::Ok), count(Step::Release, Class::Ok));
        let changed = (holds + releases) * self.booking.blocks[0].len() as u64;
        // Paced, the last releases come after the end as the first come a while after the beginning.
        let took = if asked.is_some() { duration } else { measured.clock.passed() };
        let steps = measured.steps();
        let latency = [Step::Hold, Step::Release]
            .into_iter()
            .filter_map(|step| Some(LatencyLine::of(&format!("{} {}", step.name(), self.phase), steps.get(&step)?)));
        BookingLine {
            phase: self.phase,
            took_s: took.as_secs_f64(),
            seats_per_s_asked: asked,
            seats_per_s: changed as f64 / took.as_secs_f64(),
            holds,
            releases,
            refused: count(Step::Hold, Class::Rejected) + count(Step::Release, Class::Rejected),
            unsent,
            latency: latency.collect(),
            violations: measured.violations(),
        }
    }
}
