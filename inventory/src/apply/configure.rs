use std::sync::Arc;

use super::tickets;
use crate::house::House;
use crate::layout::{Grid, Layout, tiers_with};
use crate::{AccessCodeSpec, Answer, DiscountCodeSpec, Inventory, Item, Phase, Policy, SeatMapSpec, TierSpec};

pub(super) fn set_seat_map(inventory: &mut Inventory, spec: &SeatMapSpec) -> Answer {
    assert_eq!(inventory.phase, Phase::Draft, "a published seat map stays");
    let layout = &inventory.layout;
    let grid = Arc::new(Grid::build(spec));
    inventory.house = House::new(&grid);
    inventory.layout = Arc::new(Layout::new(grid, layout.tiers().to_vec(), layout.policy().clone()));
    inventory.sales.follow(&inventory.layout);
    Answer::Configured
}

pub(super) fn set_tier(inventory: &mut Inventory, spec: &TierSpec) -> Answer {
    let layout = &inventory.layout;
    let tiers = tiers_with(layout.tiers(), spec);
    inventory.layout = Arc::new(Layout::new(Arc::clone(&layout.grid), tiers, layout.policy().clone()));
    inventory.sales.follow(&inventory.layout);
    if inventory.layout.cover.stepped != 0 {
        let taken: Vec<Item> = inventory.taken_items().collect();
        taken.iter().for_each(|item| inventory.sales.take_step(&inventory.layout, item));
    }
    Answer::Configured
}

pub(super) fn set_access_code(inventory: &mut Inventory, spec: &AccessCodeSpec) -> Answer {
    inventory.codes.set(spec);
    Answer::Configured
}

pub(super) fn set_discount_code(inventory: &mut Inventory, spec: &DiscountCodeSpec) -> Answer {
    inventory.discounts.set(spec);
    Answer::Configured
}

pub(super) fn set_policy(inventory: &mut Inventory, policy: &Policy) -> Answer {
    inventory.layout = Arc::new(inventory.layout.with_policy(policy.clone()));
    if policy.entries_max.is_some() {
        tickets::door(inventory);
    }
    Answer::Configured
}

pub(super) fn publish(inventory: &mut Inventory) -> Answer {
    assert_eq!(inventory.phase, Phase::Draft, "an event is published once");
    inventory.phase = Phase::Published;
    Answer::Configured
}

pub(super) fn cancel_event(inventory: &mut Inventory) -> Answer {
    assert_ne!(inventory.phase, Phase::Cancelled, "an event is cancelled once");
    inventory.phase = Phase::Cancelled;
    if let Some(line) = &mut inventory.line {
        line.revision += 1;
    }
    Answer::Configured
}

pub(super) fn set_block(inventory: &mut Inventory, block: &str, withheld: bool) -> Answer {
    let grid = &inventory.layout.grid;
    let block = grid.find_block(block).expect("only known blocks are set");
    inventory.house.set_block(grid, block, withheld);
    Answer::Configured
}
