//! What a run counts: latency per step from the intended start, answers by class, and both over time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::answer::Class;
use crate::clock::Clock;

const LATENCY_US_MAX: u64 = 600_000_000;
const VIOLATIONS_MAX: usize = 1_000;
/// Of a run's timeline: two hours.
const SECONDS_MAX: usize = 7_200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Hold,
    Order,
    Pay,
    Release,
    Read,
    /// Into the waiting room.
    Join,
    /// At the own place.
    Look,
    /// Of a place whose turn it is.
    Claim,
    /// Of the waiting room.
    Leave,
    /// Joins and looks of those who have a place and ask for it again.
    Refresh,
    /// Past the waiting room.
    Bypass,
    /// Before the clock starts.
    Setup,
    /// After the last buyer left.
    Audit,
}

impl Step {
    pub const OF_BUYERS: [Self; 7] =
        [Self::Hold, Self::Order, Self::Pay, Self::Release, Self::Read, Self::Join, Self::Claim];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Order => "order",
            Self::Pay => "pay",
            Self::Release => "release",
            Self::Read => "read",
            Self::Join => "join",
            Self::Look => "look",
            Self::Claim => "claim",
            Self::Leave => "leave",
            Self::Refresh => "refresh",
            Self::Bypass => "bypass",
            Self::Setup => "setup",
            Self::Audit => "audit",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a buyer's visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    Bought,
    Abandoned,
    Released,
    /// Too few places were left.
    SoldOut,
    /// The rule said no.
    Refused,
    /// Was not let in by the waiting room in time.
    LeftLine,
    /// No final answer within the time to give up.
    LeftUnknown,
    /// An answer outside the contract.
    Broken,
}

pub struct Second {
    pub arrived: u64,
    pub held: u64,
    pub purchases: u64,
    pub units_sold: u64,
    pub rejected: u64,
    pub not_now: u64,
    pub unknown: u64,
    pub latency: Histogram<u32>,
}

struct Counted {
    steps: BTreeMap<Step, Histogram<u64>>,
    answers: BTreeMap<(Step, Class, String), u64>,
    seconds: Vec<Second>,
    leavings: BTreeMap<Leaving, u64>,
    violations: Vec<String>,
}

pub struct Measurements {
    pub clock: Clock,
    counted: Mutex<Counted>,
    pub held: AtomicU64,
    pub sold: AtomicU64,
    pub errors: AtomicU64,
}

impl Measurements {
    pub fn new(clock: Clock) -> Self {
        let counted = Counted {
            steps: BTreeMap::new(),
            answers: BTreeMap::new(),
            seconds: Vec::new(),
            leavings: BTreeMap::new(),
            violations: Vec::new(),
        };
        Self {
            clock,
            counted: Mutex::new(counted),
            held: AtomicU64::new(0),
            sold: AtomicU64::new(0),
            errors: AtomicU64::new(0),
        }
    }

    /// One attempt was answered.
    pub fn answer(&self, step: Step, class: Class, code: &str) {
        let mut counted = self.lock();
        *counted.answers.entry((step, class, code.to_owned())).or_default() += 1;
        let second = counted.second(self.clock.passed());
        match class {
            Class::Ok | Class::InProgress => {}
            Class::Rejected => second.rejected += 1,
            Class::NotNow => second.not_now += 1,
            Class::Unknown => second.unknown += 1,
            Class::ServerBug | Class::Protocol => _ = self.errors.fetch_add(1, Relaxed),
        }
    }

    /// A step ended, its waiting and its repetitions included. `since` is when it was meant to begin.
    pub fn latency(&self, step: Step, since: Instant, answered: Instant) {
        let took = answered.saturating_duration_since(since);
        let us = u64::try_from(took.as_micros()).unwrap_or(LATENCY_US_MAX).max(1);
        let mut counted = self.lock();
        counted.steps.entry(step).or_insert_with(histogram).saturating_record(us);
        counted.second(self.clock.passed()).latency.saturating_record(us);
    }

    pub fn arrived(&self) {
        self.lock().second(self.clock.passed()).arrived += 1;
    }

    pub fn held(&self) {
        self.held.fetch_add(1, Relaxed);
        self.lock().second(self.clock.passed()).held += 1;
    }

    pub fn sold(&self, units: u32) {
        self.sold.fetch_add(u64::from(units), Relaxed);
        let mut counted = self.lock();
        let second = counted.second(self.clock.passed());
        second.purchases += 1;
        second.units_sold += u64::from(units);
    }

    pub fn left(&self, leaving: Leaving) {
        *self.lock().leavings.entry(leaving).or_default() += 1;
    }

    /// A broken promise seen by a buyer; the audit fails by it.
    pub fn violation(&self, what: String) {
        self.errors.fetch_add(1, Relaxed);
        let mut counted = self.lock();
        if counted.violations.len() < VIOLATIONS_MAX {
            counted.violations.push(what);
        }
    }

    /// Of the holds so far, in microseconds.
    pub fn hold_p99_us(&self) -> u64 {
        self.lock().steps.get(&Step::Hold).map_or(0, |histogram| histogram.value_at_quantile(0.99))
    }

    pub fn steps(&self) -> BTreeMap<Step, Histogram<u64>> {
        self.lock().steps.clone()
    }

    pub fn answers(&self) -> BTreeMap<(Step, Class, String), u64> {
        self.lock().answers.clone()
    }

    pub fn leavings(&self) -> BTreeMap<Leaving, u64> {
        self.lock().leavings.clone()
    }

    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    pub fn timeline<T>(&self, show: impl FnMut((usize, &Second)) -> T) -> Vec<T> {
        self.lock().seconds.iter().enumerate().map(show).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn second(&mut self, passed: Duration) -> &mut Second {
        let index = usize::try_from(passed.as_secs()).unwrap_or(SECONDS_MAX).min(SECONDS_MAX - 1);
        while self.seconds.len() <= index {
            self.seconds.push(Second::default());
        }
        &mut self.seconds[index]
    }
}

impl Default for Second {
    fn default() -> Self {
        Self {
            arrived: 0,
            held: 0,
            purchases: 0,
            units_sold: 0,
            rejected: 0,
            not_now: 0,
            unknown: 0,
            latency: of_a_second(),
        }
    }
}

pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LATENCY_US_MAX, 3).unwrap_or_else(|_| unreachable!("constant bounds are valid"))
}

/// Two digits, in a fourteenth of the memory: a run has thousands of seconds.
pub fn of_a_second() -> Histogram<u32> {
    Histogram::new_with_bounds(1, LATENCY_US_MAX, 2).unwrap_or_else(|_| unreachable!("constant bounds are valid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_counts_from_the_intended_start() {
        let measured = Measurements::new(Clock::start());
        let intended = Instant::now().checked_sub(Duration::from_millis(250)).unwrap();
        measured.latency(Step::Hold, intended, Instant::now());
        let recorded = measured.steps()[&Step::Hold].max();
        assert!((250_000..2_000_000).contains(&recorded), "{recorded}");
        let in_seconds = measured.timeline(|(_, second)| (second.latency.len(), second.latency.max() >= 250_000));
        assert_eq!(in_seconds, [(1, true)]);
    }
}
