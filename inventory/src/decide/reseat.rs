//! Places for an order whose hold had expired when the money came: its own, if they are all still free, else others in
//! the same tiers that are no worse, when the buyer accepts them. Sale windows do not matter here (the price was agreed
//! in time), quotas, price steps, codes (not when they end) and limits per customer do. A deleted tier has none of these left to ask.

use crate::codes::{overdrawn, uses};
use crate::discounts;
use crate::house::{Party, Scope, Taken};
use crate::limits::TIERS_PER_EVENT_MAX;
use crate::orders::Order;
use crate::{AreaIx, Inventory, Item, Place, Reseated, SeatIx, TierIx};

use super::limits::{Units, customer_limits, quotas};
use super::price_steps;

pub(super) fn find(inventory: &Inventory, order: &Order) -> Option<Reseated> {
    let items = &order.placed.items;
    let units = Units::of(items);
    let customer = inventory.customers.get(order.placed.customer);
    let is_deleted = |tier: TierIx| inventory.layout.tiers()[tier.ix()].terms.deleted;
    if units.each().any(|(tier, _)| is_deleted(tier))
        || customer_limits(&inventory.layout, customer, &units).is_some()
        || quotas(inventory, &units).is_some()
        || overdrawn(&inventory.codes, uses(&order.placed)).is_some()
        || discounts::overdrawn(&inventory.discounts, &order.placed)
        || !price_steps::have_room(inventory, items)
        || !areas_are_free(inventory, items)
    {
        return None;
    }
    let is_free = |item: &Item| match item.place {
        Place::Seat(seat) => inventory.house.is_free(inventory.layout.grid.spot(seat)),
        Place::Area { .. } => true,
    };
    if items.iter().all(is_free) {
        return Some(Reseated::SamePlaces);
    }
    if !order.accept_other_seats {
        return None;
    }
    other_places(inventory, order).map(Reseated::OtherPlaces)
}

fn areas_are_free(inventory: &Inventory, items: &[Item]) -> bool {
    let wanted = |area: AreaIx| -> u32 {
        items
            .iter()
            .filter(|it| matches!(it.place, Place::Area { area: at, .. } if at == area))
            .map(|it| it.place.units())
            .sum()
    };
    items.iter().all(|item| match item.place {
        Place::Seat(_) => true,
        Place::Area { area, .. } => inventory.house.area(area).free() >= wanted(area),
    })
}

/// The seats of each tier are picked anew as one party.
fn other_places(inventory: &Inventory, order: &Order) -> Option<Vec<Item>> {
    let mut items = order.placed.items.clone();
    let mut taken = Taken::default();
    for tier in (0..TIERS_PER_EVENT_MAX as u8).map(TierIx) {
        let in_tier = |item: &&mut Item| item.tier == tier && matches!(item.place, Place::Seat(_));
        let old: Vec<SeatIx> =
            order.placed.items.iter().filter(|item| item.tier == tier).filter_map(Item::seat).collect();
        if old.is_empty() {
            continue;
        }
        let scope = Scope { tiers: 1 << tier.0, section: None };
        let accessible = old.iter().any(|seat| inventory.is_accessible(*seat));
        let party = Party { quantity: old.len() as u32, accessible };
        let picked = inventory.house.pick(&inventory.layout, scope, party, &mut taken).ok()?;
        let new: Vec<SeatIx> = picked.seats(&inventory.layout).collect();
        let is_worse = rank(inventory, &new) > rank(inventory, &old);
        if is_worse || order.placed.adjacent && !picked.adjacent {
            return None;
        }
        for (item, seat) in items.iter_mut().filter(in_tier).zip(new) {
            item.place = Place::Seat(seat);
        }
    }
    Some(items)
}

/// By the order of best available: the party is as far away as its farthest row.
fn rank(inventory: &Inventory, seats: &[SeatIx]) -> u32 {
    let grid = &inventory.layout.grid;
    seats.iter().map(|seat| grid.rows[grid.spot(*seat).row as usize].lanes.start).max().unwrap_or(0)
}
