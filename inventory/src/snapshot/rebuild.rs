//! From an image back to the state. The checksum has passed, so the image is what was written; the owners of places are
//! set through the same assertions as in `apply`.

use std::sync::Arc;

use super::image::Image;
use crate::apply::take;
use crate::discounts::units_by_code;
use crate::door::Door;
use crate::holds::{Found, Hold};
use crate::house::{House, Owner};
use crate::layout::{Grid, Layout, check_seat_map};
use crate::line::Line;
use crate::orders::OrderStatus;
use crate::presence::Presence;
use crate::waitlist::Waitlist;
use crate::{AccessCodeSpec, Answer, DiscountCodeSpec, Inventory, Item};

/// What images keep apart.
pub(super) struct Apart {
    pub access: Vec<AccessCodeSpec>,
    pub discounts: Vec<DiscountCodeSpec>,
    pub line: Option<Box<Line>>,
    pub door: Option<Box<Door>>,
    pub waitlist: Option<Box<Waitlist>>,
}

/// `None` when the image contradicts itself.
pub(super) fn rebuild(image: Image, apart: Apart) -> Option<Inventory> {
    let Apart { access, discounts, line, door, waitlist } = apart;
    let mut inventory = Inventory::new(image.event);
    inventory.lsn = image.lsn;
    inventory.phase = image.phase.into();
    let grid = match &image.seat_map {
        Some(spec) => {
            check_seat_map(spec).ok()?;
            Grid::build(spec)
        }
        None => Grid::empty(),
    };
    let grid = Arc::new(grid);
    inventory.house = House::new(&grid);
    inventory.layout = Arc::new(Layout::new(grid, image.tiers, image.policy));
    inventory.sales.follow(&inventory.layout);
    access.iter().for_each(|code| inventory.codes.set(code));
    discounts.iter().for_each(|code| inventory.discounts.set(code));
    for order in image.orders {
        inventory.orders.insert(order);
    }
    for ticket in image.tickets {
        inventory.tickets.insert(ticket);
    }
    discount_sold(&mut inventory)?;
    seat_sold(&mut inventory);
    inventory.presence = Presence::of(&inventory.layout, inventory.tickets.all().iter());
    inventory.door = door;
    let mut live: Vec<Hold> = image.live.into_iter().map(Hold::from).collect();
    // As they were placed, so that they expire in turn.
    live.sort_by_key(|hold| hold.expires_at);
    for mut hold in live {
        if let Some(order) = hold.order {
            // Hold and order share what was placed.
            hold.placed = Arc::clone(&inventory.orders.all().get(order as usize)?.placed);
        }
        let placed = Arc::clone(&hold.placed);
        let slot = inventory.holds.insert(hold);
        take(&mut inventory, &placed.items, Owner::hold(slot));
        inventory.codes.take_all(&placed);
        for (code, units) in units_by_code(&placed) {
            inventory.discounts.get(&code)?;
            inventory.discounts.count(&code, placed.customer, units);
        }
        inventory.customers.add_hold(placed.customer, &placed.items);
    }
    inventory.holds.set_ended(image.ended.map(|generation| generation.into_iter().map(Into::into).collect()));
    for mut answered in image.keys {
        if let Answer::HoldPlaced(placed) = &mut answered.answer
            && let Some(Found::Live(_, hold)) = inventory.holds.find(placed.hold)
            && hold.placed == *placed
        {
            *placed = Arc::clone(&hold.placed);
        }
        inventory.keys.insert(answered);
    }
    // Last: seats of withheld blocks may be held or sold.
    for block in (0..64).filter(|block| image.blocks_withheld >> block & 1 == 1) {
        let grid = Arc::clone(&inventory.layout.grid);
        inventory.house.set_block(&grid, block, true);
    }
    inventory.line = line;
    if let Some(line) = &mut inventory.line {
        line.index();
    }
    inventory.waitlist = waitlist;
    if let Some(list) = &mut inventory.waitlist {
        list.index()?;
    }
    Some(inventory)
}

/// Whoever has used a code more often than is allowed now has done so when it was.
fn discount_sold(inventory: &mut Inventory) -> Option<()> {
    for at in 0..inventory.orders.all().len() as u32 {
        let order = inventory.orders.get(at);
        if order.placed.discounts().is_empty() || order.tickets.is_empty() {
            continue;
        }
        let placed = Arc::clone(&order.placed);
        inventory.tickets.set_off(order.tickets.clone(), &placed.items);
        for (code, units) in inventory.discounted_units(at) {
            inventory.discounts.get(&code)?;
            inventory.discounts.count(&code, placed.customer, units);
        }
    }
    Some(())
}

fn seat_sold(inventory: &mut Inventory) {
    let tickets: Vec<(Item, u32)> = inventory
        .tickets
        .all()
        .iter()
        .filter(|ticket| !ticket.refunded)
        .map(|ticket| (ticket.item(), ticket.order))
        .collect();
    for (item, order) in tickets {
        debug_assert_ne!(inventory.orders.get(order).status, OrderStatus::Refunded);
        take(inventory, &[item], Owner::order(order));
        let placed = Arc::clone(&inventory.orders.get(order).placed);
        inventory.customers.add(placed.customer, &[item]);
        if let Some(code) = placed.code_of(item.tier) {
            inventory.codes.take(&code, item.place.units());
        }
    }
}
