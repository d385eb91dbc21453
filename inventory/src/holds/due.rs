//! When live holds are due: one entry for each, and none for a hold that has ended.
//!
//! Holds are due in the order in which they were placed, as long as the policy does not change: they stand in a list,
//! linked by slot, where coming and going cost the same however long it is. Those out of turn (extended ones, and
//! those placed after the clock or the time to live went back) stand aside in a sorted set.

use std::collections::BTreeSet;

use crate::TimeUs;

/// The end of the list.
const NOBODY: u32 = u32::MAX;
/// In place of the one before: the slot stands aside.
const ASIDE: u32 = u32::MAX - 1;
/// In place of the one before: the slot has no entry.
const ABSENT: u32 = u32::MAX - 2;

#[derive(Clone, Copy, Debug)]
struct Link {
    at: TimeUs,
    before: u32,
    after: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Due {
    /// By slot.
    links: Vec<Link>,
    first: u32,
    last: u32,
    aside: BTreeSet<(TimeUs, u32)>,
}

impl Default for Due {
    fn default() -> Self {
        Self { links: Vec::new(), first: NOBODY, last: NOBODY, aside: BTreeSet::new() }
    }
}

impl Due {
    /// For a slot that has no entry: behind all the others if it is not due before them.
    pub fn insert(&mut self, slot: u32, at: TimeUs) {
        if self.last != NOBODY && self.links[self.last as usize].at > at {
            return self.insert_aside(slot, at);
        }
        let before = std::mem::replace(&mut self.last, slot);
        *self.link(slot) = Link { at, before, after: NOBODY };
        match before {
            NOBODY => self.first = slot,
            before => self.links[before as usize].after = slot,
        }
    }

    /// For a slot that has no entry and is not of the ordinary time to live: in the list it could stand before none of
    /// those to come.
    pub fn insert_aside(&mut self, slot: u32, at: TimeUs) {
        *self.link(slot) = Link { at, before: ASIDE, after: NOBODY };
        self.aside.insert((at, slot));
    }

    fn link(&mut self, slot: u32) -> &mut Link {
        let slot = slot as usize;
        if slot >= self.links.len() {
            self.links.resize(slot + 1, Link { at: TimeUs::MIN, before: ABSENT, after: NOBODY });
        }
        let link = &mut self.links[slot];
        assert_eq!(link.before, ABSENT, "a hold is due once");
        link
    }

    pub fn remove(&mut self, slot: u32) {
        let absent = Link { at: TimeUs::MIN, before: ABSENT, after: NOBODY };
        let Link { at, before, after } = std::mem::replace(&mut self.links[slot as usize], absent);
        match before {
            ABSENT => unreachable!("a live hold is due at some time"),
            ASIDE => {
                self.aside.remove(&(at, slot));
                return;
            }
            NOBODY => self.first = after,
            before => self.links[before as usize].after = after,
        }
        match after {
            NOBODY => self.last = before,
            after => self.links[after as usize].before = before,
        }
    }

    pub fn first(&self) -> Option<TimeUs> {
        let listed = self.listed(self.first).map(|(at, _)| at);
        let aside = self.aside.first().map(|(at, _)| *at);
        match (listed, aside) {
            (Some(listed), Some(aside)) => Some(listed.min(aside)),
            (listed, aside) => listed.or(aside),
        }
    }

    /// When the slot is due, if it has an entry.
    pub fn of(&self, slot: u32) -> Option<TimeUs> {
        self.links.get(slot as usize).filter(|link| link.before != ABSENT).map(|link| link.at)
    }

    /// The slots that are due at `now`, earliest first.
    pub fn until(&self, now: TimeUs) -> impl Iterator<Item = (TimeUs, u32)> {
        let mut at = self.first;
        let mut aside = self.aside.iter().copied().peekable();
        std::iter::from_fn(move || {
            let next = match (self.listed(at), aside.peek().copied()) {
                (Some(listed), Some(aside)) => listed.min(aside),
                (listed, aside) => listed.or(aside)?,
            };
            if next.1 == at {
                at = self.links[at as usize].after;
            } else {
                aside.next();
            }
            (next.0 <= now).then_some(next)
        })
    }

    fn listed(&self, slot: u32) -> Option<(TimeUs, u32)> {
        (slot != NOBODY).then(|| (self.links[slot as usize].at, slot))
    }
}

#[cfg(test)]
mod tests {
    use super::Due;
    use crate::TimeUs;

    fn until(due: &Due, now: i64) -> Vec<(i64, u32)> {
        due.until(TimeUs(now)).map(|(at, slot)| (at.0, slot)).collect()
    }

    #[test]
    fn slots_come_up_in_the_order_of_their_times_wherever_they_stand() {
        let mut due = Due::default();
        for (slot, at) in [(0, 10), (3, 20), (1, 20), (2, 15), (4, 30)] {
            due.insert(slot, TimeUs(at));
        }
        due.insert_aside(5, TimeUs(5));
        assert_eq!(until(&due, 20), [(5, 5), (10, 0), (15, 2), (20, 3), (20, 1)]);
        assert_eq!((due.first(), due.of(2), due.of(6)), (Some(TimeUs(5)), Some(TimeUs(15)), None));
        // From the front, the middle and the end of the list, and from beside it.
        for slot in [0, 1, 4, 5] {
            due.remove(slot);
        }
        assert_eq!(until(&due, 100), [(15, 2), (20, 3)]);
        due.remove(3);
        due.insert(7, TimeUs(12));
        assert_eq!((until(&due, 12), due.of(3)), (vec![(12, 7)], None));
        due.remove(7);
        due.remove(2);
        assert_eq!((due.first(), until(&due, 100)), (None, vec![]));
    }
}
