//! Each test plants one lie into a sale that passes, and the check that is there for it must find it.

use chrono::{DateTime, TimeDelta};
use serde_json::json;
use uuid::Uuid;
use wire::{Availability, Event, Money, Order, OrderStatus, SeatMap, TicketState};

use super::*;
use crate::account::Credentials;
use crate::ledger::{Held, Paid, Run, VERSION};

const EVENT: Uuid = Uuid::from_u128(0xe);
const TIER: Uuid = Uuid::from_u128(0x7);
const START: DateTime<chrono::Utc> = DateTime::UNIX_EPOCH;

fn order(id: u128, seats: &[&str]) -> Order {
    let price = json!({"amount_minor": 50, "currency": "EUR"});
    let total = json!({"amount_minor": 50 * seats.len(), "currency": "EUR"});
    let items: Vec<_> = seats
        .iter()
        .map(|seat| json!({"seat": seat, "quantity": 1, "tier_id": TIER, "tier_name": "T", "price": price}))
        .collect();
    let ticket = |(at, seat): (usize, &&str)| {
        json!({"id": Uuid::from_u128(id * 100 + at as u128), "order_id": Uuid::from_u128(id), "event_id": EVENT,
            "seat": seat, "tier_id": TIER, "tier_name": "T", "price": price, "state": "issued", "issued_at": START})
    };
    let tickets: Vec<_> = seats.iter().enumerate().map(ticket).collect();
    serde_json::from_value(json!({"id": Uuid::from_u128(id), "event_id": EVENT, "status": "paid", "items": items,
        "total": total, "refunded": {"amount_minor": 0, "currency": "EUR"}, "placed_at": START, "expires_at": START,
        "tickets": tickets}))
    .unwrap()
}

fn seen(row: &str) -> Availability {
    let count = |state| row.chars().filter(|one| *one == state).count();
    let (free, held, sold, blocked) = (count('f'), count('h'), count('s'), count('b'));
    serde_json::from_value(json!({"seq": 1, "status": "published",
        "totals": {"free": free, "held": held, "sold": sold, "blocked": blocked}, "tiers": [],
        "sections": [{"id": "A", "area": false, "free": free, "held": held, "sold": sold, "blocked": blocked,
            "rows": [{"id": "1", "seats": row}]}]}))
    .unwrap()
}

fn arena() -> Arena {
    let event: Event =
        serde_json::from_value(json!({"id": EVENT, "organizer_id": EVENT, "title": "t", "description": "",
        "location": "", "timezone": "UTC", "starts_at": START, "ends_at": null, "currency": "EUR",
        "status": "published", "created_at": START, "changed_at": START, "slug": "t", "organization": "", "rating": "",
        "address": "", "city": "", "country": "", "category": "", "tags": [], "ended": false, "images": []}))
        .unwrap();
    let map: SeatMap = serde_json::from_value(json!({"sections": [{"id": "A", "name": "A",
        "rows": [{"id": "1", "seats": ["1", "2", null, "3", "4", "5"]}]}]}))
    .unwrap();
    Arena::new(event, &map)
}

fn held(hold: u128, seat: &str, asked_s: i64, answered_s: i64, expires_s: i64) -> Held {
    let at = |seconds| START + TimeDelta::seconds(seconds);
    let price = Money { amount_minor: 50, currency: "EUR".to_owned() };
    let items =
        serde_json::from_value(json!([{"seat": seat, "quantity": 1, "tier_id": TIER, "price": price}])).unwrap();
    Held {
        hold: Uuid::from_u128(hold),
        account: 0,
        items,
        total: price,
        asked_at: at(asked_s),
        answered_at: at(answered_s),
        expires_at: at(expires_s),
    }
}

/// Two buyers: one bought 1 and 2, the other 3; seat 4 is held; seat 5 is free.
fn sale() -> (Asked, Found) {
    let run = Run {
        version: VERSION,
        url: "http://localhost:1".to_owned(),
        event: EVENT,
        seed: 1,
        started_at: START,
        before: seen("fffff"),
        capacity: 5,
        shared: false,
        purchases_expected: None,
        accounts: vec![Credentials { email: "a@x".to_owned(), password: "p".to_owned(), token: String::new() }],
    };
    let mut entries = vec![Entry::Run(Box::new(run))];
    let mut found =
        Found { orders: [].into(), tickets: [].into(), listed: [].into(), after: seen("ssshf"), capacity: 5 };
    for (id, account, seats) in [(1, 0, ["A-1-1", "A-1-2"].as_slice()), (2, 1, &["A-1-3"])] {
        let order = order(id, seats);
        let hold = Uuid::from_u128(id + 10);
        for seat in seats {
            entries.push(Entry::Held(held(id + 10, seat, 0, 1, 600)));
        }
        entries.push(Entry::Ordered { order: order.id, account, hold });
        entries.push(Entry::Paying { order: order.id, account });
        entries.push(Entry::Paid(Box::new(Paid { account, hold, at: START, order: order.clone() })));
        found.tickets.insert(order.id, order.tickets.clone());
        found.listed.insert(order.id, (account, order.clone()));
        found.orders.insert(order.id, order);
    }
    entries.push(Entry::Held(held(13, "A-1-4", 0, 1, 600)));
    entries.push(Entry::End { violations: Vec::new(), unclassified: 0 });
    (Asked::of(&entries).unwrap(), found)
}

/// The names of the checks that fail once `lie` has been told.
fn failing(lie: impl FnOnce(&mut Asked, &mut Found)) -> Vec<String> {
    let (mut asked, mut found) = sale();
    lie(&mut asked, &mut found);
    let verdict = judge(&asked, &found, &arena());
    assert_eq!(verdict.passed, verdict.checks.iter().all(|check| check.passed));
    verdict.checks.into_iter().filter(|check| !check.passed).map(|check| check.name).collect()
}

