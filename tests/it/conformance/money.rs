//! The ledger, wallets, withdrawals, and the work of a cancelled event.

use engine::{Appended, Journal};
use futures_util::future::join_all;
use inventory::{Account, Currency, EntryId, EntryKind, EventId, LedgerRow, Lsn, OrderId, Row, TimeUs, UserId};
use persistence::{
    AuditEntry, AuditVia, CancellationStatus, NewWithdrawal, WithdrawalDecided, WithdrawalDecision, WithdrawalFilter,
    WithdrawalRefusal, WithdrawalStatus,
};
use uuid::Uuid;

use super::fixture::{Fixture, append_one, batch, event, on_every_store, order, payment, user, with_rows};
use super::projection::order_row;

on_every_store!(
    a_movement_written_twice_is_one,
    the_largest_amounts_survive,
    a_wallet_is_counted_from_its_entries,
    a_hundred_withdrawals_at_once_never_take_more_than_there_is,
    of_an_approval_and_a_rejection_at_once_one_counts,
    work_is_one_nodes_until_its_claim_ends,
    work_goes_round_until_no_order_is_left,
    events_that_were_cancelled_find_their_way_into_the_work,
);

const NOW: TimeUs = TimeUs(1_000_000);

fn eur() -> Currency {
    Currency::new("EUR").unwrap()
}

pub fn entry(event: EventId, order: OrderId, kind: EntryKind, amount_minor: i64, lsn: u64) -> LedgerRow {
    LedgerRow {
        id: EntryId::from_bytes(order.bytes()),
        event,
        order,
        payment: Some(payment()),
        user: None,
        lsn: Lsn(lsn),
        leg: 0,
        kind,
        amount_minor,
        currency: eur(),
        at: TimeUs(5),
    }
}

async fn commit(fixture: &Fixture, event: EventId, rows: Vec<Row>) {
    let opened = fixture.store.open(event).await.unwrap();
    let lsn = opened.last_lsn.0 + 1;
    let batch = with_rows(batch(event, opened.epoch, lsn, lsn), rows);
    assert_eq!(append_one(&fixture.store, batch).await, Appended::Durable);
}

pub fn ledger(row: &LedgerRow) -> Row {
    Row::Ledger(Box::new(row.clone()))
}

async fn fill(fixture: &Fixture, user: UserId, amount_minor: i64) {
    let event = event();
    let row = entry(event, order(), EntryKind::RefundedToWallet, amount_minor, 1);
    commit(fixture, event, vec![ledger(&LedgerRow { user: Some(user), ..row })]).await;
}

fn withdrawal(user: UserId, amount_minor: i64) -> NewWithdrawal {
    NewWithdrawal {
        id: order().uuid(),
        user,
        amount_minor,
        currency: "EUR".into(),
        payout: vec![1, 2, 3],
        payout_iban: "DE…4931".into(),
        payout_holder: "A…".into(),
        now: NOW,
        request_key: None,
        pending_max: 1_000,
    }
}

fn audit(action: &str) -> AuditEntry {
    AuditEntry {
        id: order().uuid(),
        at: NOW,
        actor_id: None,
        actor_role: None,
        via: AuditVia::System,
        action: action.into(),
        object_kind: "withdrawal".into(),
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

/// Available and reserved.
async fn balance(fixture: &Fixture, user: UserId) -> (i64, i64) {
    let balances = fixture.store.wallet_balances(user).await.unwrap();
    assert_eq!(balances.iter().map(|balance| balance.currency.as_str()).collect::<Vec<_>>(), ["EUR"]);
    (balances[0].balance_minor, balances[0].reserved_minor)
}

async fn a_movement_written_twice_is_one(fixture: Fixture) {
    let (event, order) = (event(), order());
    let captured = entry(event, order, EntryKind::Captured, 4_500, 1);
    commit(&fixture, event, vec![ledger(&captured), ledger(&captured)]).await;
    commit(&fixture, event, vec![ledger(&LedgerRow { amount_minor: 9, ..captured.clone() })]).await;
    let found = fixture.store.ledger_list(event, Lsn::ZERO, 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].id, found[0].event_id, found[0].order_id, found[0].payment_id, found[0].lsn),
        (captured.id, Some(event), Some(order), captured.payment, Some(Lsn(1)))
    );
    assert_eq!((found[0].debit, found[0].credit), (Account::Provider, Account::Sales));
    assert_eq!((found[0].amount_minor, found[0].currency.as_str(), found[0].at), (4_500, "EUR", TimeUs(5)));
    assert_eq!(fixture.store.ledger_of_change(event, Lsn(1)).await.unwrap(), found);
    let balances = fixture.store.ledger_balances(event, None, 10).await.unwrap();
    assert_eq!((balances[0].provider_minor, balances[0].sales_minor), (-4_500, 4_500));
    assert_eq!((balances[0].captured_minor, balances[0].refunded_minor), (4_500, 0));
    assert_eq!(fixture.store.ledger_balances(event, Some(order), 10).await.unwrap(), []);
}

