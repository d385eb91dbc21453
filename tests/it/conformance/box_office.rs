//! Sales of the box office, written with their orders, and what is paid out of them.

use engine::{Appended, Journal};
use futures_util::future::join_all;
use inventory::{
    BoxOfficeSaleRow, Currency, EntryId, EntryKind, EventId, LedgerRow, Lsn, OrderId, OrderRow, Row, Tender, TimeUs,
};
use persistence::{AuditEntry, AuditVia, BoxOfficeHold, BoxOfficeWords, NewPayout, PayoutRefusal};

use super::fixture::{Fixture, append_one, batch, event, on_every_store, order, payment, user, with_rows};
use super::projection::order_row;

on_every_store!(
    a_sale_is_found_with_its_order_and_its_first_words,
    words_of_a_hold_are_found_by_it_until_they_are_forgotten,
    a_hundred_payouts_at_once_pay_what_is_due_once,
    a_key_pays_out_once_and_for_one_order,
);

const NOW: TimeUs = TimeUs(1_000_000);

/// An order of 4,500 of which so much was refunded.
async fn sold(fixture: &Fixture, event: EventId, order: OrderId, refunded_minor: i64) {
    let opened = fixture.store.open(event).await.unwrap();
    let lsn = opened.last_lsn.0 + 1;
    let entry = |leg: u8, kind: EntryKind, amount_minor: i64| LedgerRow {
        id: EntryId::from_uuid(super::fixture::order().uuid()),
        event,
        order,
        payment: Some(payment()),
        user: None,
        lsn: Lsn(lsn),
        leg,
        kind,
        amount_minor,
        currency: Currency::new("EUR").unwrap(),
        at: NOW,
    };
    let sale =
        BoxOfficeSaleRow { order, event, user: Some(user()), tender: Tender::CardTerminal, at: NOW, lsn: Lsn(lsn) };
    let mut rows = vec![
        Row::Order(Box::new(OrderRow { refunded_minor, ..order_row(event, order, "paid", lsn) })),
        Row::BoxOfficeSale(Box::new(sale.clone())),
        Row::BoxOfficeSale(Box::new(BoxOfficeSaleRow { tender: Tender::Cash, ..sale })),
        Row::Ledger(Box::new(entry(0, EntryKind::SoldAtBoxOffice, 4_500))),
    ];
    if refunded_minor > 0 {
        rows.push(Row::Ledger(Box::new(entry(1, EntryKind::Refunded, refunded_minor))));
    }
    let batch = with_rows(batch(event, opened.epoch, lsn, lsn), rows);
    assert_eq!(append_one(&fixture.store, batch).await, Appended::Durable);
}

fn payout(event: EventId, order: OrderId) -> NewPayout {
    NewPayout {
        id: super::fixture::order().uuid(),
        order,
        event,
        by: user(),
        tender: Tender::Cash,
        reference: None,
        now: NOW,
        request_key: None,
    }
}

fn audit() -> AuditEntry {
    AuditEntry {
        id: super::fixture::order().uuid(),
        at: NOW,
        actor_id: None,
        actor_role: None,
        via: AuditVia::System,
        action: "box_office.payout".into(),
        object_kind: "box_office".into(),
        object_id: None,
        event_id: None,
        old_values: None,
        new_values: None,
        ip: None,
        user_agent: None,
        request_id: None,
        request_key: None,
    }
}

async fn a_sale_is_found_with_its_order_and_its_first_words(fixture: Fixture) {
    let (event, order, store) = (event(), order(), fixture.store.clone());
    sold(&fixture, event, order, 0).await;
    let words = |reason: &str| BoxOfficeWords {
        order,
        reference: None,
        reason: Some(reason.to_owned()),
        buyer: None,
        mail: None,
    };
    store.box_office_sale_say(&words("Press")).await.unwrap();
    store.box_office_sale_say(&words("Later")).await.unwrap();
    let sales = store.box_office_sales(event, false, None, 10).await.unwrap();
    assert_eq!(sales.len(), 1);
    let sale = &sales[0];
    assert_eq!((sale.order_id, sale.tender, sale.reason.as_deref()), (order, Tender::CardTerminal, Some("Press")));
    assert_eq!((sale.total_minor, sale.due_minor, sale.currency.as_str()), (4_500, 0, "EUR"));
    assert_eq!(store.box_office_sales(event, false, Some(order), 10).await.unwrap(), []);
    assert_eq!(store.box_office_sales(event, true, None, 10).await.unwrap(), []);
    let balances = store.ledger_balances(event, None, 10).await.unwrap();
    assert_eq!(
        (balances[0].box_office_minor, balances[0].provider_minor, balances[0].captured_minor),
        (-4_500, 0, 4_500)
    );
}

