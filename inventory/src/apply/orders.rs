use std::collections::BTreeMap;
use std::sync::Arc;

use crate::change::by_tier;
use crate::holds::{End, Found, OrderAt};
use crate::house::Owner;
use crate::limits::PAYMENTS_REFUSED_MAX;
use crate::orders::{Order, OrderStatus, RefundTerms};
use crate::tickets::{Ticket, TicketState, ticket_id};
use crate::{
    Answer, HoldId, Inventory, Item, OrderId, PaidOrder, PaymentId, Place, PlacedHold, RefundPolicy, Reseated,
    TicketId, TierIx, TimeUs,
};

use super::{holds, places};

pub(super) fn place(
    inventory: &mut Inventory,
    at: TimeUs,
    order: OrderId,
    hold: HoldId,
    accept_other_seats: bool,
) -> Answer {
    let Some(Found::Live(_, found)) = inventory.holds.find(hold) else {
        unreachable!("orders are placed on live holds")
    };
    assert!(found.order.is_none(), "a hold has one order");
    assert!(OrderStatus::Draft.may_become(OrderStatus::PendingPayment));
    let expires_at = found.expires_at;
    let refund = refund_terms(inventory, &found.placed.items);
    let index = inventory.orders.insert(Order {
        id: order,
        placed: Arc::clone(&found.placed),
        status: OrderStatus::PendingPayment,
        accept_other_seats,
        placed_at: at,
        expires_at,
        refunded_minor: 0,
        paid_by: None,
        reseated: false,
        tickets: 0..0,
        refused: Vec::new(),
        refund,
    });
    inventory.holds.update(hold, |hold| hold.order = Some(index));
    Answer::OrderPlaced { order, expires_at }
}

pub(super) fn refund_terms(inventory: &Inventory, items: &[Item]) -> RefundTerms {
    let mut terms: Vec<(TierIx, RefundPolicy)> = Vec::new();
    for (tier, _) in by_tier(items) {
        if let Some(refund) = &inventory.layout.tiers()[tier.ix()].terms.refund
            && !terms.iter().any(|(it, _)| *it == tier)
        {
            terms.push((tier, refund.clone()));
        }
    }
    (!terms.is_empty()).then(|| Box::new(terms))
}

pub(super) fn start(inventory: &mut Inventory, order: OrderId, expires_at: TimeUs) -> Answer {
    let index = inventory.orders.at(order);
    let found = inventory.orders.get_mut(index);
    found.expires_at = expires_at;
    let hold = found.placed.hold;
    inventory.holds.update(hold, |hold| {
        hold.expires_at = expires_at;
        hold.payment_extended = true;
    });
    Answer::PaymentStarted { order, expires_at }
}

pub(super) fn pay(
    inventory: &mut Inventory,
    at: TimeUs,
    id: OrderId,
    payment: PaymentId,
    entropy: [u8; 16],
    reseated: &Reseated,
) -> Answer {
    let index = inventory.orders.at(id);
    let owner = Owner::order(index);
    let placed = Arc::clone(&inventory.orders.get(index).placed);
    let placed = match reseated {
        Reseated::OtherPlaces(items) => {
            Arc::new(PlacedHold { items: elsewhere(&placed.items, items), ..(*placed).clone() })
        }
        Reseated::No | Reseated::SamePlaces => placed,
    };
    if let Some(Found::Live(slot, _)) = inventory.holds.find(placed.hold) {
        assert!(!matches!(reseated, Reseated::OtherPlaces(_)), "a live hold keeps its places");
        places::sell(inventory, &placed.items, Owner::hold(slot), owner);
        inventory.holds.end(placed.hold, End::Confirmed);
        inventory.customers.confirm_hold(placed.customer);
    } else {
        assert!(*reseated != Reseated::No, "the hold of an order paid in time is live");
        places::take(inventory, &placed.items, owner);
        inventory.codes.take_all(&placed);
        inventory.discounts.take_all(&placed);
        inventory.customers.add(placed.customer, &placed.items);
    }
    let tickets = issue(inventory, at, index, &placed, entropy);
    let order = inventory.orders.become_status(index, OrderStatus::Paid);
    order.placed = placed;
    order.paid_by = Some(payment);
    order.reseated = matches!(reseated, Reseated::OtherPlaces(_));
    order.tickets = tickets;
    Answer::OrderPaid(Arc::new(paid_order(inventory, index)))
}

/// The same items in other places. Records leave out what is off their prices.
fn elsewhere(items: &[Item], places: &[Item]) -> Vec<Item> {
    items.iter().zip(places).map(|(item, other)| Item { off: item.off, ..*other }).collect()
}

