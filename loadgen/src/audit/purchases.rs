//! Orders and tickets: none lost, none twice, none that nobody asked for.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;
use wire::{Order, OrderItem, OrderStatus, Ticket, TicketState};

use super::{Asked, Check, Found};

/// I2: what was acknowledged is there, with the same seats and the same price, and its tickets are the same tickets.
pub fn are_found(asked: &Asked, found: &Found) -> Check {
    let mut check = Check::new("acknowledged purchases are found again, with the same seats and price");
    for (id, paid) in &asked.paid {
        let Some(order) = found.orders.get(id) else {
            check.expect(false, || format!("order {id} is lost"));
            continue;
        };
        let told = &paid.order;
        check.expect(order.status == OrderStatus::Paid, || format!("order {id} is {:?} and was paid", order.status));
        check.expect(places(&order.items) == places(&told.items), || {
            format!("order {id} has {:?} and was sold {:?}", places(&order.items), places(&told.items))
        });
        check.expect(order.total == told.total, || {
            format!("order {id} costs {:?} and was sold for {:?}", order.total, told.total)
        });
        let shown = found.tickets.get(id).map(Vec::as_slice).unwrap_or_default();
        check.expect(rights(shown) == rights(&told.tickets), || {
            format!("order {id} has tickets {:?} and was given {:?}", rights(shown), rights(&told.tickets))
        });
    }
    check
}

/// I6 and I8: an order is had whole, its tickets are its items, its total is their price.
pub fn are_whole(found: &Found) -> Check {
    let mut check = Check::new("tickets cover their orders exactly, and prices add up");
    for (id, order) in &found.orders {
        let tickets = found.tickets.get(id).map(Vec::as_slice).unwrap_or_default();
        let mut sold: Vec<String> = order
            .items
            .iter()
            .flat_map(|item| {
                std::iter::repeat_n(place(item.seat.as_deref(), item.area.as_deref()), item.quantity as usize)
            })
            .collect();
        let mut given: Vec<String> =
            tickets.iter().map(|ticket| place(ticket.seat.as_deref(), ticket.area.as_deref())).collect();
        sold.sort_unstable();
        given.sort_unstable();
        check.expect(!sold.is_empty() && sold == given, || format!("order {id} of {sold:?} has tickets for {given:?}"));
        let items: i64 = order.items.iter().map(|item| item.price.amount_minor * i64::from(item.quantity)).sum();
        let prices: i64 = tickets.iter().map(|ticket| ticket.price.amount_minor).sum();
        let total = order.total.amount_minor;
        check.expect(items == total && prices == total, || {
            format!("order {id}: total {total}, items {items}, tickets {prices}")
        });
        let are_valid = tickets.iter().all(|ticket| ticket.state != TicketState::Voided && ticket.order_id == *id);
        check.expect(are_valid, || format!("order {id} has a ticket that is void or of another order"));
    }
    check
}

pub fn are_listed(asked: &Asked, found: &Found) -> Check {
    let mut check = Check::new("every order is in its account's list");
    for (id, ordered) in &asked.ordered {
        let owner = found.listed.get(id).map(|(account, _)| *account);
        check.expect(owner == Some(ordered.account), || {
            format!("order {id} of account {} is in the list of {owner:?}", ordered.account)
        });
    }
    check
}

/// I1, over what was acknowledged and what is found together.
pub fn seats_have_one_owner(asked: &Asked, found: &Found) -> Check {
    let mut check = Check::new("no seat is in two paid orders");
    let mut owners: HashMap<&str, Uuid> = HashMap::new();
    let acknowledged = asked.paid.values().map(|paid| &paid.order);
    let listed = found.listed.values().map(|(_, order)| order);
    for order in
        acknowledged.chain(found.orders.values()).chain(listed).filter(|order| order.status == OrderStatus::Paid)
    {
        let mut seats: Vec<&str> = order.items.iter().filter_map(|item| item.seat.as_deref()).collect();
        seats.sort_unstable();
        for pair in seats.windows(2) {
            check.expect(pair[0] != pair[1], || format!("seat {} is twice in order {}", pair[0], order.id));
        }
        for seat in seats {
            let owner = *owners.entry(seat).or_insert(order.id);
            check.expect(owner == order.id, || format!("seat {seat} is in orders {owner} and {}", order.id));
        }
    }
    check
}

pub fn refused_are_unpaid(asked: &Asked, found: &Found) -> Check {
    let mut check = Check::new("orders whose payment was refused are not paid");
    for (id, code) in &asked.pay_refused {
        let status = found.listed.get(id).map(|(_, order)| order.status);
        check.expect(!matches!(status, Some(OrderStatus::Paid)), || {
            format!("order {id} is paid and its buyer was told {code}")
        });
    }
    check
}

/// I3: what is there was asked for. An unknown answer may have gone either way.
pub fn nobody_is_a_ghost(asked: &Asked, found: &Found) -> Check {
    let mut check = Check::new("no order and no payment that nobody asked for");
    let mut surplus: BTreeMap<u32, Vec<Uuid>> = BTreeMap::new();
    for (id, (account, order)) in &found.listed {
        let is_sold = order.status == OrderStatus::Paid;
        let may_be_sold = asked.paid.contains_key(id) || asked.paying.contains(id);
        check.expect(!is_sold || may_be_sold, || format!("order {id} is paid and nobody paid it"));
        if !asked.ordered.contains_key(id) {
            surplus.entry(*account).or_default().push(*id);
        }
    }
    // A generator that was killed had asked for more than it wrote down.
    for (account, orders) in surplus.iter().filter(|_| asked.is_whole) {
        let unknown = asked.orders_unknown.get(account).copied().unwrap_or(0) as usize;
        check.expect(orders.len() <= unknown, || {
            format!("account {account} has orders {orders:?} beside its own, of {unknown} it cannot know of")
        });
    }
    check
}

pub fn are_as_many_as_expected(found: &Found, expected: u32) -> Check {
    let mut check = Check::new("exactly as many purchases as there was room for");
    let paid = found.listed.values().filter(|(_, order)| order.status == OrderStatus::Paid).count();
    check.expect(paid == expected as usize, || format!("{paid} purchases and not {expected}"));
    check
}

pub fn units(order: &Order) -> u32 {
    order.items.iter().map(|item| item.quantity).sum()
}

fn place(seat: Option<&str>, area: Option<&str>) -> String {
    seat.or(area).unwrap_or("nowhere").to_owned()
}

fn places(items: &[OrderItem]) -> Vec<(String, u32, Uuid, i64)> {
    let place = |item: &OrderItem| place(item.seat.as_deref(), item.area.as_deref());
    let mut all: Vec<_> =
        items.iter().map(|item| (place(item), item.quantity, item.tier_id, item.price.amount_minor)).collect();
    all.sort_unstable();
    all
}

fn rights(tickets: &[Ticket]) -> Vec<(Uuid, String, i64)> {
    let place = |ticket: &Ticket| place(ticket.seat.as_deref(), ticket.area.as_deref());
    let mut all: Vec<_> = tickets.iter().map(|ticket| (ticket.id, place(ticket), ticket.price.amount_minor)).collect();
    all.sort_unstable();
    all
}
