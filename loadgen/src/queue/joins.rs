//! The pre-queue fills: joins as fast as they are answered, in slices that alternate with a call that does nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::task::JoinSet;
use wire::Place;

use super::crowd::Crowd;
use crate::answer::{Answer, classify};
use crate::connection::{Connection, Fault};
use crate::measure::{Step, histogram};
use crate::pool::{Call, exchange};
use crate::report::LatencyLine;
use crate::slices::{Slices, Turn};

pub const NO_OP: &str = "/api/v1/ping";
/// A prime: the connections do not follow each other through the waiters.
const STRIDE: u32 = 7_919;
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Joins beside the no-op with the same headers and body, by accounts that are as new to the server.
#[derive(Clone, Debug, Serialize)]
pub struct JoinLine {
    pub connections: u32,
    pub joined: u64,
    pub took_s: f64,
    /// Of each of the two; 0: all joined before a slice was over, and there is nothing to compare.
    pub slices: u32,
    pub joins_per_s: f64,
    pub no_op_per_s: f64,
    /// Time of the whole machine that a join takes beyond a no-op.
    pub beyond_no_op_us: f64,
    #[serde(skip)]
    pub latency: Vec<LatencyLine>,
}

struct Tally {
    joins: Histogram<u64>,
    no_ops: Histogram<u64>,
    /// Answers by slice.
    slices: BTreeMap<u32, u64>,
    told: Vec<Told>,
}

/// A join's answer. It is read once all have joined: like a no-op's, it costs nothing while both are measured.
struct Told {
    waiter: u32,
    body: Box<[u8]>,
    asked: Instant,
    answered: Instant,
}

struct Worker {
    crowd: Arc<Crowd>,
    early: Arc<Vec<u32>>,
    next: Arc<AtomicU32>,
    authority: String,
    timeout: Duration,
    slices: Slices,
}

