use crate::orders::OrderStatus;
use crate::{Change, Inventory, OrderId, TimeUs, UserId};

use super::Decision;

pub(super) fn decide(inventory: &Inventory, now: TimeUs, id: OrderId, customer: UserId) -> Decision {
    let order = inventory.own_order(id, customer)?;
    inventory.must_be_pending(now, order, OrderStatus::Cancelled)?;
    Ok(Change::OrderCancelled { order: id })
}
