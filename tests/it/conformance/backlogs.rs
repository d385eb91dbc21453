use inventory::TimeUs;
use persistence::{
    Backlog, Delivery, MailAttempt, NewMail, PaymentProvider, PaymentRefund, Redacted, RefundOutcome, RefundReason,
    RefundStatus, Store, WorkKind,
};
use uuid::Uuid;

use super::fixture::{Fixture, event, on_every_store, order};

on_every_store!(
    what_waits_is_counted_with_the_age_of_the_oldest,
    refunds_that_were_given_up_are_counted_until_somebody_tries_again,
);

const NOW: TimeUs = TimeUs(1_000_000);

fn backlog(due: u64, oldest_at: Option<i64>, given_up: u64) -> Backlog {
    Backlog { due, oldest_at: oldest_at.map(TimeUs), given_up }
}

async fn queue(store: &Store, created_at: i64) -> Uuid {
    let mail = NewMail {
        id: event().uuid(),
        kind: "test",
        recipient: "ada@example.org".to_owned(),
        subject: "A test".to_owned(),
        body: Redacted("{}".to_owned()),
        expires_at: None,
        created_at: TimeUs(created_at),
    };
    store.mail_insert(&mail).await.unwrap();
    mail.id
}

async fn what_waits_is_counted_with_the_age_of_the_oldest(fixture: Fixture) {
    let store = &fixture.store;
    for kind in WorkKind::ALL {
        assert_eq!(store.backlog(kind, NOW).await.unwrap(), backlog(0, None, 0), "{kind:?}");
    }
    for at in [NOW.0 - 30, NOW.0 - 50, NOW.0, NOW.0 + 1] {
        queue(store, at).await;
    }
    let mails = async |now| store.backlog(WorkKind::Mails, now).await.unwrap();
    assert_eq!(mails(NOW).await, backlog(3, Some(NOW.0 - 50), 0), "one is not due");
    let claimed = store.mails_claim(NOW, TimeUs(NOW.0 + 500), 1).await.unwrap();
    assert_eq!(mails(NOW).await, backlog(2, Some(NOW.0 - 30), 0), "somebody is at it");
    let delivery = Delivery::Failed { error: "no".to_owned() };
    store.mails_settle(&[MailAttempt { id: claimed[0].id, attempt: 1, delivery }]).await.unwrap();
    assert_eq!(mails(TimeUs(NOW.0 + 1_000)).await, backlog(3, Some(NOW.0 - 30), 1));
    assert_eq!(store.backlog(WorkKind::Outbox, NOW).await.unwrap(), backlog(0, None, 0));
}

async fn refunds_that_were_given_up_are_counted_until_somebody_tries_again(fixture: Fixture) {
    let store = &fixture.store;
    let refund = PaymentRefund {
        id: event().uuid(),
        payment_id: inventory::PaymentId::from_uuid(event().uuid()),
        order_id: order(),
        provider: PaymentProvider::Mock,
        charge_id: None,
        amount_minor: 100,
        currency: "EUR".to_owned(),
        reason: RefundReason::NotTaken,
        status: RefundStatus::Queued,
        refund_id: None,
        attempts: 0,
        due_at: NOW,
        last_error: None,
        created_at: TimeUs(NOW.0 - 7),
    };
    store.refund_insert(&refund).await.unwrap();
    let refunds = async || store.backlog(WorkKind::Refunds, NOW).await.unwrap();
    assert_eq!(refunds().await, backlog(1, Some(NOW.0 - 7), 0));
    store.refunds_claim(NOW, TimeUs(NOW.0 + 500), 1).await.unwrap();
    assert_eq!(refunds().await, backlog(0, None, 0));
    let outcome = RefundOutcome::Failed { error: "no".to_owned() };
    store.refund_settle(refund.id, 1, &outcome).await.unwrap();
    assert_eq!(refunds().await, backlog(0, None, 1));
    store.refund_retry(refund.id, NOW, &super::audit_log::entry(1)).await.unwrap();
    assert_eq!(refunds().await, backlog(1, Some(NOW.0 - 7), 0));
}
