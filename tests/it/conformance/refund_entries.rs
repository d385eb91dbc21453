//! What the ledger says of money that has gone back at a provider.

use futures_util::future::join_all;
use inventory::{Account, EntryId, EntryKind, EventId, LedgerRow, Lsn, OrderId, Row, TimeUs};
use persistence::{LedgerEntry, PaymentProvider, PaymentRefund, RefundOutcome, RefundReason, RefundStatus, Store};

use super::audit_log::entry as audit;
use super::fixture::{Fixture, event, on_every_store, order, payment};
use super::money::{entry, ledger};
use super::projection::{commit, order_row};

on_every_store!(
    a_refund_is_entered_once_however_often_and_by_whom_it_is_said_to_be_done,
    what_the_ledger_does_not_know_to_be_owed_is_not_said_to_have_gone_back,
    refunds_that_an_earlier_build_has_made_are_entered_later,
    an_entry_of_which_no_refund_was_done_is_found,
);

const NOW: TimeUs = TimeUs(1_000_000);

/// So much is owed of a payment that bought nothing.
async fn owed(fixture: &Fixture, event: EventId, amount_minor: i64) -> LedgerRow {
    let owed = entry(event, order(), EntryKind::Refused, amount_minor, 1);
    let order = Row::Order(Box::new(order_row(event, owed.order, "expired", 1)));
    commit(fixture, event, [vec![order, ledger(&owed)]]).await;
    owed
}

fn refund(owed: &LedgerRow, amount_minor: i64, status: RefundStatus) -> PaymentRefund {
    PaymentRefund {
        // Any name of its own.
        id: order().uuid(),
        payment_id: owed.payment.unwrap(),
        order_id: owed.order,
        provider: PaymentProvider::Stripe,
        charge_id: None,
        amount_minor,
        currency: "EUR".to_owned(),
        reason: RefundReason::Owed,
        status,
        refund_id: None,
        attempts: 0,
        due_at: NOW,
        last_error: None,
        created_at: NOW,
    }
}

fn done() -> RefundOutcome {
    RefundOutcome::Done { refund_id: "re_1".to_owned(), at: TimeUs(7) }
}

/// What the provider has of the one order, and what is owed of it.
async fn balances(store: &Store, event: EventId) -> (i64, i64) {
    let orders = store.ledger_balances(event, None, 10).await.unwrap();
    assert_eq!(orders.len(), 1);
    (-orders[0].provider_minor, orders[0].refunds_due_minor)
}

async fn missing(store: &Store) -> Vec<OrderId> {
    let missing = store.refund_entries_missing(None, 100).await.unwrap();
    missing.into_iter().map(|refund| refund.order_id).collect()
}

async fn a_refund_is_entered_once_however_often_and_by_whom_it_is_said_to_be_done(fixture: Fixture) {
    let (store, other, event) = (&fixture.store, fixture.other_node().await, event());
    let owed = owed(&fixture, event, 900).await;
    let (asked, given_up) = (refund(&owed, 600, RefundStatus::Queued), refund(&owed, 300, RefundStatus::Failed));
    for refund in [&asked, &given_up] {
        assert!(store.refund_insert(refund).await.unwrap());
    }
    store.refunds_claim(NOW, TimeUs(2_000_000), 1).await.unwrap();
    let again = RefundOutcome::Again { due_at: NOW, error: "lost".to_owned() };
    store.refund_settle(asked.id, 1, &again).await.unwrap();
    assert_eq!(balances(store, event).await, (900, 900));

    let (outcome, asked) = (&done(), &asked);
    let say = async |at: usize| {
        let store = if at.is_multiple_of(2) { store } else { &other };
        store.refund_settle(asked.id, 1, outcome).await.unwrap();
    };
    join_all((0..10).map(say)).await;
    assert_eq!(balances(store, event).await, (300, 300));

    assert!(store.refund_done_by_hand(given_up.id, "by hand", &audit(1)).await.unwrap());
    assert!(!store.refund_done_by_hand(given_up.id, "by hand", &audit(2)).await.unwrap());
    store.refund_settle(given_up.id, 1, outcome).await.unwrap();
    assert_eq!(balances(store, event).await, (0, 0));
    assert_eq!(store.ledger_list(event, Lsn::ZERO, 10).await.unwrap().len(), 1, "no change of the journal");
    assert_eq!(missing(store).await, []);
    assert_eq!(store.refund_entries_unfounded(None, 10).await.unwrap(), []);
}

