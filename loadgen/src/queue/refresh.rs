//! Those who wait press reload: joins and looks of accounts that have a place, at a fixed rate, over connections of their
//! own. First a stretch without it, which purchases in a storm are compared with; then storms and calm slices in turn, of
//! which a calm one begins when nothing of the storm is under way any more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::task::JoinSet;
use wire::Place;

use super::crowd::Crowd;
use super::sockets::Sockets;
use crate::client::{Client, Outcome};
use crate::measure::Step;
use crate::pool::Call;

/// Of the storm. It must not wait behind shoppers, nor they behind it, other than in the server.
pub const CONNECTIONS: u32 = 256;
/// Under way at once; what would be more is not sent.
const AT_ONCE: usize = 20_000;
/// To find one who waits.
const LOOKED_AT: usize = 5_000;
/// For what is still under way after a storm; then it is dropped.
const DRAIN_DEADLINE: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weather {
    /// Before the first storm.
    Baseline,
    Calm,
    Stormy,
}

#[derive(Clone, Copy, Debug)]
pub struct Slice {
    pub from: Instant,
    pub to: Instant,
    pub weather: Weather,
    /// Requests answered, other than refreshes.
    pub requests: u64,
    pub refreshes: u64,
    /// Refreshes sent.
    pub offered: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Storms {
    pub slices: Vec<Slice>,
    pub unsent: u64,
    /// Dropped, because they were not answered within the deadline after a storm.
    pub dropped: u64,
}

pub struct Plan {
    pub per_s: u32,
    pub slice: Duration,
    /// The crowd is still coming until then.
    pub settle: Duration,
    pub baseline: Duration,
}

struct Weathered<'a> {
    crowd: &'a Arc<Crowd>,
    client: Client,
    tasks: JoinSet<()>,
    next: usize,
    storms: Storms,
}

pub async fn run(crowd: Arc<Crowd>, sockets: Arc<Sockets>, client: Client, plan: Plan) -> Storms {
    let Plan { per_s, slice, settle, baseline } = plan;
    let mut weathered = Weathered { crowd: &crowd, client, tasks: JoinSet::new(), next: 0, storms: Storms::default() };
    if per_s == 0 {
        return weathered.storms;
    }
    rest(&crowd, settle).await;
    weathered.quiet(Weather::Baseline, baseline).await;
    while !crowd.is_over() {
        sockets.storms.send_modify(|storms| *storms += 1);
        weathered.storm(per_s, slice).await;
        weathered.drain().await;
        weathered.quiet(Weather::Calm, slice).await;
    }
    weathered.drain().await;
    weathered.storms
}

async fn rest(crowd: &Crowd, time: Duration) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = crowd.until_over() => {}
    }
}

impl Weathered<'_> {
    /// Answers so far: other than refreshes, and refreshes. What bots try is no load that anybody asked for.
    fn answered(&self) -> (u64, u64) {
        let (mut others, mut refreshes) = (0, 0);
        for ((step, ..), count) in self.crowd.client().measured.answers() {
            match step {
                Step::Refresh => refreshes += count,
                Step::Bypass | Step::Setup | Step::Audit => {}
                Step::Hold | Step::Order | Step::Pay | Step::Release | Step::Read => others += count,
                Step::Join | Step::Look | Step::Claim | Step::Leave => others += count,
            }
        }
        (others, refreshes)
    }

    fn note(&mut self, from: Instant, weather: Weather, before: (u64, u64), offered: u64) {
        if !self.crowd.is_over() {
            let after = self.answered();
            let (requests, refreshes) = (after.0 - before.0, after.1 - before.1);
            self.storms.slices.push(Slice { from, to: Instant::now(), weather, requests, refreshes, offered });
        }
    }

    async fn quiet(&mut self, weather: Weather, time: Duration) {
        let (from, before) = (Instant::now(), self.answered());
        rest(self.crowd, time).await;
        self.note(from, weather, before, 0);
    }

    async fn storm(&mut self, per_s: u32, slice: Duration) {
        let (from, before) = (Instant::now(), self.answered());
        let offered = self.send(per_s, slice, from).await;
        self.note(from, Weather::Stormy, before, offered);
    }

    /// Gives how many were sent.
    async fn send(&mut self, per_s: u32, slice: Duration, started: Instant) -> u64 {
        let mut sent = 0;
        for number in 0u32.. {
            let due = Duration::from_secs_f64(f64::from(number) / f64::from(per_s));
            if due >= slice || self.crowd.is_over() {
                break;
            }
            tokio::time::sleep_until((started + due).into()).await;
            while self.tasks.try_join_next().is_some() {}
            if self.tasks.len() >= AT_ONCE {
                self.storms.unsent += 1;
                continue;
            }
            let Some(index) = self.next_waiting() else { break };
            let (crowd, client) = (Arc::clone(self.crowd), self.client.clone());
            let joins = number.is_multiple_of(2);
            self.tasks.spawn(async move { again(&crowd, &client, index, joins, started + due).await });
            sent += 1;
        }
        tokio::time::sleep_until((started + slice).into()).await;
        sent
    }

    /// The next that still waits; near the end nearly nobody does.
    fn next_waiting(&mut self) -> Option<usize> {
        let waits = |index: &usize| {
            let seen = self.crowd.waiters[*index].seen();
            seen.number.is_some() && seen.admitted_at.is_none()
        };
        let count = self.crowd.waiters.len();
        let index = (0..count.min(LOOKED_AT)).map(|step| (self.next + step) % count).find(waits)?;
        self.next = index + 1;
        Some(index)
    }

    /// Until nothing of a storm is under way.
    async fn drain(&mut self) {
        let until = tokio::time::Instant::now() + DRAIN_DEADLINE;
        while let Ok(Some(_)) = tokio::time::timeout_at(until, self.tasks.join_next()).await {}
        self.storms.dropped += self.tasks.len() as u64;
        self.tasks.shutdown().await;
    }
}

async fn again(crowd: &Crowd, client: &Client, index: usize, joins: bool, due: Instant) {
    let waiter = &crowd.waiters[index];
    let call = if joins { crowd.join_call(None) } else { Call::get(crowd.path.clone()) };
    let settled = client.settle(Step::Refresh, Some(&waiter.account), &call, due).await.read::<Place>();
    match settled.outcome {
        // He went in, and perhaps out, while this was under way: a join after that is for another place.
        Outcome::Done(_) if waiter.seen().admitted_at.is_some() => {}
        // An answer that lets him in is left to him: he asks again when his turn is told.
        Outcome::Done(place) => crowd.note(waiter, &place, settled.repeated, settled.answered),
        Outcome::Broken(what) => client.measured.violation(format!("refresh: {what}")),
        Outcome::Refused(_) | Outcome::GaveUp { .. } => {}
    }
}
