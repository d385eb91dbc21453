//! The memory of answered keys: first in, first out, bounded in number and age.

use std::collections::VecDeque;
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};
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
    /// Number of the ring's first entry, counted from the first key ever, modulo 2³².
    first: u32,
    /// Numbers by key. Four bytes an entry: there may be a million.
    index: HashTable<u32>,
    hashes: DefaultHashBuilder,
}

const _: () = assert!(KEYS_PER_EVENT_MAX < 1 << 31, "numbers of remembered keys are distinct");

impl Keys {
    pub fn get(&self, key: &[u8; 16]) -> Option<&Answered> {
        let number = self.index.find(self.hash(key), |number| self.numbered(*number).key.key == *key)?;
        Some(self.numbered(*number))
    }

    fn hash(&self, key: &[u8; 16]) -> u64 {
        self.hashes.hash_one(u128::from_ne_bytes(*key))
    }

    fn numbered(&self, number: u32) -> &Answered {
        &self.ring[number.wrapping_sub(self.first) as usize]
    }

    /// Remembers an answer and forgets those that are too old at its time. The same key may be used again once its
    /// answer is too old: only its last use is found.
    pub fn insert(&mut self, answered: Answered) {
        let now = answered.at;
        while self.ring.front().is_some_and(|oldest| is_past(oldest.at, now)) || self.ring.len() >= KEYS_PER_EVENT_MAX {
            self.forget_oldest();
        }
        let hash = self.hash(&answered.key.key);
        let number = self.first.wrapping_add(self.ring.len() as u32);
        let (ring, first, hashes) = (&self.ring, self.first, &self.hashes);
        let key_of = |number: u32| &ring[number.wrapping_sub(first) as usize].key.key;
        match self.index.find_mut(hash, |known| *key_of(*known) == answered.key.key) {
            Some(known) => *known = number,
            None => {
                let rehash = |known: &u32| hashes.hash_one(u128::from_ne_bytes(*key_of(*known)));
                self.index.insert_unique(hash, number, rehash);
            }
        }
        self.ring.push_back(answered);
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.ring.front() else { return };
        let hash = self.hash(&oldest.key.key);
        if let Ok(entry) = self.index.find_entry(hash, |number| *number == self.first) {
            entry.remove();
        }
        self.ring.pop_front();
        self.first = self.first.wrapping_add(1);
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

#[cfg(test)]
mod tests {
    use super::{Answered, KEY_TTL_US, Keys};
    use crate::{Answer, CallerKey, Lsn, TimeUs};

    fn answered(key: u8, lsn: u64, at: i64) -> Answered {
        let key = CallerKey { key: [key; 16], body: [0; 16] };
        Answered { key, answer: Answer::Configured, lsn: Lsn(lsn), at: TimeUs(at) }
    }

    fn lsns(keys: &Keys) -> Vec<Option<u64>> {
        (0..5).map(|key| keys.get(&[key; 16]).map(|it| it.lsn.0)).collect()
    }

    #[test]
    fn old_keys_go_first_and_a_key_used_again_is_found_by_its_last_use() {
        // Numbers wrap around without harm.
        let mut keys = Keys { first: u32::MAX - 1, ..Keys::default() };
        for key in 0..3 {
            keys.insert(answered(key, u64::from(key), i64::from(key)));
        }
        assert_eq!(lsns(&keys), [Some(0), Some(1), Some(2), None, None]);
        keys.insert(answered(0, 10, KEY_TTL_US));
        assert_eq!(lsns(&keys), [Some(10), Some(1), Some(2), None, None]);
        keys.insert(answered(3, 11, KEY_TTL_US + 1));
        assert_eq!(lsns(&keys), [Some(10), Some(1), Some(2), Some(11), None]);
        keys.insert(answered(4, 12, 2 * KEY_TTL_US + 1));
        assert_eq!(lsns(&keys), [None, None, None, Some(11), Some(12)]);
        assert_eq!(keys.iter().len(), 2);
    }
}
