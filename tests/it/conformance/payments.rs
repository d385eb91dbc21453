use inventory::{Lsn, OutboxKind, OutboxRow, PaymentStatus, RefundOwed, Row, TimeUs};
use persistence::{
    Checkout, CheckoutState, OutboxStatus, OwedRefund, PaymentProvider, PaymentRefund, RefundOutcome, RefundReason,
    RefundStatus,
};
use tokio::task::JoinSet;

use super::audit_log::entry;
use super::fixture::{Fixture, event, on_every_store, order, payment};
use super::projection::{commit, order_row, outbox_row, payment_row};

on_every_store!(
    a_refund_that_the_journal_owes_is_taken_once,
    of_many_that_claim_at_once_each_refund_has_one,
    only_the_last_attempt_may_fail_a_refund_and_any_may_have_made_it,
    a_checkout_that_is_paid_stays_paid_and_one_that_has_ended_is_asked_about_no_more,
    money_counts_whatever_was_thought_of_its_checkout,
    a_notice_is_known_until_it_is_forgotten,
);

const NOW: TimeUs = TimeUs(1_000_000);
const LEASE: TimeUs = TimeUs(2_000_000);

fn refund(id: u128) -> PaymentRefund {
    PaymentRefund {
        id: uuid::Uuid::from_u128(id),
        payment_id: payment(),
        order_id: order(),
        provider: PaymentProvider::Stripe,
        charge_id: Some("pi_1".to_owned()),
        amount_minor: 4_500,
        currency: "EUR".to_owned(),
        reason: RefundReason::Owed,
        status: RefundStatus::Queued,
        refund_id: None,
        attempts: 0,
        due_at: NOW,
        last_error: None,
        created_at: NOW,
    }
}

fn checkout() -> Checkout {
    Checkout {
        payment_id: payment(),
        order_id: order(),
        event_id: event(),
        provider: PaymentProvider::Stripe,
        state: CheckoutState::Creating,
        session_id: None,
        charge_id: None,
        url: None,
        amount_minor: 4_500,
        currency: "EUR".to_owned(),
        expires_at: TimeUs(9_000_000),
        attempts: 0,
        due_at: NOW,
        last_error: None,
        created_at: NOW,
    }
}

async fn a_refund_that_the_journal_owes_is_taken_once(fixture: Fixture) {
    let (event, store) = (event(), &fixture.store);
    let order = order_row(event, order(), "paid", 1);
    let captured = payment_row(&order, PaymentStatus::Captured, 1);
    let owed = RefundOwed { payment: captured.payment, amount_minor: 1_500 };
    let part = OutboxRow { owed: Some(owed), ..outbox_row(&order, OutboxKind::PaymentRefund, 2) };
    // As the release before wrote it: the payment is the one that changed with it.
    let refused = payment_row(&order, PaymentStatus::RefundDue, 3);
    let old = outbox_row(&order, OutboxKind::PaymentRefund, 3);
    let mail = outbox_row(&order, OutboxKind::OrderRefunded, 2);
    let of_lsn = [
        vec![Row::Order(Box::new(order.clone())), Row::Payment(Box::new(captured.clone()))],
        vec![Row::Outbox(Box::new(part)), Row::Outbox(Box::new(mail))],
        vec![Row::Payment(Box::new(refused.clone())), Row::Outbox(Box::new(old))],
    ];
    commit(&fixture, event, of_lsn).await;
    let taken = Checkout { payment_id: captured.payment, order_id: order.order, event_id: event, ..checkout() };
    assert!(store.checkout_insert(&taken).await.unwrap());

    let found = store.refunds_owed(10).await.unwrap();
    let told = |owed: &OwedRefund| (owed.lsn, owed.payment_id, owed.amount_minor, owed.provider);
    let mut seen: Vec<_> = found.iter().map(told).collect();
    seen.sort_by_key(|(lsn, ..)| *lsn);
    let stripe = Some(PaymentProvider::Stripe);
    assert_eq!(seen, [(Lsn(2), captured.payment, 1_500, stripe), (Lsn(3), refused.payment, 4_500, None)], "{found:?}");
    for owed in &found {
        for _ in 0..2 {
            let refund = PaymentRefund { amount_minor: owed.amount_minor, ..refund(u128::from(owed.lsn.0)) };
            store.refund_take(owed, &refund).await.unwrap();
        }
    }
    assert_eq!(store.refunds_owed(10).await.unwrap(), []);
    assert_eq!(store.refund_list(None, None, 10).await.unwrap().len(), 2);
    let outbox = store.outbox_list(event, Lsn::ZERO, 10).await.unwrap();
    let statuses: Vec<_> = outbox.iter().map(|work| (work.kind, work.status)).collect();
    assert_eq!(
        statuses,
        [
            (OutboxKind::OrderRefunded, OutboxStatus::Queued),
            (OutboxKind::PaymentRefund, OutboxStatus::Done),
            (OutboxKind::PaymentRefund, OutboxStatus::Done),
        ]
    );
}