async fn the_largest_amounts_survive(fixture: Fixture) {
    let (event, order) = (event(), order());
    let row = LedgerRow { at: TimeUs::MAX, ..entry(event, order, EntryKind::Refused, i64::MAX, u64::MAX >> 1) };
    commit(&fixture, event, vec![ledger(&row)]).await;
    let found = fixture.store.ledger_list(event, Lsn::ZERO, 10).await.unwrap();
    assert_eq!((found[0].amount_minor, found[0].at, found[0].lsn), (i64::MAX, TimeUs::MAX, Some(row.lsn)));
}

async fn a_wallet_is_counted_from_its_entries(fixture: Fixture) {
    let (owner, other) = (user(), user());
    assert_eq!(fixture.store.wallet_balances(owner).await.unwrap(), []);
    fill(&fixture, owner, 1_000).await;
    fill(&fixture, owner, 500).await;
    fill(&fixture, other, 7).await;
    assert_eq!(balance(&fixture, owner).await, (1_500, 0));
    let made = fixture.store.withdrawal_insert(&withdrawal(owner, 600), &audit("withdrawal.request")).await.unwrap();
    assert_eq!(made.unwrap().status, WithdrawalStatus::Pending);
    assert_eq!((balance(&fixture, owner).await, balance(&fixture, other).await), ((900, 600), (7, 0)));
    let entries = fixture.store.ledger_of_wallet(owner, None, 10).await.unwrap();
    assert_eq!(entries.len(), 3);
    let after = fixture.store.ledger_of_wallet(owner, Some(entries[1].id.uuid()), 10).await.unwrap();
    assert_eq!(after, entries[2..]);
}

async fn a_hundred_withdrawals_at_once_never_take_more_than_there_is(fixture: Fixture) {
    let owner = user();
    fill(&fixture, owner, 1_000).await;
    let (first, second) = (fixture.store.clone(), fixture.other_node().await);
    let ask = async |at: usize| {
        let store = if at.is_multiple_of(2) { &first } else { &second };
        store.withdrawal_insert(&withdrawal(owner, 150), &audit("withdrawal.request")).await.unwrap()
    };
    let answers = join_all((0..100).map(ask)).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 6);
    let refused = answers.into_iter().filter_map(Result::err);
    assert!(refused.into_iter().all(|refusal| refusal == WithdrawalRefusal::Funds { balance_minor: 100 }));
    assert_eq!(balance(&fixture, owner).await, (100, 900));
    let filter = WithdrawalFilter { user: Some(owner), status: None };
    assert_eq!(fixture.store.withdrawal_list(filter, None, 100).await.unwrap().len(), 6);
}

async fn of_an_approval_and_a_rejection_at_once_one_counts(fixture: Fixture) {
    let (owner, admin) = (user(), user());
    fill(&fixture, owner, 1_000).await;
    let made = fixture.store.withdrawal_insert(&withdrawal(owner, 400), &audit("withdrawal.request")).await.unwrap();
    let id = made.unwrap().id;
    let decide = async |at: usize| {
        let (entry_id, is_approved) = (order().uuid(), at.is_multiple_of(2));
        let decision = WithdrawalDecision { id, entry_id, is_approved, by: admin, now: NOW, reason: None };
        fixture.store.withdrawal_decide(&decision, &audit("withdrawal.decide")).await.unwrap()
    };
    let decided = join_all((0..10).map(decide)).await;
    let done: Vec<_> = decided.iter().filter(|it| matches!(it, WithdrawalDecided::Done(_))).collect();
    assert_eq!(done.len(), 1);
    let stored = fixture.store.withdrawal_find(id).await.unwrap().unwrap();
    assert_eq!((stored.decided_by, stored.decided_at), (Some(admin), Some(NOW)));
    let expected = if stored.status == WithdrawalStatus::Approved { (600, 0) } else { (1_000, 0) };
    assert_eq!(balance(&fixture, owner).await, expected);
    let unknown = WithdrawalDecision {
        id: Uuid::nil(),
        entry_id: order().uuid(),
        is_approved: true,
        by: admin,
        now: NOW,
        reason: None,
    };
    let unknown = fixture.store.withdrawal_decide(&unknown, &audit("withdrawal.decide")).await.unwrap();
    assert_eq!(unknown, WithdrawalDecided::Unknown);
}

