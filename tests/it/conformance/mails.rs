use inventory::TimeUs;
use persistence::{Delivery, MailAttempt, MailStatus, NewMail, Redacted};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::audit_log::entry;
use super::fixture::{Fixture, event, on_every_store};

on_every_store!(
    of_many_that_claim_at_once_each_mail_has_one,
    a_claim_that_is_not_settled_comes_due_again,
    only_the_last_attempt_may_fail_a_mail_and_any_may_have_sent_it,
    settled_mails_are_forgotten_and_queued_ones_are_not,
);

const NOW: TimeUs = TimeUs(1_000_000);
const LEASE: TimeUs = TimeUs(2_000_000);

async fn queue(fixture: &Fixture, created_at: TimeUs) -> Uuid {
    let id = event().uuid();
    let mail = NewMail {
        id,
        kind: "test",
        recipient: "ada@example.org".to_owned(),
        subject: "A test".to_owned(),
        body: Redacted("{}".to_owned()),
        expires_at: None,
        created_at,
    };
    fixture.store.mail_insert(&mail).await.unwrap();
    id
}

async fn settle(fixture: &Fixture, id: Uuid, attempt: u32, delivery: Delivery) -> MailStatus {
    fixture.store.mails_settle(&[MailAttempt { id, attempt, delivery }]).await.unwrap();
    fixture.store.mail_find(id).await.unwrap().unwrap().status
}

fn failed() -> Delivery {
    Delivery::Failed { error: "no".to_owned() }
}

async fn of_many_that_claim_at_once_each_mail_has_one(fixture: Fixture) {
    for _ in 0..50 {
        queue(&fixture, NOW).await;
    }
    let mut claims = JoinSet::new();
    for _ in 0..10 {
        let store = fixture.other_node().await;
        claims.spawn(async move { store.mails_claim(NOW, LEASE, 20).await.unwrap() });
    }
    let mut claimed: Vec<Uuid> = claims.join_all().await.into_iter().flatten().map(|mail| mail.id).collect();
    // Those that lose a race get fewer than they could have; the next look finds the rest.
    claimed.extend(fixture.store.mails_claim(NOW, LEASE, 50).await.unwrap().into_iter().map(|mail| mail.id));
    let count = claimed.len();
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!((count, claimed.len()), (50, 50));
}

async fn a_claim_that_is_not_settled_comes_due_again(fixture: Fixture) {
    let id = queue(&fixture, NOW).await;
    let store = &fixture.store;
    assert_eq!(store.mails_next_due().await.unwrap(), Some(NOW));
    assert!(store.mails_claim(NOW.plus_us(-1), LEASE, 1).await.unwrap().is_empty());
    assert_eq!(store.mails_claim(NOW, LEASE, 1).await.unwrap()[0].attempts, 1);
    assert_eq!(store.mails_next_due().await.unwrap(), Some(LEASE));
    assert!(store.mails_claim(LEASE.plus_us(-1), TimeUs(9_000_000), 1).await.unwrap().is_empty());
    let again = store.mails_claim(LEASE, TimeUs(9_000_000), 1).await.unwrap();
    assert_eq!((again[0].id, again[0].attempts), (id, 2));
}

async fn only_the_last_attempt_may_fail_a_mail_and_any_may_have_sent_it(fixture: Fixture) {
    let id = queue(&fixture, NOW).await;
    let store = &fixture.store;
    store.mails_claim(NOW, LEASE, 1).await.unwrap();
    store.mails_claim(LEASE, TimeUs(9_000_000), 1).await.unwrap();
    assert_eq!(settle(&fixture, id, 1, failed()).await, MailStatus::Queued);
    let again = Delivery::Again { due_at: TimeUs(3_000_000), error: "later".to_owned() };
    assert_eq!(settle(&fixture, id, 2, again).await, MailStatus::Queued);
    let mail = store.mail_find(id).await.unwrap().unwrap();
    assert_eq!((mail.due_at, mail.last_error.as_deref()), (TimeUs(3_000_000), Some("later")));
    assert_eq!(settle(&fixture, id, 2, failed()).await, MailStatus::Failed);
    assert_eq!(settle(&fixture, id, 1, Delivery::Sent).await, MailStatus::Sent);
    assert_eq!(settle(&fixture, id, 2, failed()).await, MailStatus::Sent);
    let mail = store.mail_find(id).await.unwrap().unwrap();
    assert_eq!((mail.body, mail.last_error), (None, None));
    assert!(!store.mail_retry(id, NOW, &entry(1)).await.unwrap());
}

async fn settled_mails_are_forgotten_and_queued_ones_are_not(fixture: Fixture) {
    let (old, queued, new) = (queue(&fixture, NOW).await, queue(&fixture, NOW).await, queue(&fixture, LEASE).await);
    settle(&fixture, old, 0, Delivery::Sent).await;
    settle(&fixture, new, 0, Delivery::Sent).await;
    assert_eq!(fixture.store.mails_prune(LEASE).await.unwrap(), 1);
    let left: Vec<Uuid> = fixture.store.mail_list(None, None, 10).await.unwrap().iter().map(|mail| mail.id).collect();
    assert_eq!(left, [new, queued]);
}
