//! Values by key, each in a slot of its own as long as it is there. A slot is reused once its value has gone; which slot a value has
//! is of no meaning outside the process.
//!
//! The index is kept half empty. hashbrown leaves a mark where an entry was removed and none of the sixteen places around it is empty,
//! and whoever looks for something that is not there runs over such marks. Filled up to hashbrown's own limit of seven eighths,
//! the tables of a thousand holds and their customers collected marks for two million holds, until a place took a third longer, and
//! then threw them away at once.

use std::hash::{BuildHasher, Hash};

use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

#[derive(Clone, Debug)]
pub(crate) struct Slots<K, V> {
    /// The key stands beside the value, so that a look-up reads one place.
    slots: Vec<Option<(K, V)>>,
    vacant: Vec<u32>,
    /// Slots by key.
    index: HashTable<u32>,
    hashes: DefaultHashBuilder,
}

impl<K, V> Default for Slots<K, V> {
    fn default() -> Self {
        let (slots, vacant, index) = (Vec::new(), Vec::new(), HashTable::new());
        Self { slots, vacant, index, hashes: DefaultHashBuilder::default() }
    }
}

impl<K: Copy + Eq + Hash, V> Slots<K, V> {
    pub fn hash(&self, key: K) -> u64 {
        self.hashes.hash_one(key)
    }

    pub fn slot_of(&self, key: K) -> Option<u32> {
        self.slot_of_hashed(self.hash(key), key)
    }

    pub fn slot_of_hashed(&self, hash: u64, key: K) -> Option<u32> {
        self.index.find(hash, |slot| has_key(&self.slots, *slot, key)).copied()
    }

    pub fn get(&self, slot: u32) -> Option<&V> {
        self.slots[slot as usize].as_ref().map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, slot: u32) -> Option<&mut V> {
        self.slots[slot as usize].as_mut().map(|(_, value)| value)
    }

    /// The slot of the key, and whether it is new: then it has `value`.
    pub fn get_or_insert(&mut self, key: K, value: impl FnOnce() -> V) -> (u32, bool) {
        let (slots, hashes) = (&self.slots, &self.hashes);
        let hash = hashes.hash_one(key);
        let rehash =
            |slot: &u32| hashes.hash_one(slots[*slot as usize].as_ref().expect("only what is there is in the index").0);
        let len = self.index.len();
        if self.index.capacity() < 2 * (len + 1) {
            self.index.reserve(len + 2, rehash);
        }
        let vacant = match self.index.entry(hash, |slot| has_key(slots, *slot, key), rehash) {
            Entry::Occupied(entry) => return (*entry.get(), false),
            Entry::Vacant(vacant) => vacant,
        };
        let slot = self.vacant.pop().unwrap_or(slots.len() as u32);
        vacant.insert(slot);
        let filled = Some((key, value()));
        match self.slots.get_mut(slot as usize) {
            Some(empty) => *empty = filled,
            None => self.slots.push(filled),
        }
        (slot, true)
    }

    pub fn remove(&mut self, key: K) -> Option<(u32, V)> {
        let (hash, slots) = (self.hash(key), &self.slots);
        let entry = self.index.find_entry(hash, |slot| has_key(slots, *slot, key)).ok()?;
        let slot = entry.remove().0;
        let (_, value) = self.slots[slot as usize].take().expect("a value is where its key says");
        self.vacant.push(slot);
        Some((slot, value))
    }

    /// Of all that were ever there at one time.
    #[cfg(test)]
    pub fn size(&self) -> usize {
        self.slots.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &K, &V)> {
        (0..).zip(&self.slots).filter_map(|(slot, it)| it.as_ref().map(|(key, value)| (slot, key, value)))
    }
}

fn has_key<K: Eq, V>(slots: &[Option<(K, V)>], slot: u32, key: K) -> bool {
    slots[slot as usize].as_ref().is_some_and(|(it, _)| *it == key)
}

#[cfg(test)]
mod tests {
    use super::Slots;

    #[test]
    fn a_slot_is_found_by_its_key_until_that_goes_and_is_then_reused() {
        let mut slots = Slots::default();
        assert_eq!(slots.get_or_insert("a", || 1), (0, true));
        assert_eq!(slots.get_or_insert("b", || 2), (1, true));
        assert_eq!(slots.get_or_insert("a", || 3), (0, false));
        assert_eq!((slots.slot_of("b"), slots.get(0), slots.slot_of("c")), (Some(1), Some(&1), None));
        assert_eq!((slots.remove("a"), slots.remove("a"), slots.get(0)), (Some((0, 1)), None, None));
        assert_eq!(slots.get_or_insert("c", || 4), (0, true));
        assert_eq!(slots.iter().collect::<Vec<_>>(), [(0, &"c", &4), (1, &"b", &2)]);
    }

    #[test]
    fn what_has_gone_does_not_crowd_the_index() {
        let mut slots = Slots::default();
        for number in 0..100_000 {
            slots.get_or_insert(number, || ());
            if number >= 1_000 {
                slots.remove(number - 1_000);
            }
            assert!(slots.index.capacity() >= 2 * slots.index.len(), "after {number}");
        }
        assert!(slots.index.capacity() < 8 * slots.index.len());
        assert_eq!(slots.slots.len(), 1_001);
    }
}
