//! What is noted on the way, and what must hold at the end.

use inventory::{Change, Inventory, OrderId, OrderStatus, Record, Reseated, WaitlistChange, WaitlistEnd};
use proptest::prelude::*;

use super::{Checked, EVENT, Pair};

impl Pair<'_> {
    /// What neither the change nor its answer tells by its name.
    pub(super) fn note(&self, change: &Change) {
        match change {
            Change::OrderPaid { order, reseated, .. } => self.note_late(*order, reseated),
            Change::Waitlist(WaitlistChange::Ended { end: WaitlistEnd::Limited, .. }) => self.met("limited"),
            _ => {}
        }
    }

    fn met(&self, what: &str) {
        self.reached.borrow_mut().note(what.to_owned());
    }

    fn note_late(&self, order: OrderId, reseated: &Reseated) {
        let is_late = self.fast.order(order).is_some_and(|view| view.status == OrderStatus::Expired);
        match reseated {
            Reseated::SamePlaces if is_late => self.met("late_same_places"),
            Reseated::OtherPlaces(_) => self.met("late_other_places"),
            Reseated::SamePlaces | Reseated::No => {}
        }
    }

    /// Right after the change was made.
    pub(super) fn note_rescue(&self, change: &Change, listed_before: usize) {
        if matches!(change, Change::PaymentRefused { .. }) && self.fast.waitlist_entries().len() > listed_before {
            self.met("rescued");
        }
    }

    /// The journal, and a snapshot with the journal's tail, lead to the state that the commands led to; so do their
    /// answers to whoever asks again.
    pub fn finish(&self) -> Checked {
        let digest = self.fast.digest();
        let replayed = self.replay(Inventory::new(EVENT));
        prop_assert_eq!(replayed.digest(), digest, "replay");
        let restored = Inventory::restore(&self.fast.snapshot()).expect("a fresh snapshot restores");
        prop_assert_eq!(restored.digest(), digest, "restore");
        prop_assert!(restored.verify().is_ok() && replayed.verify().is_ok());
        if let Some((lsn, bytes)) = &self.snapshot {
            let middle = Inventory::restore(bytes).expect("an older snapshot restores");
            prop_assert_eq!(middle.lsn(), *lsn);
            prop_assert_eq!(self.replay(middle).digest(), digest, "snapshot and tail");
        }
        for (at, command, answer) in &self.answered {
            if self.now.since(*at) <= inventory::limits::KEY_TTL_US {
                for inventory in [&self.fast, &replayed, &restored] {
                    prop_assert_eq!(inventory.repeat(self.now, command), Some(Ok(answer.clone())), "{:?}", command);
                }
            }
        }
        Ok(())
    }

    fn replay(&self, from: Inventory) -> Inventory {
        let mut inventory = from;
        let mut at = 0;
        while let Some(record) = Record::decode(&self.journal, &mut at).expect("the journal decodes") {
            if record.lsn > inventory.lsn() {
                inventory.apply(&record);
            }
        }
        inventory
    }
}
