use crate::{Change, HoldId, Inventory, Rejection, TimeUs, UserId};

use super::Decision;

/// A hold that has an order is given up by cancelling the order.
pub(super) fn decide(inventory: &Inventory, now: TimeUs, id: HoldId, customer: UserId) -> Decision {
    let hold = inventory.own_hold(now, id, customer)?;
    if hold.order.is_some() {
        return Err(Rejection::HoldHasOrder);
    }
    Ok(Change::HoldReleased { hold: id })
}
