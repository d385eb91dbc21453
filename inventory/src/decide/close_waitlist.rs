use crate::limits::WAITLIST_CLOSED_PER_CHANGE_MAX;
use crate::{Change, Inventory, Rejection, TimeUs, WaitlistChange};

use super::Decision;

/// Whoever has an offer keeps it until it ends by itself.
pub(super) fn decide(inventory: &Inventory, now: TimeUs) -> Decision {
    let due = inventory.waitlist_due().is_some_and(|due| due <= now);
    let Some(list) = inventory.waitlist.as_deref().filter(|_| due) else { return Err(Rejection::WaitlistIdle) };
    let waiting = list.all().filter(|entry| entry.offer.is_none()).map(|entry| entry.number);
    Ok(Change::Waitlist(WaitlistChange::Closed { numbers: waiting.take(WAITLIST_CLOSED_PER_CHANGE_MAX).collect() }))
}