async fn what_the_ledger_does_not_know_to_be_owed_is_not_said_to_have_gone_back(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let owed = owed(&fixture, event, 900).await;
    let queued = || refund(&owed, 900, RefundStatus::Queued);
    let never_owed = [RefundReason::NotTaken, RefundReason::OrderUnknown, RefundReason::Elsewhere];
    let mut refunds = never_owed.map(|reason| PaymentRefund { reason, ..queued() }).to_vec();
    // Of a sale that the ledger does not know, or not yet.
    refunds.push(PaymentRefund { payment_id: payment(), ..queued() });
    refunds.push(PaymentRefund { order_id: order(), ..queued() });
    for refund in refunds {
        assert!(store.refund_insert(&refund).await.unwrap());
        store.refund_settle(refund.id, 0, &done()).await.unwrap();
        assert_eq!(store.refund_find(refund.id).await.unwrap().unwrap().status, RefundStatus::Done);
    }
    assert_eq!((balances(store, event).await, missing(store).await), ((900, 900), vec![]));
}

async fn refunds_that_an_earlier_build_has_made_are_entered_later(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let owed = owed(&fixture, event, 900).await;
    for status in [RefundStatus::Done, RefundStatus::Queued, RefundStatus::Failed] {
        assert!(store.refund_insert(&refund(&owed, 300, status)).await.unwrap());
    }
    assert!(store.refund_insert(&refund(&owed, 200, RefundStatus::Done)).await.unwrap());
    let found = store.refund_entries_missing(None, 1).await.unwrap();
    assert_eq!((found.len(), found[0].event_id, found[0].order_id, found[0].at), (1, event, owed.order, NOW));
    let rest = store.refund_entries_missing(Some(found[0].id), 10).await.unwrap();
    assert_eq!(rest.len(), 1);
    for page in [&found, &rest] {
        assert_eq!(store.refund_entries_backfill(page).await.unwrap(), 1);
        assert_eq!(store.refund_entries_backfill(page).await.unwrap(), 0, "it is there");
    }
    assert_eq!((balances(store, event).await, missing(store).await), ((400, 400), vec![]));
}

async fn an_entry_of_which_no_refund_was_done_is_found(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let owed = owed(&fixture, event, 900).await;
    let (waiting, less) = (refund(&owed, 300, RefundStatus::Queued), refund(&owed, 299, RefundStatus::Done));
    for refund in [&waiting, &less] {
        assert!(store.refund_insert(refund).await.unwrap());
    }
    let said = |id: uuid::Uuid| LedgerEntry {
        id: EntryId::from_uuid(id),
        event_id: Some(event),
        order_id: Some(owed.order),
        payment_id: owed.payment,
        user_id: None,
        withdrawal_id: None,
        lsn: None,
        leg: 0,
        kind: EntryKind::RefundPaid,
        debit: Account::RefundsDue,
        credit: Account::Provider,
        amount_minor: 300,
        currency: "EUR".to_owned(),
        at: NOW,
    };
    let mut ids = [waiting.id, less.id, order().uuid()];
    assert_eq!(store.ledger_backfill(&ids.map(said)).await.unwrap(), 3);
    ids.sort_unstable();
    let found = store.refund_entries_unfounded(None, 10).await.unwrap();
    assert_eq!(found.iter().map(|entry| entry.id).collect::<Vec<_>>(), ids);
    assert_eq!(store.refund_entries_unfounded(Some(ids[1]), 10).await.unwrap().len(), 1);
}