async fn of_many_that_claim_at_once_each_refund_has_one(fixture: Fixture) {
    for id in 0..50 {
        assert!(fixture.store.refund_insert(&refund(id)).await.unwrap());
        assert!(!fixture.store.refund_insert(&refund(id)).await.unwrap(), "it is there");
    }
    let mut claims = JoinSet::new();
    for _ in 0..10 {
        let store = fixture.other_node().await;
        claims.spawn(async move { store.refunds_claim(NOW, LEASE, 20).await.unwrap() });
    }
    let mut claimed: Vec<_> = claims.join_all().await.into_iter().flatten().map(|refund| refund.id).collect();
    claimed.extend(fixture.store.refunds_claim(NOW, LEASE, 50).await.unwrap().into_iter().map(|refund| refund.id));
    let count = claimed.len();
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!((count, claimed.len()), (50, 50));
    assert_eq!(fixture.store.refunds_next_due().await.unwrap(), Some(LEASE));
    assert_eq!(fixture.store.refunds_claim(LEASE, TimeUs(3_000_000), 50).await.unwrap().len(), 50, "leases end");
}

async fn only_the_last_attempt_may_fail_a_refund_and_any_may_have_made_it(fixture: Fixture) {
    let store = &fixture.store;
    let id = refund(1).id;
    let settled = async |attempt: u32, outcome: RefundOutcome| {
        store.refund_settle(id, attempt, &outcome).await.unwrap();
        store.refund_find(id).await.unwrap().unwrap()
    };
    let failed = || RefundOutcome::Failed { error: "no".to_owned() };
    store.refund_insert(&refund(1)).await.unwrap();
    assert_eq!(store.refunds_claim(NOW, LEASE, 1).await.unwrap()[0].attempts, 1);
    assert_eq!(store.refunds_claim(LEASE, TimeUs(3_000_000), 1).await.unwrap()[0].attempts, 2);
    assert_eq!(settled(1, failed()).await.status, RefundStatus::Queued, "somebody else tries");
    assert_eq!(store.refunds_total(payment_of(store, id).await).await.unwrap(), 4_500);
    assert_eq!(settled(2, failed()).await.status, RefundStatus::Failed);
    assert_eq!(store.refunds_total(payment_of(store, id).await).await.unwrap(), 0, "it has not taken place");

    assert!(store.refund_retry(id, NOW, &entry(1)).await.unwrap());
    assert!(!store.refund_retry(id, NOW, &entry(2)).await.unwrap(), "it is queued");
    assert!(!store.refund_done_by_hand(id, "by hand", &entry(3)).await.unwrap());
    assert_eq!(store.refunds_claim(NOW, LEASE, 1).await.unwrap()[0].attempts, 1);
    let done = settled(7, RefundOutcome::Done { refund_id: "re_1".to_owned(), at: NOW }).await;
    assert_eq!((done.status, done.refund_id.as_deref()), (RefundStatus::Done, Some("re_1")));
    assert_eq!(settled(1, failed()).await.status, RefundStatus::Done, "what has happened has happened");
    assert_eq!(store.refund_list(Some(RefundStatus::Failed), None, 10).await.unwrap(), []);
    assert_eq!(store.refunds_next_due().await.unwrap(), None);
}

