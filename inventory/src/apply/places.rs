//! Moves the places of an order or hold from one owner to another, with every counter that depends on them.

use crate::change::by_tier;
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
    }
    for (tier, units) in by_tier(items) {
        inventory.sales.take(cover, tier, units, owner.is_sold());
    }
    if cover.stepped != 0 {
        items.iter().for_each(|item| inventory.sales.take_step(&inventory.layout, item));
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
    }
    for (tier, units) in by_tier(items) {
        inventory.sales.sell(tier, units);
    }
}

pub(super) fn give_back(inventory: &mut Inventory, items: &[Item], from: Owner) {
    let (grid, cover) = (&inventory.layout.grid, &inventory.layout.cover);
    inventory.house.give_back(grid, items.iter().filter_map(Item::seat), from);
    for item in items {
        if let Place::Area { area, quantity } = item.place {
            inventory.house.give_back_units(area, quantity, from.is_sold());
        }
    }
    for (tier, units) in by_tier(items) {
        inventory.sales.give_back(cover, tier, units, from.is_sold());
    }
    if cover.stepped != 0 {
        items.iter().for_each(|item| inventory.sales.give_back_step(&inventory.layout, item));
    }
}
