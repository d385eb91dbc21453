//! The memory of answered keys: first in, first out, bounded in number and age.

use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};
use serde::{Deserialize, Serialize, Serializer};

use crate::limits::{KEY_TTL_US, KEYS_PER_EVENT_MAX};
use crate::{Answer, CallerKey, Lsn, PlacedHold, TimeUs};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub key: CallerKey,
    pub answer: Answer,
    pub lsn: Lsn,
    pub at: TimeUs,
}

/// [`Answered`] in less memory: there may be a million. Written to snapshots as that.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Remembered {
    pub key: CallerKey,
    answer: Told,
    pub lsn: Lsn,
    pub at: TimeUs,
}

const _: () = assert!(size_of::<Remembered>() == 64, "limits.rs says so");

#[derive(Clone, Debug)]
enum Told {
    HoldPlaced(Arc<PlacedHold>),
    /// Rarer than placed holds by far, and larger.
    Other(Box<Answer>),
}

impl From<Answered> for Remembered {
    fn from(Answered { key, answer, lsn, at }: Answered) -> Self {
        let answer = match answer {
            Answer::HoldPlaced(placed) => Told::HoldPlaced(placed),
            other => Told::Other(Box::new(other)),
        };
        Self { key, answer, lsn, at }
    }
}

impl Remembered {
    pub fn answer(&self) -> Answer {
        match &self.answer {
            Told::HoldPlaced(placed) => Answer::HoldPlaced(Arc::clone(placed)),
            Told::Other(answer) => (**answer).clone(),
        }
    }

    pub fn placed(&self) -> Option<&PlacedHold> {
        match &self.answer {
            Told::HoldPlaced(placed) => Some(placed),
            Told::Other(_) => None,
        }
    }
}

impl Serialize for Told {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::HoldPlaced(placed) => Answer::HoldPlaced(Arc::clone(placed)).serialize(serializer),
            Self::Other(answer) => answer.serialize(serializer),
        }
    }
}

/// Entries in blocks: a ring of them all would be copied each time it grows.
#[derive(Clone, Debug, Default)]
struct Ring {
    blocks: VecDeque<Vec<Remembered>>,
    /// Entries of the first block that are forgotten already.
    forgotten: usize,
    len: usize,
}

impl Ring {
    const BLOCK: usize = 256;

    fn get(&self, at: usize) -> &Remembered {
        let at = at + self.forgotten;
        &self.blocks[at / Self::BLOCK][at % Self::BLOCK]
    }

    fn push(&mut self, entry: Remembered) {
        match self.blocks.back_mut().filter(|block| block.len() < Self::BLOCK) {
            Some(block) => block.push(entry),
            None => {
                let mut block = Vec::with_capacity(Self::BLOCK);
                block.push(entry);
                self.blocks.push_back(block);
            }
        }
        self.len += 1;
    }

    fn pop(&mut self) {
        self.forgotten += 1;
        self.len -= 1;
        if self.forgotten == Self::BLOCK {
            self.blocks.pop_front();
            self.forgotten = 0;
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Remembered> {
        self.blocks.iter().flatten().skip(self.forgotten)
    }
}

/// Number of an entry, counted from the first key ever, modulo 2³², and half of its key's hash: an index that grows has
/// no need to visit the keys.
#[derive(Clone, Copy, Debug)]
struct Indexed {
    number: u32,
    hash: u32,
}

impl Indexed {
    /// The index takes some bits from the top and others from the bottom.
    const fn full_hash(self) -> u64 {
        (self.hash as u64) << 32 | self.hash as u64
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    ring: Ring,
    /// Number of the ring's first entry.
    first: u32,
    index: HashTable<Indexed>,
    hashes: DefaultHashBuilder,
}

const _: () = assert!(KEYS_PER_EVENT_MAX < 1 << 31, "numbers of remembered keys are distinct");

impl Keys {
    pub fn get(&self, key: &[u8; 16]) -> Option<&Remembered> {
        let wanted = self.indexed(key, 0);
        let found =
            self.index.find(wanted.full_hash(), |it| it.hash == wanted.hash && self.numbered(*it).key.key == *key)?;
        Some(self.numbered(*found))
    }

    fn indexed(&self, key: &[u8; 16], number: u32) -> Indexed {
        Indexed { number, hash: self.hashes.hash_one(u128::from_ne_bytes(*key)) as u32 }
    }

    fn numbered(&self, indexed: Indexed) -> &Remembered {
        self.ring.get(indexed.number.wrapping_sub(self.first) as usize)
    }

    /// Remembers an answer and forgets those that are too old at its time. The same key may be used again once its
    /// answer is too old: only its last use is found.
    pub fn insert(&mut self, answered: Answered) {
        let now = answered.at;
        while self.ring.len > 0 && (is_past(self.ring.get(0).at, now) || self.ring.len >= KEYS_PER_EVENT_MAX) {
            self.forget_oldest();
        }
        let new = self.indexed(&answered.key.key, self.first.wrapping_add(self.ring.len as u32));
        let (ring, first) = (&self.ring, self.first);
        let is_known = |it: &Indexed| {
            it.hash == new.hash && ring.get(it.number.wrapping_sub(first) as usize).key.key == answered.key.key
        };
        match self.index.entry(new.full_hash(), is_known, |it| it.full_hash()) {
            Entry::Occupied(mut known) => *known.get_mut() = new,
            Entry::Vacant(vacant) => {
                vacant.insert(new);
            }
        }
        self.ring.push(answered.into());
    }

    fn forget_oldest(&mut self) {
        let oldest = self.indexed(&self.ring.get(0).key.key, self.first);
        if let Ok(entry) = self.index.find_entry(oldest.full_hash(), |it| it.number == oldest.number) {
            entry.remove();
        }
        self.ring.pop();
        self.first = self.first.wrapping_add(1);
    }

    /// Oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Remembered> {
        self.ring.iter()
    }
}

/// Whether an answer given at `at` is no longer given at `now`.
pub(crate) const fn is_past(at: TimeUs, now: TimeUs) -> bool {
    now.since(at) > KEY_TTL_US
}

#[cfg(test)]
mod tests {
    use super::{Answered, KEY_TTL_US, KEYS_PER_EVENT_MAX, Keys};
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
        assert_eq!((keys.ring.len, keys.iter().count()), (2, 2));
    }

    #[test]
    fn more_than_fit_are_forgotten_in_their_order() {
        let key = |number: u64| u128::from(number).to_le_bytes();
        let mut keys = Keys::default();
        let count = KEYS_PER_EVENT_MAX as u64 + 1_000;
        for number in 0..count {
            let key = CallerKey { key: key(number), body: [0; 16] };
            keys.insert(Answered { key, answer: Answer::Configured, lsn: Lsn(number), at: TimeUs(0) });
        }
        assert_eq!((keys.ring.len, keys.index.len()), (KEYS_PER_EVENT_MAX, KEYS_PER_EVENT_MAX));
        assert!(keys.iter().map(|it| it.lsn.0).eq(1_000..count));
        let found = |number: u64| keys.get(&key(number)).map(|it| it.lsn.0);
        assert_eq!([999, 1_000, 1_023, count - 1].map(found), [None, Some(1_000), Some(1_023), Some(count - 1)]);
    }
}