async fn words_of_a_hold_are_found_by_it_until_they_are_forgotten(fixture: Fixture) {
    let (event, store) = (event(), fixture.store.clone());
    let hold = inventory::HoldId::from_uuid(order().uuid());
    let words = BoxOfficeHold {
        hold_id: hold.uuid(),
        event_id: event,
        placed_by: user(),
        placed_at: NOW,
        reason: "Press".to_owned(),
        label: None,
    };
    store.box_office_hold_keep(&words).await.unwrap();
    store.box_office_hold_keep(&BoxOfficeHold { reason: "Later".to_owned(), ..words.clone() }).await.unwrap();
    assert_eq!(store.box_office_holds(event, hold, hold, 10).await.unwrap(), [words]);
    store.box_office_hold_forget(hold).await.unwrap();
    assert_eq!(store.box_office_holds(event, hold, hold, 10).await.unwrap(), []);
}

async fn a_hundred_payouts_at_once_pay_what_is_due_once(fixture: Fixture) {
    let (event, order, store) = (event(), order(), fixture.store.clone());
    sold(&fixture, event, order, 1_200).await;
    let due = store.box_office_sales(event, true, None, 10).await.unwrap();
    assert_eq!(due.iter().map(|sale| sale.due_minor).collect::<Vec<_>>(), [1_200]);
    let asked = (0..100).map(|_| async { store.box_office_pay_out(&payout(event, order), &audit()).await.unwrap() });
    let answers = join_all(asked).await;
    let paid: Vec<i64> = answers.iter().flatten().map(|paid| paid.amount_minor).collect();
    assert_eq!(paid, [1_200]);
    assert!(
        answers.iter().flat_map(|answer| answer.as_ref().err()).all(|refusal| *refusal == PayoutRefusal::NothingDue)
    );
    let balances = store.ledger_balances(event, None, 10).await.unwrap();
    assert_eq!((balances[0].box_office_minor, balances[0].refunds_due_minor), (-3_300, 0));
    let (taken, paid_out) = store.box_office_takings(event, TimeUs::MIN, TimeUs::MAX, 10).await.unwrap();
    assert_eq!((taken[0].tender, taken[0].count, taken[0].amount_minor), (Tender::CardTerminal, 1, 4_500));
    assert_eq!((paid_out[0].tender, paid_out[0].count, paid_out[0].amount_minor), (Tender::Cash, 1, 1_200));
    let none = store.box_office_takings(event, TimeUs(NOW.0 + 1), TimeUs::MAX, 10).await.unwrap();
    assert_eq!(none, (Vec::new(), Vec::new()));
}

async fn a_key_pays_out_once_and_for_one_order(fixture: Fixture) {
    let (event, first, second, store) = (event(), order(), order(), fixture.store.clone());
    sold(&fixture, event, first, 1_200).await;
    sold(&fixture, event, second, 700).await;
    let keyed = |order| NewPayout { request_key: Some([7; 16]), ..payout(event, order) };
    let paid = store.box_office_pay_out(&keyed(first), &audit()).await.unwrap().unwrap();
    assert_eq!(store.box_office_pay_out(&keyed(first), &audit()).await.unwrap(), Ok(paid));
    let other = store.box_office_pay_out(&keyed(second), &audit()).await.unwrap();
    assert_eq!(other, Err(PayoutRefusal::KeyReused));
    let elsewhere = store.box_office_pay_out(&payout(super::fixture::event(), second), &audit()).await.unwrap();
    assert_eq!(elsewhere, Err(PayoutRefusal::Unknown));
}
