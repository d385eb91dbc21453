//! Holds by slot and by id. A slot is reused once its hold has ended and been forgotten; which slot a hold has is of no
//! meaning outside the process.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
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
    pub hold: HoldId,
    pub customer: UserId,
    pub end: End,
    pub order: Option<OrderAt>,
}

#[derive(Clone, Debug)]
enum Slot {
    Vacant,
    Live(Hold),
    Ended(Ended),
}

pub(crate) enum Found<'a> {
    Live(u32, &'a Hold),
    Ended(Ended),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Holds {
    slots: Vec<Slot>,
    vacant: Vec<u32>,
    by_id: HashMap<HoldId, u32>,
    /// Slots of ended holds, oldest first.
    ended: VecDeque<u32>,
    live: usize,
    /// Due times. An entry is stale when its hold has ended or was extended; stale ones never stand first.
    due: BinaryHeap<Reverse<(TimeUs, u32)>>,
}

impl Holds {
    pub fn find(&self, id: HoldId) -> Option<Found<'_>> {
        let slot = *self.by_id.get(&id)?;
        match &self.slots[slot as usize] {
            Slot::Live(hold) => Some(Found::Live(slot, hold)),
            Slot::Ended(ended) => Some(Found::Ended(*ended)),
            Slot::Vacant => None,
        }
    }

    pub fn knows(&self, id: HoldId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// # Panics
    /// When there is no live hold in the slot.
    pub fn live(&self, slot: u32) -> &Hold {
        match &self.slots[slot as usize] {
            Slot::Live(hold) => hold,
            Slot::Vacant | Slot::Ended(_) => unreachable!("a slot that owns seats has a live hold"),
        }
    }

    /// The slot that the next hold gets.
    pub fn next_slot(&self) -> u32 {
        self.vacant.last().copied().unwrap_or(self.slots.len() as u32)
    }

    pub fn insert(&mut self, hold: Hold) -> u32 {
        let slot = self.next_slot();
        let (id, expires_at) = (hold.placed.hold, hold.expires_at);
        if self.vacant.pop().is_some() {
            self.slots[slot as usize] = Slot::Live(hold);
        } else {
            self.slots.push(Slot::Live(hold));
        }
        let known = self.by_id.insert(id, slot);
        assert!(known.is_none(), "a hold id is used once");
        self.live += 1;
        self.push_due(expires_at, slot);
        slot
    }

    /// Changes a live hold. A later expiry takes effect here.
    pub fn update(&mut self, id: HoldId, change: impl FnOnce(&mut Hold)) -> &Hold {
        let slot = self.by_id[&id];
        let Slot::Live(hold) = &mut self.slots[slot as usize] else { unreachable!("only live holds change") };
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
        let slot = self.by_id[&id];
        let Slot::Live(hold) = std::mem::replace(&mut self.slots[slot as usize], Slot::Vacant) else {
            unreachable!("only live holds end")
        };
        self.live -= 1;
        self.remember(slot, Ended { hold: id, customer: hold.placed.customer, end, order: hold.order });
        self.drop_stale();
        (slot, hold)
    }

    fn remember(&mut self, slot: u32, ended: Ended) {
        self.slots[slot as usize] = Slot::Ended(ended);
        self.ended.push_back(slot);
        if self.ended.len() > HOLDS_ENDED_MAX
            && let Some(oldest) = self.ended.pop_front()
            && let Slot::Ended(ended) = std::mem::replace(&mut self.slots[oldest as usize], Slot::Vacant)
        {
            self.by_id.remove(&ended.hold);
            self.vacant.push(oldest);
        }
    }

    /// For a snapshot's reader.
    pub fn insert_ended(&mut self, ended: Ended) -> bool {
        let slot = self.next_slot();
        if self.by_id.insert(ended.hold, slot).is_some() {
            return false;
        }
        if self.vacant.pop().is_none() {
            self.slots.push(Slot::Vacant);
        }
        self.remember(slot, ended);
        true
    }

    pub fn iter_live(&self) -> impl Iterator<Item = (u32, &Hold)> {
        self.slots.iter().enumerate().filter_map(|(slot, it)| match it {
            Slot::Live(hold) => Some((slot as u32, hold)),
            Slot::Vacant | Slot::Ended(_) => None,
        })
    }

    /// Oldest first.
    pub fn iter_ended(&self) -> impl Iterator<Item = Ended> {
        self.ended.iter().filter_map(|slot| match &self.slots[*slot as usize] {
            Slot::Ended(ended) => Some(*ended),
            Slot::Vacant | Slot::Live(_) => None,
        })
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
            if let Some(hold) = self.live_at(*time, *slot) {
                due.push((*time, hold.placed.hold));
            }
            open.extend([2 * at + 1, 2 * at + 2]);
        }
        due.sort_unstable();
        // A slot that was left and taken again at the same time has two entries.
        due.dedup();
        due.truncate(HOLDS_PER_EXPIRY_MAX);
        due.into_iter().map(|(_, hold)| hold).collect()
    }

    fn live_at(&self, time: TimeUs, slot: u32) -> Option<&Hold> {
        match &self.slots[slot as usize] {
            Slot::Live(hold) if hold.expires_at == time => Some(hold),
            Slot::Live(_) | Slot::Vacant | Slot::Ended(_) => None,
        }
    }

    fn push_due(&mut self, at: TimeUs, slot: u32) {
        self.due.push(Reverse((at, slot)));
        // Released holds leave their entries behind: without this a fast sale would pile up a full TTL of them.
        if self.due.len() > 2 * self.live + 1024 {
            let live = self.iter_live().map(|(slot, hold)| Reverse((hold.expires_at, slot))).collect();
            self.due = live;
        }
    }

    fn drop_stale(&mut self) {
        while let Some(Reverse((at, slot))) = self.due.peek()
            && self.live_at(*at, *slot).is_none()
        {
            self.due.pop();
        }
    }
}
