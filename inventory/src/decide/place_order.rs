use crate::{Change, Inventory, PlaceOrder, Rejection, TimeUs};

use super::Decision;

pub(super) fn decide(inventory: &Inventory, now: TimeUs, wanted: &PlaceOrder) -> Decision {
    if inventory.orders.find(wanted.order).is_some() {
        return Err(Rejection::KeyReused);
    }
    inventory.must_be_on_sale()?;
    let hold = inventory.own_hold(now, wanted.hold, wanted.customer)?;
    if hold.order.is_some() {
        return Err(Rejection::HoldHasOrder);
    }
    Ok(Change::OrderPlaced {
        order: wanted.order,
        hold: wanted.hold,
        customer: wanted.customer,
        accept_other_seats: wanted.accept_other_seats,
    })
}
