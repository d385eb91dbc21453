//! Places that the box office takes, out of withheld blocks too, and its sales.

use std::sync::Arc;

use crate::holds::{End, Found};
use crate::house::Owner;
use crate::orders::{Order, OrderStatus};
use crate::{Answer, AreaIx, BoxOfficeOrder, Inventory, Item, Place, PlacedHold, TimeUs};

use super::{holds, orders, places};

pub(super) fn place(inventory: &mut Inventory, at: TimeUs, placed: &Arc<PlacedHold>) -> Answer {
    lifted(inventory, &placed.items, |inventory| holds::place(inventory, at, placed))
}

/// With what the items name of withheld blocks free to be taken.
fn lifted<T>(inventory: &mut Inventory, items: &[Item], take: impl FnOnce(&mut Inventory) -> T) -> T {
    let mut areas: Vec<AreaIx> = Vec::new();
    for item in items {
        match item.place {
            Place::Seat(seat) => inventory.house.lift(&inventory.layout.grid, seat),
            Place::Area { area, .. } => {
                if inventory.house.keep_area(area, false) {
                    areas.push(area);
                }
            }
        }
    }
    let taken = take(inventory);
    for area in areas {
        inventory.house.keep_area(area, true);
    }
    taken
}

pub(super) fn sell(inventory: &mut Inventory, at: TimeUs, sold: &BoxOfficeOrder) -> Answer {
    let placed = &sold.placed;
    let refund = orders::refund_terms(inventory, &placed.items);
    let index = inventory.orders.insert(Order {
        id: sold.order,
        placed: Arc::clone(placed),
        status: OrderStatus::PendingPayment,
        accept_other_seats: false,
        placed_at: at,
        expires_at: at,
        refunded_minor: 0,
        paid_by: None,
        reseated: false,
        tickets: 0..0,
        refused: Vec::new(),
        refund,
    });
    match sold.held {
        Some(held) => {
            let Some(Found::Live(slot, _)) = inventory.holds.find(held) else {
                unreachable!("the box office sells live holds")
            };
            places::sell(inventory, &placed.items, Owner::hold(slot), Owner::order(index));
            inventory.holds.update(held, |hold| hold.order = Some(index));
            inventory.holds.end(held, End::Confirmed);
            inventory.customers.confirm_hold(placed.customer);
        }
        None => {
            lifted(inventory, &placed.items, |inventory| places::take(inventory, &placed.items, Owner::order(index)));
            inventory.codes.take_all(placed);
            inventory.discounts.take_all(placed);
            inventory.customers.add(placed.customer, &placed.items);
        }
    }
    orders::settle(inventory, at, index, sold.payment, sold.entropy)
}
