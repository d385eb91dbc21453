use crate::waitlist::Entry;
use crate::{Change, Inventory, Leaver, Rejection, TimeUs, WaitlistChange, WaitlistEnd};

use super::{Decision, release_hold};

/// Whoever has an offer gives it back: its hold is released, and the entry ends with it.
pub(super) fn decide(inventory: &Inventory, now: TimeUs, leaver: Leaver) -> Decision {
    let (entry, end) = find(inventory, leaver).ok_or(Rejection::WaitlistEntryNotFound)?;
    match entry.offer {
        Some(hold) => release_hold::decide(inventory, now, hold, entry.customer),
        None => Ok(Change::Waitlist(WaitlistChange::Ended { number: entry.number, end })),
    }
}

fn find(inventory: &Inventory, leaver: Leaver) -> Option<(&Entry, WaitlistEnd)> {
    let list = inventory.waitlist.as_deref()?;
    match leaver {
        Leaver::Customer(customer) => Some((list.of_customer(customer)?, WaitlistEnd::Left)),
        Leaver::Removed(customer) => Some((list.of_customer(customer)?, WaitlistEnd::Removed)),
    }
}
