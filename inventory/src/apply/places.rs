//! Moves the places of an order or hold from one owner to another, with every counter that depends on them.

use crate::house::Owner;
use crate::{Inventory, Item, Place};

/// Free places go to a hold, or at once to the order of a late payment.
pub(crate) fn take(inventory: &mut Inventory, items: &[Item], owner: Owner) {
    let (grid, cover) = (&inventory.layout.grid, &inventory.layout.cover);
    inventory.house.take(grid, items.iter().filter_map(Item::seat), owner);
    for item in items {
        if let Place::Area { area, quantity } = item.place {
            inventory.house.take_units(area, quantity, owner.is_sold());
        }
        inventory.sales.take(cover, item.tier, item.place.units(), owner.is_sold());
    }
}

/// Held places become sold.
pub(super) fn sell(inventory: &mut Inventory, items: &[Item], from: Owner, to: Owner) {
    let grid = &inventory.layout.grid;
    inventory.house.sell(grid, items.iter().filter_map(Item::seat), from, to);
    for item in items {
        if let Place::Area { area, quantity } = item.place {
            inventory.house.sell_units(area, quantity);
        }
        inventory.sales.sell(item.tier, item.place.units());
    }
}

pub(super) fn give_back(inventory: &mut Inventory, items: &[Item], from: Owner) {
    let (grid, cover) = (&inventory.layout.grid, &inventory.layout.cover);
    inventory.house.give_back(grid, items.iter().filter_map(Item::seat), from);
    for item in items {
        if let Place::Area { area, quantity } = item.place {
            inventory.house.give_back_units(area, quantity, from.is_sold());
        }
        inventory.sales.give_back(cover, item.tier, item.place.units(), from.is_sold());
    }
}
