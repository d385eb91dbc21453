use std::sync::Arc;

use crate::holds::{End, Hold};
use crate::house::Owner;
use crate::orders::OrderStatus;
use crate::{Answer, HoldId, Inventory, PlacedHold, TimeUs};

use super::places;

pub(super) fn place(inventory: &mut Inventory, at: TimeUs, placed: &Arc<PlacedHold>) -> Answer {
    let slot = inventory.holds.insert(Hold {
        placed: Arc::clone(placed),
        placed_at: at,
        expires_at: placed.expires_at,
        payment_extended: false,
        order: None,
    });
    places::take(inventory, &placed.items, Owner::hold(slot));
    inventory.codes.take_all(placed);
    inventory.discounts.take_all(placed);
    inventory.customers.add_hold(placed.customer, &placed.items);
    Answer::HoldPlaced(Arc::clone(placed))
}

pub(super) fn extend(inventory: &mut Inventory, hold: HoldId, expires_at: TimeUs) -> Answer {
    let order = inventory.holds.update(hold, |hold| hold.expires_at = expires_at).order;
    if let Some(order) = order {
        inventory.orders.get_mut(order).expires_at = expires_at;
    }
    Answer::HoldExtended { hold, expires_at }
}

/// Ends the hold without a sale: its places are given back.
pub(super) fn give_up(inventory: &mut Inventory, hold: HoldId, end: End) -> Hold {
    let (slot, hold) = inventory.holds.end(hold, end);
    places::give_back(inventory, &hold.placed.items, Owner::hold(slot));
    inventory.codes.give_back_all(&hold.placed);
    inventory.discounts.give_back_all(&hold.placed);
    inventory.customers.remove_hold(hold.placed.customer, &hold.placed.items);
    hold
}

pub(super) fn release(inventory: &mut Inventory, hold: HoldId) -> Answer {
    give_up(inventory, hold, End::Released);
    Answer::HoldReleased { hold }
}

pub(super) fn expire(inventory: &mut Inventory, holds: &[HoldId]) -> Answer {
    for hold in holds {
        let hold = give_up(inventory, *hold, End::Expired);
        if let Some(order) = hold.order {
            inventory.orders.become_status(order, OrderStatus::Expired);
        }
    }
    Answer::HoldsExpired { count: holds.len() as u32 }
}
