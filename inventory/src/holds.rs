//! Holds by slot and by id. A slot is reused once its hold has ended; which slot a hold has is of no meaning outside the
//! process.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::limits::{HOLDS_ENDED_MAX, HOLDS_PER_EXPIRY_MAX};
use crate::{HoldId, PlacedHold, TimeUs, UserId};

/// Index of an order, see `orders`.
pub(crate) type OrderAt = u32;

#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub placed: Arc<PlacedHold>,
    pub placed_at: TimeUs,
    pub expires_at: TimeUs,
    /// A payment has started and given it more time.
    pub payment_extended: bool,
    pub order: Option<OrderAt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Released,
    Expired,
    Confirmed,
}

/// What is remembered of a hold that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub customer: UserId,
    pub end: End,
    pub order: Option<OrderAt>,
}

/// Ended holds in two generations: when the younger is full the older is forgotten at once. Cheaper than a queue, which
/// would have to find each hold a second time to forget it.
#[derive(Clone, Debug, Default)]
struct Memory {
    young: HashMap<HoldId, Ended>,
    old: HashMap<HoldId, Ended>,
}

impl Memory {
    fn get(&self, id: HoldId) -> Option<&Ended> {
        self.young.get(&id).or_else(|| self.old.get(&id))
    }

    fn insert(&mut self, id: HoldId, ended: Ended) {
        if self.young.len() == HOLDS_ENDED_MAX / 2 {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(id, ended);
    }
}

pub(crate) enum Found<'a> {
    Live(u32, &'a Hold),
    Ended(Ended),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Holds {
    slots: Vec<Option<Hold>>,
    vacant: Vec<u32>,
    by_id: HashMap<HoldId, u32>,
    memory: Memory,
    /// Due times. An entry is stale when its hold has ended or was extended; stale ones never stand first.
    due: BinaryHeap<Reverse<(TimeUs, u32)>>,
}

impl Holds {
    pub fn find(&self, id: HoldId) -> Option<Found<'_>> {
        match self.by_id.get(&id) {
            Some(slot) => Some(Found::Live(*slot, self.live(*slot))),
            None => self.memory.get(id).map(|ended| Found::Ended(*ended)),
        }
    }

    pub fn knows(&self, id: HoldId) -> bool {
        self.by_id.contains_key(&id) || self.memory.get(id).is_some()
    }

    /// # Panics
    /// When there is no live hold in the slot.
    pub fn live(&self, slot: u32) -> &Hold {
        self.slots[slot as usize].as_ref().expect("a slot that is referred to has a live hold")
    }

    pub fn insert(&mut self, hold: Hold) -> u32 {
        let (id, expires_at) = (hold.placed.hold, hold.expires_at);
        let slot = match self.vacant.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(hold);
                slot
            }
            None => {
                self.slots.push(Some(hold));
                self.slots.len() as u32 - 1
            }
        };
        let known = self.by_id.insert(id, slot);
        assert!(known.is_none(), "a hold id is used once");
        self.push_due(expires_at, slot);
        slot
    }

    /// Changes a live hold. A later expiry takes effect here.
    pub fn update(&mut self, id: HoldId, change: impl FnOnce(&mut Hold)) -> &Hold {
        let slot = self.by_id[&id];
        let hold = self.slots[slot as usize].as_mut().expect("only live holds change");
        let before = hold.expires_at;
        change(hold);
        let after = hold.expires_at;
        if after != before {
            self.push_due(after, slot);
            self.drop_stale();
        }
        self.live(slot)
    }

    /// Ends a live hold and gives what it was.
    pub fn end(&mut self, id: HoldId, end: End) -> (u32, Hold) {
        let slot = self.by_id.remove(&id).expect("only live holds end");
        let hold = self.slots[slot as usize].take().expect("a hold is where its id says");
        self.vacant.push(slot);
        self.memory.insert(id, Ended { customer: hold.placed.customer, end, order: hold.order });
        self.drop_stale();
        (slot, hold)
    }

    pub fn iter_live(&self) -> impl Iterator<Item = (u32, &Hold)> {
        (0..).zip(&self.slots).filter_map(|(slot, hold)| Some((slot, hold.as_ref()?)))
    }

    /// The older generation and the younger, each by id.
    pub fn ended(&self) -> [Vec<(HoldId, Ended)>; 2] {
        [&self.memory.old, &self.memory.young].map(|generation| {
            let mut ended: Vec<(HoldId, Ended)> = generation.iter().map(|(id, ended)| (*id, *ended)).collect();
            ended.sort_unstable_by_key(|(id, _)| *id);
            ended
        })
    }

    pub fn set_ended(&mut self, [old, young]: [Vec<(HoldId, Ended)>; 2]) {
        self.memory = Memory { old: old.into_iter().collect(), young: young.into_iter().collect() };
    }

    pub fn next_due(&self) -> Option<TimeUs> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// The holds due at `now`, earliest first, at most [`HOLDS_PER_EXPIRY_MAX`].
    pub fn due(&self, now: TimeUs) -> Vec<HoldId> {
        let heap = self.due.as_slice();
        let mut due: Vec<(TimeUs, HoldId)> = Vec::new();
        // Children are not earlier than their parent: a subtree that is not due is skipped whole.
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            let Some(Reverse((time, slot))) = heap.get(at) else { continue };
            if *time > now {
                continue;
            }
            if is_due_then(&self.slots, *time, *slot) {
                due.push((*time, self.live(*slot).placed.hold));
            }
            open.extend([2 * at + 1, 2 * at + 2]);
        }
        due.sort_unstable();
        // A slot that was left and taken again at the same time has two entries.
        due.dedup();
        due.truncate(HOLDS_PER_EXPIRY_MAX);
        due.into_iter().map(|(_, hold)| hold).collect()
    }

    fn push_due(&mut self, at: TimeUs, slot: u32) {
        self.due.push(Reverse((at, slot)));
        // Released holds leave their entries behind: without this a fast sale would pile up a full TTL of them.
        if self.due.len() > 2 * self.by_id.len() + 1024 {
            let slots = &self.slots;
            self.due.retain(|Reverse((at, slot))| is_due_then(slots, *at, *slot));
        }
    }

    fn drop_stale(&mut self) {
        while let Some(Reverse((at, slot))) = self.due.peek()
            && !is_due_then(&self.slots, *at, *slot)
        {
            self.due.pop();
        }
    }
}

/// Whether the slot has a live hold that is due at just this time.
fn is_due_then(slots: &[Option<Hold>], at: TimeUs, slot: u32) -> bool {
    slots[slot as usize].as_ref().is_some_and(|hold| hold.expires_at == at)
}
