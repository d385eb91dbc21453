//! The memory of answered keys: first in, first out, bounded in number and age.

use std::collections::VecDeque;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::limits::{KEY_TTL_US, KEYS_PER_EVENT_MAX};
use crate::{Answer, CallerKey, Lsn, TimeUs};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub key: CallerKey,
    pub answer: Answer,
    pub lsn: Lsn,
    pub at: TimeUs,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    ring: VecDeque<Answered>,
    /// Number of the ring's first entry, counted from the first key ever.
    first: u64,
    by_key: HashMap<[u8; 16], u64>,
}

impl Keys {
    pub fn get(&self, key: &[u8; 16]) -> Option<&Answered> {
        let number = *self.by_key.get(key)?;
        self.ring.get((number - self.first) as usize)
    }

    /// Remembers an answer and forgets those that are too old at its time.
    pub fn insert(&mut self, answered: Answered) {
        let now = answered.at;
        while self.ring.front().is_some_and(|oldest| is_past(oldest.at, now)) || self.ring.len() >= KEYS_PER_EVENT_MAX {
            self.forget_oldest();
        }
        self.by_key.insert(answered.key.key, self.first + self.ring.len() as u64);
        self.ring.push_back(answered);
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.ring.pop_front() else { return };
        // The same key may have been used again once it was too old.
        if self.by_key.get(&oldest.key.key) == Some(&self.first) {
            self.by_key.remove(&oldest.key.key);
        }
        self.first += 1;
    }

    /// Oldest first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Answered> {
        self.ring.iter()
    }
}

/// Whether an answer given at `at` is no longer given at `now`.
pub(crate) const fn is_past(at: TimeUs, now: TimeUs) -> bool {
    now.since(at) > KEY_TTL_US
}
