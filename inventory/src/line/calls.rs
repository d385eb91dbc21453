//! Who was called and has not come yet. Ranks are called in order; those called within the same second are due together,
//! so that what is kept grows with time and not with the crowd.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::TimeUs;
use crate::limits::RANKS_PER_CALL_MAX;

/// Credit for one place: microseconds, times places a minute.
pub(crate) const PLACE: u64 = 60_000_000;
const SECOND_US: i64 = 1_000_000;

/// Ranks that were called and are to be claimed before the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Batch {
    pub from: u32,
    pub end: u32,
    pub until: TimeUs,
    /// Neither claimed nor given up.
    pub waiting: u32,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Calls {
    /// Ranks below this were called.
    pub called: u32,
    /// Places that were given out, as far as the core has been told.
    pub joined: u32,
    /// Credit that was left at `credit_at`.
    pub carry: u64,
    pub credit_at: Option<TimeUs>,
    /// Of the last call.
    pub rate_per_min: u32,
    /// Oldest first; none is due before the one in front of it.
    pub batches: VecDeque<Batch>,
    /// Ranks that were claimed or given up, but for those of lapsed batches. Before the opening these are numbers.
    pub gone: BTreeSet<u32>,
    /// `batches` as everybody may see them.
    #[serde(skip)]
    pub shown: Arc<[Due]>,
}

/// Ranks that are to be claimed before `until`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub from: u32,
    pub end: u32,
    pub until: TimeUs,
    /// A bit per rank that was claimed or given up, from `from` on; empty while there is none. A batch is what is called
    /// in a second or two, so a copy for the next view is a few KiB at most.
    gone: Arc<[u64]>,
}

impl Due {
    fn of(batch: &Batch, gone: &BTreeSet<u32>) -> Self {
        let mut due = Self { from: batch.from, end: batch.end, until: batch.until, gone: Arc::default() };
        gone.range(batch.from..batch.end).for_each(|rank| due.take(*rank));
        due
    }

    fn take(&mut self, rank: u32) {
        if self.gone.is_empty() {
            self.gone = vec![0; (self.end - self.from).div_ceil(u64::BITS) as usize].into();
        }
        let (word, bit) = self.bit(rank);
        Arc::make_mut(&mut self.gone)[word] |= bit;
    }

    pub fn is_gone(&self, rank: u32) -> bool {
        let (word, bit) = self.bit(rank);
        self.gone.get(word).is_some_and(|bits| bits & bit != 0)
    }

    const fn bit(&self, rank: u32) -> (usize, u64) {
        let at = rank - self.from;
        ((at / u64::BITS) as usize, 1 << (at % u64::BITS))
    }
}

/// How far a call goes.
pub(crate) struct Reach {
    pub called: u32,
    /// Ranks on the way that nobody had given up.
    pub waiting: u32,
}

impl Calls {
    /// What may be called at this rate: it grows with time, up to one second's worth and always up to one place.
    pub fn credit(&self, now: TimeUs, rate_per_min: u32) -> u64 {
        let rate = u64::from(rate_per_min);
        let elapsed_us = self.credit_at.map_or(0, |at| now.since(at)).clamp(0, PLACE as i64) as u64;
        (self.carry + elapsed_us * rate).min(burst(rate_per_min))
    }

    /// Called in time and still expected.
    pub fn waiting(&self, now: TimeUs) -> u32 {
        self.batches.iter().filter(|batch| batch.until > now).map(|batch| batch.waiting).sum()
    }

    /// Goes on by `places`, not counting ranks that were given up.
    pub fn reach(&self, places: u32, joined: u32) -> Reach {
        let mut reach = Reach { called: self.called, waiting: 0 };
        while reach.called < joined && reach.called - self.called < RANKS_PER_CALL_MAX {
            if !self.gone.contains(&reach.called) {
                if reach.waiting == places {
                    break;
                }
                reach.waiting += 1;
            }
            reach.called += 1;
        }
        reach
    }

