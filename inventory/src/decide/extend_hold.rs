use crate::limits::HOLD_AGE_MAX_US;
use crate::{Change, HoldId, Inventory, Rejection, TimeUs, UserId};

use super::Decision;

pub(super) fn decide(inventory: &Inventory, now: TimeUs, id: HoldId, customer: UserId) -> Decision {
    inventory.must_be_on_sale()?;
    let hold = inventory.own_hold(now, id, customer)?;
    // Others wait for what is offered: it is bought in its time, or it goes on.
    if inventory.is_offer(id) {
        return Err(Rejection::HoldExtensionExhausted);
    }
    let wanted = now.plus_us(inventory.layout.policy().hold_ttl_us);
    let expires_at = wanted.min(hold.placed_at.plus_us(HOLD_AGE_MAX_US));
    if expires_at <= hold.expires_at {
        return Err(Rejection::HoldExtensionExhausted);
    }
    Ok(Change::HoldExtended { hold: id, expires_at })
}