/// Makes an order paid whose places are its own already.
pub(super) fn settle(
    inventory: &mut Inventory,
    at: TimeUs,
    index: OrderAt,
    payment: PaymentId,
    entropy: [u8; 16],
) -> Answer {
    let placed = Arc::clone(&inventory.orders.get(index).placed);
    let tickets = issue(inventory, at, index, &placed, entropy);
    let order = inventory.orders.become_status(index, OrderStatus::Paid);
    order.paid_by = Some(payment);
    order.tickets = tickets;
    Answer::OrderPaid(Arc::new(paid_order(inventory, index)))
}

fn issue(
    inventory: &mut Inventory,
    at: TimeUs,
    order: OrderAt,
    placed: &PlacedHold,
    entropy: [u8; 16],
) -> std::ops::Range<u32> {
    let first = inventory.tickets.len();
    for item in &placed.items {
        let place = match item.place {
            Place::Seat(seat) => Place::Seat(seat),
            Place::Area { area, quantity: _ } => Place::Area { area, quantity: 1 },
        };
        for _ in 0..item.place.units() {
            let index = inventory.tickets.len() - first;
            inventory.tickets.insert(Ticket {
                id: ticket_id(at, entropy, index),
                order,
                place,
                tier: item.tier,
                price_minor: item.price_minor,
                holder: placed.customer,
                generation: 1,
                state: TicketState::Issued,
                refunded: false,
                issued_at: at,
                scans: Vec::new(),
                off: item.off,
            });
        }
    }
    first..inventory.tickets.len()
}

/// What the payer of the order is told.
pub(crate) fn paid_order(inventory: &Inventory, index: OrderAt) -> PaidOrder {
    let order = inventory.orders.get(index);
    let tickets = inventory.tickets.range(order.tickets.clone()).iter().map(|ticket| ticket.id).collect();
    PaidOrder { order: order.id, tickets, reseated: order.reseated }
}

pub(super) fn refuse(inventory: &mut Inventory, order: OrderId, payment: PaymentId) -> Answer {
    let index = inventory.orders.at(order);
    let refused = &mut inventory.orders.get_mut(index).refused;
    // Decided no more, but journals of old may have one more.
    if refused.len() == PAYMENTS_REFUSED_MAX {
        refused.remove(0);
    }
    refused.push(payment);
    Answer::PaymentRefused { order }
}

pub(super) fn cancel(inventory: &mut Inventory, order: OrderId) -> Answer {
    let index = inventory.orders.at(order);
    let hold = inventory.orders.become_status(index, OrderStatus::Cancelled).placed.hold;
    holds::give_up(inventory, hold, End::Released);
    Answer::OrderCancelled { order }
}

pub(super) fn refund(inventory: &mut Inventory, id: OrderId, tickets: &[TicketId], amount_minor: i64) -> Answer {
    let index = inventory.orders.at(id);
    let discounted = inventory.orders.get(index).placed.codes.is_some().then(|| inventory.discounted_units(index));
    let mut items = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        let ticket = inventory.tickets.find_mut(*ticket);
        assert!(ticket.order == index && !ticket.refunded, "a ticket is refunded once");
        let before = std::mem::replace(&mut ticket.state, TicketState::Voided);
        ticket.refunded = true;
        inventory.presence.follow(&inventory.layout, ticket, before);
        items.push(ticket.item());
    }
    places::give_back(inventory, &items, Owner::order(index));
    let placed = Arc::clone(&inventory.orders.get(index).placed);
    for item in &items {
        inventory.customers.remove(placed.customer, item.tier, item.place.units());
        if let Some(code) = placed.code_of(item.tier) {
            inventory.codes.give_back(&code, item.place.units());
        }
    }
    if let Some(before) = discounted {
        give_discounts_back(inventory, index, &before);
    }
    let range = inventory.orders.get(index).tickets.clone();
    let is_whole = inventory.tickets.range(range).iter().all(|ticket| ticket.refunded);
    let status = if is_whole { OrderStatus::Refunded } else { OrderStatus::PartiallyRefunded };
    let order = inventory.orders.become_status(index, status);
    order.refunded_minor += amount_minor;
    assert!(order.refunded_minor <= order.placed.total_minor(), "no more is refunded than was paid");
    Answer::OrderRefunded { order: id, amount_minor }
}

/// What the tickets just refunded had by discount codes. A use ends with its last ticket.
fn give_discounts_back(inventory: &mut Inventory, order: OrderAt, before: &BTreeMap<[u8; 16], u32>) {
    let after = inventory.discounted_units(order);
    let customer = inventory.orders.get(order).placed.customer;
    for (code, units) in before {
        let left = after.get(code).copied().unwrap_or(0);
        inventory.discounts.give_back_units(code, units - left);
        if left == 0 {
            inventory.discounts.end_use(code, customer);
        }
    }
}