async fn payment_of(store: &persistence::Store, refund: uuid::Uuid) -> inventory::PaymentId {
    store.refund_find(refund).await.unwrap().unwrap().payment_id
}

async fn a_checkout_that_is_paid_stays_paid_and_one_that_has_ended_is_asked_about_no_more(fixture: Fixture) {
    let store = &fixture.store;
    let (first, second) = (checkout(), checkout());
    for one in [&first, &second] {
        assert!(store.checkout_insert(one).await.unwrap());
        assert!(!store.checkout_insert(&Checkout { amount_minor: 1, ..one.clone() }).await.unwrap());
        store.checkout_opened(one.payment_id, "cs_1", "https://pay.example", NOW).await.unwrap();
    }
    assert_eq!(
        store.checkout_find(first.payment_id).await.unwrap().unwrap().url.as_deref(),
        Some("https://pay.example")
    );
    let claimed = store.checkouts_claim(NOW, LEASE, 10).await.unwrap();
    assert_eq!(claimed.len(), 2);
    assert_eq!(store.checkouts_claim(NOW, LEASE, 10).await.unwrap(), []);
    assert_eq!(store.checkouts_due(first.order_id, NOW).await.unwrap(), 1);
    assert_eq!(store.checkouts_next_due().await.unwrap(), Some(NOW));

    store.checkout_paid(first.payment_id).await.unwrap();
    for state in [CheckoutState::Expired, CheckoutState::Failed] {
        store.checkout_ended(first.payment_id, state, None).await.unwrap();
    }
    store.checkout_ended(second.payment_id, CheckoutState::Expired, Some("late")).await.unwrap();
    store.checkout_opened(second.payment_id, "cs_2", "https://pay.example", NOW).await.unwrap();
    for one in &claimed {
        store.checkout_again(one, CheckoutState::Open, NOW, None).await.unwrap();
    }
    let state = async |one: &Checkout| store.checkout_find(one.payment_id).await.unwrap().unwrap().state;
    assert_eq!((state(&first).await, state(&second).await), (CheckoutState::Paid, CheckoutState::Expired));
    assert_eq!(store.checkouts_next_due().await.unwrap(), None);
    assert_eq!(store.checkout_list(first.order_id).await.unwrap().len(), 1);
}

async fn money_counts_whatever_was_thought_of_its_checkout(fixture: Fixture) {
    let store = &fixture.store;
    let one = checkout();
    store.checkout_insert(&one).await.unwrap();
    store.checkout_ended(one.payment_id, CheckoutState::Expired, None).await.unwrap();
    store.checkout_charged(one.payment_id, "pi_9", Some("cs_9"), LEASE).await.unwrap();
    let found = store.checkout_find(one.payment_id).await.unwrap().unwrap();
    assert_eq!((found.state, found.charge_id.as_deref()), (CheckoutState::Processing, Some("pi_9")));
    assert_eq!((found.session_id.as_deref(), found.due_at), (Some("cs_9"), LEASE));
    store.checkout_paid(one.payment_id).await.unwrap();
    store.checkout_charged(one.payment_id, "pi_9", None, LEASE).await.unwrap();
    assert_eq!(store.checkout_find(one.payment_id).await.unwrap().unwrap().state, CheckoutState::Paid);
}

async fn a_notice_is_known_until_it_is_forgotten(fixture: Fixture) {
    let store = &fixture.store;
    let stripe = PaymentProvider::Stripe;
    assert!(!store.payment_notice_known(stripe, "evt_1").await.unwrap());
    for _ in 0..2 {
        store.payment_notice_put(stripe, "evt_1", NOW).await.unwrap();
    }
    assert!(store.payment_notice_known(stripe, "evt_1").await.unwrap());
    assert!(!store.payment_notice_known(PaymentProvider::Webhook, "evt_1").await.unwrap());
    assert_eq!(store.payment_notices_prune(NOW).await.unwrap(), 0);
    assert_eq!(store.payment_notices_prune(LEASE).await.unwrap(), 1);
    assert!(!store.payment_notice_known(stripe, "evt_1").await.unwrap());
}
