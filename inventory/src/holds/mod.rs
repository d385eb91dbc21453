//! Holds by slot and by id, what is remembered of those that have ended, and when the others will.

mod due;

use std::sync::Arc;

use hashbrown::HashTable;

use crate::limits::{HOLDS_ENDED_MAX, HOLDS_PER_EXPIRY_MAX};
use crate::slots::Slots;
use crate::{HoldId, PlacedHold, TimeUs, UserId};
use due::Due;

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

/// Ended holds, oldest first, and where each is. Entries are written one after another and the index is small: ending a
/// hold touches little memory, however many are remembered.
#[derive(Clone, Debug, Default)]
struct Generation {
    ended: Vec<(HoldId, Ended)>,
    index: HashTable<u16>,
}

impl Generation {
    const MAX: usize = HOLDS_ENDED_MAX / 2;

    fn get(&self, hash: u64, id: HoldId) -> Option<&Ended> {
        let at = self.index.find(hash, |at| self.ended[usize::from(*at)].0 == id)?;
        Some(&self.ended[usize::from(*at)].1)
    }

    fn push(&mut self, hash: impl Fn(HoldId) -> u64, id: HoldId, ended: Ended) {
        let at = self.ended.len() as u16;
        self.ended.push((id, ended));
        self.index.insert_unique(hash(id), at, |at| hash(self.ended[usize::from(*at)].0));
    }
}

const _: () = assert!(Generation::MAX <= u16::MAX as usize + 1, "positions in a generation are 16 bits");

/// Two generations: when the younger is full the older is forgotten at once.
#[derive(Clone, Debug, Default)]
struct Memory {
    young: Generation,
    old: Generation,
}

impl Memory {
    fn get(&self, hash: u64, id: HoldId) -> Option<&Ended> {
        self.young.get(hash, id).or_else(|| self.old.get(hash, id))
    }

    fn insert(&mut self, hash: impl Fn(HoldId) -> u64, id: HoldId, ended: Ended) {
        if self.young.ended.len() == Generation::MAX {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.ended.clear();
            self.young.index.clear();
        }
        self.young.push(hash, id, ended);
    }
}

