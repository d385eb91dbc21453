//! Everything that a run has seen, for the judge and the figures. Nothing is asked here.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde::Serialize;
use wire::{QueueProof, WaitingRoomSettings};

use super::bots::BypassLine;
use super::crowd::Log;
use super::joins::JoinLine;
use super::line::History;
use super::memory::MemoryLine;
use super::refresh::{Storms, Weather};
use super::restart::RestartLine;
use super::waiter::{Kind, Promise, Seen};
use crate::measure::histogram;

/// A promised moment may be missed by this, and by a tenth of the promised time.
const PROMISE_SLACK: Duration = Duration::from_millis(1_500);

pub struct Record {
    pub started: Instant,
    pub settings: WaitingRoomSettings,
    pub waiters: Vec<Waited>,
    pub history: History,
    pub log: Log,
    pub storms: Storms,
    pub bypass: Vec<BypassLine>,
    pub joins: JoinLine,
    pub memory: Option<MemoryLine>,
    pub restart: Option<RestartLine>,
    /// Before anybody could join, and at the end.
    pub proofs: (QueueProof, QueueProof),
    /// Of the lookout, and of the bots that joined in the ordinary way.
    pub places_of_bots: Vec<u32>,
    /// Waiters on a socket of their own whose turn a frame told, and those who found out by themselves.
    pub turns_told: u64,
    pub turns_untold: u64,
    /// Who was let in past the line by the organizer.
    pub priority_shoppers: u32,
    pub units_per_customer_max: u32,
    pub bots_per_hoarder: u32,
    /// Of the whole house.
    pub capacity: u32,
}

#[derive(Clone, Debug)]
pub struct Waited {
    pub index: u32,
    pub kind: Kind,
    pub is_early: bool,
    pub seen: Seen,
}

/// A promise that could be kept: the line went on at the promised rate and nothing else limited it.
pub struct Kept {
    pub index: u32,
    pub promised_s: f64,
    pub actual_s: f64,
}

impl Kept {
    pub fn is_honest(&self) -> bool {
        (self.actual_s - self.promised_s).abs() <= PROMISE_SLACK.as_secs_f64() + self.promised_s / 10.0
    }
}

/// What went on in one kind of weather, while somebody still waited.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Spell {
    pub seconds: f64,
    pub purchases: u64,
    /// Requests answered, other than refreshes.
    pub requests: u64,
    pub refreshes: u64,
    /// Refreshes sent.
    pub offered: u64,
}

impl Spell {
    pub fn per_s(&self, count: u64) -> f64 {
        count as f64 / self.seconds.max(1e-9)
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    pub baseline: Spell,
    pub calm: Spell,
    pub stormy: Spell,
}

impl Compared {
    /// Purchases per second in storms, over those before the first of them.
    pub fn share(&self) -> f64 {
        self.stormy.per_s(self.stormy.purchases) / self.baseline.per_s(self.baseline.purchases).max(1e-9)
    }

    /// Requests offered per second in storms, over those answered before the first of them.
    pub fn overload(&self) -> f64 {
        let offered = self.stormy.requests + self.stormy.offered;
        self.stormy.per_s(offered) / self.baseline.per_s(self.baseline.requests).max(1e-9)
    }
}

impl Record {
    pub fn units_bought(&self) -> u64 {
        self.log.bought.iter().map(|(_, units, _)| u64::from(*units)).sum()
    }

    /// All promises whose time came, as error in µs, and those of them that were made for a steady line.
    pub fn promises(&self) -> (Histogram<u64>, Vec<Kept>) {
        let (mut errors, mut steady) = (histogram(), Vec::new());
        for waited in &self.waiters {
            let (Some(Promise { at, eta_s, rate_per_minute }), Some(rank)) = (waited.seen.promise, waited.seen.rank)
            else {
                continue;
            };
            let Some(called_at) = self.history.called_at(rank) else { continue };
            let kept = Kept {
                index: waited.index,
                promised_s: f64::from(eta_s),
                actual_s: called_at.saturating_duration_since(at).as_secs_f64(),
            };
            errors.saturating_record(((kept.actual_s - kept.promised_s).abs() * 1e6).max(1.0) as u64);
            if self.history.is_steady(at, called_at, rate_per_minute) {
                steady.push(kept);
            }
        }
        (errors, steady)
    }

    pub fn storm(&self) -> Compared {
        let mut compared = Compared::default();
        // Of those who still wait nobody is called any more: from here on purchases fall off by themselves.
        let exhausted =
            self.history.0.iter().find(|pushed| pushed.room.called > 0 && pushed.room.called >= pushed.room.joined);
        let until = exhausted.map(|pushed| pushed.at);
        for slice in self.storms.slices.iter().take_while(|slice| until.is_none_or(|until| slice.to <= until)) {
            let spell = match slice.weather {
                Weather::Baseline => &mut compared.baseline,
                Weather::Calm => &mut compared.calm,
                Weather::Stormy => &mut compared.stormy,
            };
            let bought = self.log.bought.iter().filter(|(at, ..)| slice.from <= *at && *at < slice.to).count();
            spell.purchases += bought as u64;
            spell.seconds += slice.to.saturating_duration_since(slice.from).as_secs_f64();
            spell.requests += slice.requests;
            spell.refreshes += slice.refreshes;
            spell.offered += slice.offered;
        }
        compared
    }

    /// Units that honest buyers got, and bots.
    pub fn shares(&self) -> (u64, u64) {
        let units = |of_bots: bool| {
            let of = self.log.bought.iter().filter(|(_, _, is_bot)| *is_bot == of_bots);
            of.map(|(_, units, _)| u64::from(*units)).sum()
        };
        (units(false), units(true))
    }

    pub fn count(&self, kind: Kind) -> u64 {
        self.waiters.iter().filter(|waited| waited.kind == kind).count() as u64
    }

    /// Units that the hoarders' bots would buy if nothing held them back.
    pub fn units_wanted_by_bots(&self) -> u64 {
        self.hoarders() * u64::from(self.bots_per_hoarder) * u64::from(self.units_per_customer_max)
    }

    pub fn hoarders(&self) -> u64 {
        self.count(Kind::Hoarder)
    }
}