    /// When a place called now must be claimed: full seconds, and never before one that was called earlier.
    pub fn due(&self, now: TimeUs, within_us: i64) -> TimeUs {
        let until = now.plus_us(within_us).0;
        let whole = TimeUs(until.saturating_add(SECOND_US - 1).div_euclid(SECOND_US).saturating_mul(SECOND_US));
        self.batches.back().map_or(whole, |last| last.until.max(whole))
    }

    pub fn call(&mut self, called: u32, until: TimeUs) {
        assert!(self.called < called && called <= self.joined, "places are called in order, and only those given out");
        let gone = self.gone.range(self.called..called).count() as u32;
        let waiting = called - self.called - gone;
        match self.batches.back_mut().filter(|last| last.until == until) {
            Some(last) => {
                last.end = called;
                last.waiting += waiting;
            }
            None => self.batches.push_back(Batch { from: self.called, end: called, until, waiting }),
        }
        self.called = called;
        // The others are as they were.
        let shown = self.shown.iter().take(self.batches.len() - 1).cloned();
        self.shown = shown.chain(self.batches.back().map(|last| Due::of(last, &self.gone))).collect();
    }

    /// The batch in which the rank can still be claimed.
    pub fn batch_of(&self, now: TimeUs, rank: u32) -> Option<&Batch> {
        let at = self.batches.partition_point(|batch| batch.end <= rank);
        self.batches.get(at).filter(|batch| batch.from <= rank && batch.until > now)
    }

    /// Whether the rank is still to be called, or called and waited for.
    pub fn is_expected(&self, now: TimeUs, rank: u32) -> bool {
        !self.gone.contains(&rank) && (rank >= self.called || self.batch_of(now, rank).is_some())
    }

    /// The rank is claimed or given up.
    pub fn take(&mut self, rank: u32) {
        assert!(self.gone.insert(rank), "a place is used once");
        let at = self.batches.partition_point(|batch| batch.end <= rank);
        if let Some(batch) = self.batches.get_mut(at) {
            assert!(batch.from <= rank && batch.waiting > 0, "whoever comes was waited for");
            batch.waiting -= 1;
            Arc::make_mut(&mut self.shown)[at].take(rank);
        }
    }

    /// Forgets what is past.
    pub fn forget(&mut self, at: TimeUs) {
        if self.batches.front().is_none_or(|oldest| oldest.until > at) {
            return;
        }
        while self.batches.pop_front_if(|oldest| oldest.until <= at).is_some() {}
        let kept_from = self.batches.front().map_or(self.called, |oldest| oldest.from);
        self.gone = self.gone.split_off(&kept_from);
        self.shown = self.shown[self.shown.len() - self.batches.len()..].into();
    }

    pub fn show(&mut self) {
        self.shown = self.batches.iter().map(|batch| Due::of(batch, &self.gone)).collect();
    }

    pub fn is_sound(&self) -> bool {
        if !self.shown.iter().eq(self.batches.iter().map(|batch| Due::of(batch, &self.gone)).collect::<Vec<_>>().iter())
        {
            return false;
        }
        let mut from = self.batches.front().map_or(self.called, |oldest| oldest.from);
        let is_first_kept = self.gone.first().is_none_or(|first| *first >= from);
        let mut until = TimeUs::MIN;
        for batch in &self.batches {
            let gone = self.gone.range(batch.from..batch.end).count() as u32;
            let is_next = batch.from == from && batch.from < batch.end && batch.until > until;
            if !is_next || batch.waiting + gone != batch.end - batch.from {
                return false;
            }
            (from, until) = (batch.end, batch.until);
        }
        from == self.called && self.called <= self.joined && is_first_kept && self.carry <= burst(self.rate_per_min)
    }
}

/// The most that credit grows to.
pub(crate) const fn burst(rate_per_min: u32) -> u64 {
    let second = rate_per_min as u64 * SECOND_US as u64;
    if second > PLACE { second } else { PLACE }
}