pub(crate) enum Found<'a> {
    Live(u32, &'a Hold),
    Ended(Ended),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Holds {
    live: Slots<HoldId, Hold>,
    memory: Memory,
    due: Due,
}

impl Holds {
    pub fn find(&self, id: HoldId) -> Option<Found<'_>> {
        let hash = self.live.hash(id);
        match self.live.slot_of_hashed(hash, id) {
            Some(slot) => Some(Found::Live(slot, self.live(slot))),
            None => self.memory.get(hash, id).map(|ended| Found::Ended(*ended)),
        }
    }

    pub fn knows(&self, id: HoldId) -> bool {
        let hash = self.live.hash(id);
        self.live.slot_of_hashed(hash, id).is_some() || self.memory.get(hash, id).is_some()
    }

    /// # Panics
    /// When there is no live hold in the slot.
    pub fn live(&self, slot: u32) -> &Hold {
        self.live.get(slot).expect("a slot that is referred to has a live hold")
    }

    pub fn insert(&mut self, hold: Hold) -> u32 {
        let (id, expires_at) = (hold.placed.hold, hold.expires_at);
        let is_extended = expires_at != hold.placed.expires_at;
        let (slot, is_new) = self.live.get_or_insert(id, || hold);
        assert!(is_new, "a hold id is used once");
        if is_extended {
            self.due.insert_aside(slot, expires_at);
        } else if expires_at != TimeUs::NEVER {
            self.due.insert(slot, expires_at);
        }
        slot
    }

    /// Changes a live hold. A later expiry takes effect here.
    pub fn update(&mut self, id: HoldId, change: impl FnOnce(&mut Hold)) -> &Hold {
        let slot = self.live.slot_of(id).expect("only live holds change");
        let hold = self.live.get_mut(slot).expect("a hold is where its id says");
        let before = hold.expires_at;
        change(hold);
        let after = hold.expires_at;
        if after != before {
            self.due.remove(slot);
            self.due.insert_aside(slot, after);
        }
        self.live(slot)
    }

    /// Ends a live hold and gives what it was.
    pub fn end(&mut self, id: HoldId, end: End) -> (u32, Hold) {
        let (slot, hold) = self.live.remove(id).expect("only live holds end");
        let ended = Ended { customer: hold.placed.customer, end, order: hold.order };
        self.memory.insert(|id| self.live.hash(id), id, ended);
        if hold.expires_at != TimeUs::NEVER {
            self.due.remove(slot);
        }
        (slot, hold)
    }

    pub fn iter_live(&self) -> impl Iterator<Item = (u32, &Hold)> {
        self.live.iter().map(|(slot, _, hold)| (slot, hold))
    }

    /// The older generation and the younger, each oldest first.
    pub fn ended(&self) -> [&[(HoldId, Ended)]; 2] {
        [&self.memory.old.ended, &self.memory.young.ended]
    }

    pub fn set_ended(&mut self, ended: [Vec<(HoldId, Ended)>; 2]) {
        let [old, young] = ended.map(|ended| {
            let mut generation = Generation::default();
            for (id, ended) in ended {
                generation.push(|id| self.live.hash(id), id, ended);
            }
            generation
        });
        self.memory = Memory { young, old };
    }

    pub fn next_due(&self) -> Option<TimeUs> {
        self.due.first()
    }

    /// When the hold in the slot will expire; `None` when nothing makes it, as that of the box office.
    pub fn due_of(&self, slot: u32) -> Option<TimeUs> {
        self.due.of(slot)
    }

    /// The holds due at `now`, earliest first, at most [`HOLDS_PER_EXPIRY_MAX`].
    pub fn due(&self, now: TimeUs) -> Vec<HoldId> {
        let mut due: Vec<(TimeUs, HoldId)> = Vec::new();
        for (at, slot) in self.due.until(now) {
            // Of those due at the same time the lowest ids go first: which slots they have is of no meaning.
            if due.len() >= HOLDS_PER_EXPIRY_MAX && due.last().is_some_and(|(last, _)| *last < at) {
                break;
            }
            due.push((at, self.live(slot).placed.hold));
        }
        due.sort_unstable();
        due.truncate(HOLDS_PER_EXPIRY_MAX);
        due.into_iter().map(|(_, hold)| hold).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{End, Hold, Holds};
    use crate::limits::{HOLDS_ENDED_MAX, HOLDS_PER_EXPIRY_MAX};
    use crate::{HoldId, PlacedHold, TimeUs, UserId};

    const AT: TimeUs = TimeUs(1_000);

    fn id(number: u32) -> HoldId {
        HoldId::from_bytes(u128::from(number).to_be_bytes())
    }

    fn hold(number: u32, expires_at: TimeUs) -> Hold {
        let customer = UserId::from_bytes([1; 16]);
        let placed = PlacedHold { hold: id(number), customer, items: vec![], expires_at, adjacent: true, codes: None };
        Hold { placed: Arc::new(placed), placed_at: TimeUs(0), expires_at, payment_extended: false, order: None }
    }

    /// A clock that stands still gives the holds of one slot the very same time, one after another.
    #[test]
    fn holds_that_come_and_go_at_one_instant_leave_nothing_behind() {
        let mut holds = Holds::default();
        holds.insert(hold(0, AT));
        for number in 1..=100_000 {
            holds.insert(hold(number, AT));
            holds.update(id(number), |hold| hold.expires_at = AT.plus_us(i64::from(number % 2)));
            holds.end(id(number), End::Released);
        }
        assert_eq!(holds.due.until(TimeUs::MAX).count(), 1);
        assert_eq!(holds.due(AT), [id(0)]);
        assert_eq!((holds.live.iter().count(), holds.live.size()), (1, 2));
        assert!(holds.ended().iter().map(|it| it.len()).sum::<usize>() <= HOLDS_ENDED_MAX);
    }

    #[test]
    fn one_expiry_takes_the_earliest_and_of_equals_the_lowest_ids() {
        let mut holds = Holds::default();
        let count = HOLDS_PER_EXPIRY_MAX as u32 + 10;
        for number in (1..=count).rev() {
            holds.insert(hold(number, AT));
        }
        holds.insert(hold(count + 1, TimeUs(1)));
        let due = holds.due(AT);
        assert_eq!(due.len(), HOLDS_PER_EXPIRY_MAX);
        assert_eq!((due[0], due[1], due[HOLDS_PER_EXPIRY_MAX - 1]), (id(count + 1), id(1), id(count - 11)));
        assert_eq!(holds.due(TimeUs(1)), [id(count + 1)]);
        assert_eq!(holds.due(TimeUs(0)), []);
    }
}
