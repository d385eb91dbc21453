//! Moves the places of an order or hold from one owner to another, with every counter that depends on them.

use crate::house::Owner;
use crate::{Inventory, Item, Place, SeatIx};

/// Free places go to a hold, or at once to the order of a late payment.
pub(super) fn take(inventory: &mut Inventory, items: &[Item], owner: Owner) {
    let (grid, cover) = (&inventory.layout.grid, &inventory.layout.cover);
    for item in items {
        match item.place {
            Place::Seat(seat) => inventory.house.take(grid, seat, owner),
            Place::Area { area, quantity } => inventory.house.take_units(area, quantity, owner.is_sold()),
        }
        inventory.sales.take(cover, item.tier, item.place.units(), owner.is_sold());
    }
    inventory.house.settle(grid, items.iter().filter_map(seat_of));
}

/// Held places become sold.
pub(super) fn sell(inventory: &mut Inventory, items: &[Item], from: Owner, to: Owner) {
    let grid = &inventory.layout.grid;
    for item in items {
        match item.place {
            Place::Seat(seat) => inventory.house.sell(grid, seat, from, to),
            Place::Area { area, quantity } => inventory.house.sell_units(area, quantity),
        }
        inventory.sales.sell(item.tier, item.place.units());
    }
}

pub(super) fn give_back<'a>(inventory: &mut Inventory, items: impl Iterator<Item = &'a Item> + Clone, from: Owner) {
    let (grid, cover) = (&inventory.layout.grid, &inventory.layout.cover);
    for item in items.clone() {
        match item.place {
            Place::Seat(seat) => inventory.house.give_back(grid, seat, from),
            Place::Area { area, quantity } => inventory.house.give_back_units(area, quantity, from.is_sold()),
        }
        inventory.sales.give_back(cover, item.tier, item.place.units(), from.is_sold());
    }
    inventory.house.settle(grid, items.filter_map(seat_of));
}

const fn seat_of(item: &Item) -> Option<SeatIx> {
    match item.place {
        Place::Seat(seat) => Some(seat),
        Place::Area { .. } => None,
    }
}