fn at(us: i64) -> TimeUs {
    TimeUs(us)
}

async fn work_is_one_nodes_until_its_claim_ends(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    store.cancellation_start(event, at(10)).await.unwrap();
    store.cancellation_start(event, at(11)).await.unwrap();
    assert_eq!(store.cancellations_next_due().await.unwrap(), Some(at(10)));
    let claims = join_all((0..8).map(|_| store.cancellation_claim(at(20), at(30)))).await;
    let mut claims: Vec<_> = claims.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(claims.len(), 1);
    let first = claims.remove(0);
    assert_eq!(store.cancellation_claim(at(29), at(40)).await.unwrap(), None);
    let second = store.cancellation_claim(at(30), at(40)).await.unwrap().unwrap();
    assert!(!store.cancellation_move(&first, order(), 1, at(99)).await.unwrap(), "it is another's by now");
    store.cancellation_finish(&first, at(99)).await.unwrap();
    assert_eq!(store.cancellation_find(event).await.unwrap().unwrap().status, CancellationStatus::Running);
    store.cancellation_finish(&second, at(50)).await.unwrap();
    let done = store.cancellation_find(event).await.unwrap().unwrap();
    assert_eq!((done.status, done.finished_at), (CancellationStatus::Done, Some(at(50))));
    assert_eq!(store.cancellation_claim(at(99), at(199)).await.unwrap(), None);
}

async fn work_goes_round_until_no_order_is_left(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let orders: Vec<OrderId> = (0..3).map(|_| order()).collect();
    let rows = orders.iter().map(|order| Row::Order(Box::new(order_row(event, *order, "paid", 1)))).collect();
    commit(&fixture, event, rows).await;
    store.cancellation_start(event, at(10)).await.unwrap();
    let claimed = store.cancellation_claim(at(10), at(20)).await.unwrap().unwrap();
    assert_eq!(store.cancellation_orders(event, None, 2).await.unwrap(), orders[..2]);
    assert!(store.cancellation_move(&claimed, orders[1], 1, at(20)).await.unwrap());
    assert_eq!(store.cancellation_orders(event, Some(orders[1]), 2).await.unwrap(), orders[2..]);
    store.cancellation_again(&claimed, at(30)).await.unwrap();
    let again = store.cancellation_find(event).await.unwrap().unwrap();
    assert_eq!((again.after_order, again.failed, again.failed_before, again.rounds), (None, 0, 1, 1));
    let mut refunded = order_row(event, orders[0], "refunded", 2);
    refunded.refunded_minor = 4_500;
    commit(&fixture, event, vec![Row::Order(Box::new(refunded))]).await;
    assert_eq!(store.cancellation_orders(event, None, 5).await.unwrap(), orders[1..]);
    let progress = store.cancellation_progress(event).await.unwrap();
    assert_eq!((progress.orders, progress.refunded, progress.refunded_minor), (3, 1, 4_500));
}

async fn events_that_were_cancelled_find_their_way_into_the_work(fixture: Fixture) {
    let store = &fixture.store;
    let (on, off) = (super::events::show(user()), super::events::show(user()));
    for show in [&on, &off] {
        store.event_insert(show).await.unwrap();
    }
    commit(&fixture, off.id, vec![Row::EventStatus { event: off.id, status: "cancelled", at: TimeUs(1), lsn: Lsn(1) }])
        .await;
    assert_eq!(store.cancellations_start_all(at(5)).await.unwrap(), 1);
    assert_eq!(store.cancellations_start_all(at(6)).await.unwrap(), 0);
    assert!(store.cancellation_find(on.id).await.unwrap().is_none());
    assert_eq!(store.cancellation_find(off.id).await.unwrap().unwrap().requested_at, at(5));
}