/// Lets the waiters of `early` join, over `connections` of their own.
///
/// # Errors
/// A connection's task has failed.
pub async fn run(
    crowd: &Arc<Crowd>,
    early: Vec<u32>,
    connections: u32,
    slice: Duration,
    timeout: Duration,
) -> Result<JoinLine> {
    let started = Instant::now();
    let slices = Slices { started, slice, count: u32::MAX };
    let (early, next) = (Arc::new(early), Arc::new(AtomicU32::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..connections {
        let worker = Worker {
            crowd: Arc::clone(crowd),
            early: Arc::clone(&early),
            next: Arc::clone(&next),
            authority: crowd.client().pool.authority().to_owned(),
            timeout,
            slices,
        };
        workers.spawn(worker.run());
    }
    let mut all = Tally::new();
    while let Some(one) = workers.join_next().await {
        let one = one.context("a connection")?;
        all.joins.add(&one.joins)?;
        all.no_ops.add(&one.no_ops)?;
        one.slices.into_iter().for_each(|(index, count)| *all.slices.entry(index).or_default() += count);
        all.told.extend(one.told);
    }
    let line = all.line(connections, early.len() as u64, started.elapsed(), slice);
    for Told { waiter, body, asked, answered } in all.told {
        match serde_json::from_slice::<Place>(&body) {
            Ok(place) => crowd.note(&crowd.waiters[waiter as usize], &place, asked, answered),
            Err(error) => crowd.client().measured.violation(format!("join: {error}")),
        }
    }
    Ok(line)
}

impl Worker {
    async fn run(self) -> Tally {
        let mut tally = Tally::new();
        let mut connection = None;
        let mut waiting: Option<u32> = None;
        let mut no_ops = 0;
        loop {
            let turn = self.slices.turn(Instant::now());
            // The warm-up must not use up the waiters.
            let is_no_op = !matches!(turn, Turn::Measured(_));
            if waiting.is_none() {
                waiting = self.early.get(self.next.fetch_add(1, Relaxed) as usize).copied();
            }
            let Some(index) = waiting else { return tally };
            let index = if is_no_op { self.somebody(&mut no_ops) } else { index };
            let asked = Instant::now();
            if !self.ask(&mut connection, index, is_no_op, asked, &mut tally.told).await {
                connection = None;
                tokio::time::sleep(AGAIN_AFTER).await;
                continue;
            }
            if !is_no_op {
                waiting = None;
            }
            if turn == self.slices.turn(Instant::now())
                && let Turn::Measured(slice) | Turn::NoOp(slice) = turn
            {
                *tally.slices.entry(slice).or_default() += 1;
                let us = u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX).max(1);
                if is_no_op { tally.no_ops.saturating_record(us) } else { tally.joins.saturating_record(us) }
            }
        }
    }

    /// Whose token the next no-op carries: as seldom one that the server has just read as a join's is.
    fn somebody(&self, no_ops: &mut u32) -> u32 {
        *no_ops = no_ops.wrapping_add(STRIDE);
        let at = self.next.load(Relaxed).wrapping_add(*no_ops) as usize;
        self.early[at % self.early.len()]
    }

    /// Whether the answer is final.
    async fn ask(
        &self,
        connection: &mut Option<Connection>,
        index: u32,
        is_no_op: bool,
        asked: Instant,
        told: &mut Vec<Told>,
    ) -> bool {
        let waiter = &self.crowd.waiters[index as usize];
        let call = self.crowd.join_call(None);
        let call = if is_no_op { Call { path: NO_OP.to_owned(), ..call } } else { call };
        let token = waiter.account.token();
        let asking = exchange(connection, &self.authority, &call, &token);
        let answer = classify(tokio::time::timeout(self.timeout, asking).await.unwrap_or(Err(Fault::Timeout)));
        let measured = &self.crowd.client().measured;
        if !is_no_op {
            let (class, code) = answer.class();
            measured.answer(Step::Join, class, code);
        }
        match answer {
            Answer::Ok(_) if is_no_op => true,
            Answer::Ok(reply) => {
                // Of its own, for the connection reads into the same buffer again once nothing of it is kept.
                let body = reply.body.as_ref().into();
                told.push(Told { waiter: index, body, asked, answered: Instant::now() });
                true
            }
            // The run took longer than a token lives.
            Answer::TokenRefused { code } => {
                if let Err(error) = waiter.account.sign_in(self.crowd.client()).await {
                    measured.violation(format!("{code}, and signing in again: {error:#}"));
                    return true;
                }
                false
            }
            Answer::NotNow { .. } | Answer::InProgress { .. } | Answer::Unknown { .. } => false,
            Answer::Rejected(refusal) => {
                measured.violation(format!("waiter {index} may not join: {}", refusal.code));
                true
            }
            Answer::ServerBug { code } | Answer::Protocol(code) => {
                measured.violation(format!("waiter {index}'s join: {code}"));
                true
            }
        }
    }
}

impl Tally {
    fn new() -> Self {
        Self { joins: histogram(), no_ops: histogram(), slices: BTreeMap::new(), told: Vec::new() }
    }

    fn line(&self, connections: u32, joined: u64, took: Duration, slice: Duration) -> JoinLine {
        // The last slices may have been cut short.
        let whole = self.slices.keys().next_back().map_or(0, |last| last / 2);
        let count =
            |offset: u32| (0..whole).filter_map(|pair| self.slices.get(&(pair * 2 + offset))).sum::<u64>() as f64;
        let seconds = (f64::from(whole) * slice.as_secs_f64()).max(1e-9);
        let (joins_per_s, no_op_per_s) = (count(0) / seconds, count(1) / seconds);
        let beyond = if whole > 0 { 1e6 / joins_per_s.max(1e-9) - 1e6 / no_op_per_s.max(1e-9) } else { 0.0 };
        JoinLine {
            connections,
            joined,
            took_s: took.as_secs_f64(),
            slices: whole,
            joins_per_s,
            no_op_per_s,
            beyond_no_op_us: beyond,
            latency: vec![LatencyLine::of("join, early", &self.joins), LatencyLine::of("no-op", &self.no_ops)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_slices_are_compared() {
        let slices = BTreeMap::from([(0, 100), (1, 200), (2, 100), (3, 200), (4, 7)]);
        let tally = Tally { slices, ..Tally::new() };
        let line = tally.line(8, 207, Duration::from_secs(6), Duration::from_secs(1));
        assert_eq!((line.slices, line.joins_per_s, line.no_op_per_s), (2, 100.0, 200.0));
        assert!((line.beyond_no_op_us - 5_000.0).abs() < 1e-6);
        let tally = Tally { slices: BTreeMap::from([(0, 50)]), ..tally };
        assert_eq!(tally.line(8, 50, Duration::from_secs(1), Duration::from_secs(1)).beyond_no_op_us, 0.0);
    }
}