fn is_found_by(part: &str, lie: impl FnOnce(&mut Asked, &mut Found)) {
    let failing = failing(lie);
    assert!(failing.iter().any(|name| name.contains(part)), "{part}: {failing:?}");
}

const ONE: Uuid = Uuid::from_u128(1);
const TWO: Uuid = Uuid::from_u128(2);

#[test]
fn an_honest_sale_passes() {
    assert_eq!(failing(|_, _| {}), Vec::<String>::new());
}

#[test]
fn a_lost_purchase_is_found() {
    is_found_by("found again", |_, found| {
        found.orders.remove(&ONE);
        found.tickets.remove(&ONE);
    });
    is_found_by("in its account's list", |_, found| _ = found.listed.remove(&ONE));
}

#[test]
fn a_purchase_that_is_no_longer_paid_is_found() {
    is_found_by("found again", |_, found| found.orders.get_mut(&ONE).unwrap().status = OrderStatus::PendingPayment);
}

#[test]
fn a_wrong_price_is_found() {
    is_found_by("same seats and price", |_, found| found.orders.get_mut(&ONE).unwrap().total.amount_minor = 99);
    is_found_by("prices add up", |_, found| found.tickets.get_mut(&ONE).unwrap()[0].price.amount_minor = 1);
}

#[test]
fn another_seat_than_was_sold_is_found() {
    is_found_by("same seats and price", |_, found| {
        found.orders.get_mut(&TWO).unwrap().items[0].seat = Some("A-1-5".to_owned());
    });
}

#[test]
fn a_missing_or_void_or_exchanged_ticket_is_found() {
    is_found_by("tickets cover", |_, found| _ = found.tickets.get_mut(&ONE).unwrap().pop());
    is_found_by("tickets cover", |_, found| found.tickets.get_mut(&ONE).unwrap()[1].state = TicketState::Voided);
    is_found_by("found again", |_, found| found.tickets.get_mut(&ONE).unwrap()[1].id = TWO);
}

#[test]
fn a_seat_sold_twice_is_found() {
    is_found_by("two paid orders", |asked, _| {
        let twice = Paid { account: 1, hold: TWO, at: START, order: order(9, &["A-1-1"]) };
        asked.paid.insert(twice.order.id, twice);
    });
    is_found_by("two paid orders", |_, found| {
        found.listed.insert(Uuid::from_u128(9), (1, order(9, &["A-1-3"])));
    });
}

#[test]
fn a_ghost_is_found() {
    is_found_by("nobody asked for", |_, found| {
        found.listed.insert(Uuid::from_u128(9), (0, order(9, &["A-1-5"])));
    });
    is_found_by("nobody asked for", |_, found| {
        let mut unpaid = order(9, &["A-1-5"]);
        unpaid.status = OrderStatus::PendingPayment;
        found.listed.insert(unpaid.id, (0, unpaid));
    });
}

#[test]
fn an_unknown_payment_may_have_gone_either_way() {
    for was_paid in [false, true] {
        let failing = failing(|asked, found| {
            asked.paid.remove(&TWO);
            asked.paying.insert(TWO);
            found.orders.remove(&TWO);
            if !was_paid {
                found.listed.get_mut(&TWO).unwrap().1.status = OrderStatus::PendingPayment;
                found.after = seen("sshhf");
            }
        });
        assert_eq!(failing, Vec::<String>::new(), "paid: {was_paid}");
    }
}

#[test]
fn a_payment_taken_after_a_refusal_is_found() {
    is_found_by("refused are not paid", |asked, _| {
        asked.paid.remove(&TWO);
        asked.pay_refused.insert(TWO, "HOLD_EXPIRED".to_owned());
    });
}

#[test]
fn counts_that_do_not_add_up_are_found() {
    is_found_by("is the capacity", |_, found| found.after.totals.free += 1);
    is_found_by("is the capacity", |_, found| {
        found.after.sections[0].rows.as_mut().unwrap()[0].seats = "sssff".to_owned()
    });
    is_found_by("this run bought", |_, found| found.after = seen("sssss"));
    is_found_by("this run holds", |_, found| found.after = seen("ssshh"));
    is_found_by("shows as sold", |_, found| found.after = seen("sfssh"));
}

#[test]
fn others_may_buy_where_the_event_is_shared() {
    let failing = failing(|asked, found| {
        asked.run.shared = true;
        found.after = seen("sssss");
    });
    assert_eq!(failing, Vec::<String>::new());
}

#[test]
fn a_hold_given_while_another_lasts_is_found() {
    is_found_by("held twice", |asked, _| asked.held.push(held(14, "A-1-4", 2, 3, 900)));
    let after_the_end = failing(|asked, _| asked.held.push(held(14, "A-1-4", 599, 600, 900)));
    let in_a_race = failing(|asked, _| asked.held.push(held(14, "A-1-4", 0, 2, 900)));
    assert_eq!((after_the_end, in_a_race), (Vec::new(), Vec::new()), "neither is certain");
    let after_its_release = failing(|asked, _| {
        asked.released_at.insert(Uuid::from_u128(13), START + TimeDelta::seconds(2));
        asked.held.push(held(14, "A-1-4", 3, 4, 900));
    });
    assert_eq!(after_its_release, Vec::<String>::new());
}

#[test]
fn a_broken_promise_or_an_unclassified_answer_fails() {
    is_found_by("every answer", |asked, _| asked.violations.push("two answers to one key".to_owned()));
    is_found_by("every answer", |asked, _| asked.unclassified = 1);
}

#[test]
fn two_winners_of_one_seat_are_one_too_many() {
    is_found_by("room for", |asked, _| asked.run.purchases_expected = Some(1));
}
