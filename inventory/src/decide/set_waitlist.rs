use crate::{Change, Inventory, Rejection, TimeUs, WaitlistChange, WaitlistSettings};

use super::Decision;

pub(super) fn decide(inventory: &Inventory, now: TimeUs, settings: &WaitlistSettings) -> Decision {
    // The list of a cancelled event can still be switched off.
    if settings.active {
        inventory.must_not_be_cancelled()?;
    }
    settings.check(now).map_err(|problem| Rejection::WaitlistInvalid { problem })?;
    Ok(Change::Waitlist(WaitlistChange::Set(*settings)))
}
