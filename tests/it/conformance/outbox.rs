use engine::Journal;
use inventory::{EventId, Lsn, OrderId, OutboxKind, OutboxRow, Row, TimeUs, UserId};
use persistence::{
    NewMail, Outbox, OutboxAttempt, OutboxOutcome, OutboxStatus, Redacted, Webhook, WebhookAttempt, WebhookNews,
    WebhookOutcome, WebhookStream,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::audit_log::entry;
use super::fixture::{Fixture, append_one, batch, event, on_every_store, order, user, with_rows};
use super::relational::insert_user;

on_every_store!(
    of_many_that_claim_at_once_each_work_has_one,
    a_claim_that_is_not_settled_comes_due_again_and_its_late_word_counts_for_nothing,
    what_comes_of_the_work_is_written_once_however_often_it_is_done,
    work_that_is_given_up_is_listed_and_tried_again,
    numbers_of_a_stream_have_no_gaps_whoever_counts,
    a_stream_moves_in_order_and_a_word_from_before_a_replay_moves_nothing,
);

const NOW: TimeUs = TimeUs(1_000_000);
const LEASE: TimeUs = TimeUs(2_000_000);
const LATER: TimeUs = TimeUs(9_000_000);

/// One piece of work of each kind, each in a commit of its own.
async fn queue(fixture: &Fixture, event: EventId, kinds: &[OutboxKind]) {
    let opened = fixture.store.open(event).await.unwrap();
    for (kind, lsn) in kinds.iter().zip(opened.last_lsn.0 + 1..) {
        let row = OutboxRow {
            event,
            lsn: Lsn(lsn),
            kind: *kind,
            order: order(),
            user: user(),
            at: NOW,
            owed: None,
            ticket: None,
            asker: None,
        };
        let batch = with_rows(batch(event, opened.epoch, lsn, lsn), [Row::Outbox(Box::new(row))]);
        append_one(&fixture.store, batch).await;
    }
}

fn mail(id: Uuid) -> NewMail {
    NewMail {
        id,
        kind: "test",
        recipient: "ada@example.org".to_owned(),
        subject: "A test".to_owned(),
        body: Redacted("{}".to_owned()),
        expires_at: None,
        created_at: NOW,
    }
}

fn attempt(work: &Outbox, outcome: OutboxOutcome) -> OutboxAttempt {
    OutboxAttempt { work: work.clone(), outcome }
}

fn done(mails: Vec<NewMail>, news: Option<WebhookNews>) -> OutboxOutcome {
    OutboxOutcome::Done { mails, news, notice: None }
}

async fn of_many_that_claim_at_once_each_work_has_one(fixture: Fixture) {
    let event = event();
    queue(&fixture, event, &[OutboxKind::OrderPaid; 40]).await;
    queue(&fixture, event, &[OutboxKind::PaymentRefund]).await;
    let mut claims = JoinSet::new();
    for _ in 0..8 {
        let store = fixture.other_node().await;
        claims.spawn(async move { store.outbox_claim(NOW, LEASE, 20).await.unwrap() });
    }
    let mut claimed: Vec<Outbox> = claims.join_all().await.into_iter().flatten().collect();
    // Those that lose a race get fewer than they could have; the next look finds the rest.
    claimed.extend(fixture.store.outbox_claim(NOW, LEASE, 100).await.unwrap());
    let mut lsns: Vec<u64> = claimed.iter().map(|work| work.lsn.0).collect();
    lsns.sort_unstable();
    assert_eq!(lsns, (1..=40).collect::<Vec<u64>>(), "each once, and the refund is somebody else's");
    assert!(!fixture.store.outbox_is_due(NOW).await.unwrap());
}

async fn a_claim_that_is_not_settled_comes_due_again_and_its_late_word_counts_for_nothing(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    queue(&fixture, event, &[OutboxKind::OrderPaid]).await;
    let first = store.outbox_claim(NOW, LEASE, 10).await.unwrap().remove(0);
    assert!(store.outbox_claim(LEASE.plus_us(-1), LATER, 10).await.unwrap().is_empty());
    let second = store.outbox_claim(LEASE, LATER, 10).await.unwrap().remove(0);
    assert_eq!((first.attempts, second.attempts), (1, 2));
    let (late, timely) = (mail(Uuid::from_u128(1)), mail(Uuid::from_u128(2)));
    assert_eq!(store.outbox_settle(&[attempt(&first, done(vec![late], None))]).await.unwrap(), 0);
    assert_eq!(store.outbox_settle(&[attempt(&second, done(vec![timely], None))]).await.unwrap(), 1);
    let mails: Vec<Uuid> = store.mail_list(None, None, 10).await.unwrap().iter().map(|mail| mail.id).collect();
    assert_eq!(mails, [Uuid::from_u128(2)]);
    assert_eq!(store.outbox_list(event, Lsn::ZERO, 10).await.unwrap()[0].status, OutboxStatus::Done);
}

async fn what_comes_of_the_work_is_written_once_however_often_it_is_done(fixture: Fixture) {
    let (store, event, owner) = (&fixture.store, event(), user());
    hook(&fixture, owner).await;
    queue(&fixture, event, &[OutboxKind::OrderPaid]).await;
    let work = store.outbox_claim(NOW, LEASE, 10).await.unwrap().remove(0);
    let outcome = || done(vec![mail(Uuid::from_u128(3))], Some(news(owner, event, work.order_id)));
    let both = [attempt(&work, outcome()), attempt(&work, outcome())];
    assert_eq!(store.outbox_settle(&both).await.unwrap(), 1);
    assert_eq!(store.outbox_settle(&both).await.unwrap(), 0);
    assert_eq!(store.mail_list(None, None, 10).await.unwrap().len(), 1);
    let claimed = store.webhooks_claim(NOW, LEASE, 10).await.unwrap().remove(0);
    assert_eq!(store.webhook_delivery_list(claimed.id, None, 10).await.unwrap().len(), 1);
}

async fn work_that_is_given_up_is_listed_and_tried_again(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    queue(&fixture, event, &[OutboxKind::OrderPaid, OutboxKind::OrderCancelled]).await;
    let claimed = store.outbox_claim(NOW, LEASE, 10).await.unwrap();
    let parked_id = Uuid::from_u128(7);
    let again = OutboxOutcome::Again { due_at: LATER, error: "later".to_owned() };
    let failed = OutboxOutcome::Failed { parked_id, error: "no".to_owned() };
    store.outbox_settle(&[attempt(&claimed[0], again), attempt(&claimed[1], failed)]).await.unwrap();
    let parked = store.outbox_list_parked(None, 10).await.unwrap();
    assert_eq!((parked.len(), parked[0].kind, parked[0].parked_id), (1, OutboxKind::OrderCancelled, Some(parked_id)));
    assert_eq!(parked[0].last_error.as_deref(), Some("no"));
    assert!(store.outbox_list_parked(Some(parked_id), 10).await.unwrap().is_empty());
    assert!(store.outbox_claim(LEASE, LATER, 10).await.unwrap().is_empty());
    assert!(store.outbox_retry(parked_id, LEASE, &entry(1)).await.unwrap());
    assert!(!store.outbox_retry(parked_id, LEASE, &entry(2)).await.unwrap());
    assert_eq!(store.outbox_find_parked(parked_id).await.unwrap(), None);
    let again = store.outbox_claim(LEASE, LATER, 10).await.unwrap();
    assert_eq!((again.len(), again[0].kind, again[0].attempts), (1, OutboxKind::OrderCancelled, 1));
}

async fn hook(fixture: &Fixture, owner: UserId) -> Uuid {
    insert_user(&fixture.store, owner).await;
    let webhook = Webhook {
        id: event().uuid(),
        owner_id: owner,
        url: "https://example.org/hooks".to_owned(),
        kinds: "order.paid".to_owned(),
        secret: vec![1],
        old_secret: None,
        old_secret_until: None,
        is_active: true,
        is_gone: false,
        created_at: NOW,
    };
    assert!(fixture.store.webhook_insert(&webhook, 10, &entry(3)).await.unwrap());
    webhook.id
}

fn news(organizer: UserId, event: EventId, order: OrderId) -> WebhookNews {
    WebhookNews {
        id: order.uuid(),
        organizer,
        event,
        kind: "order.paid",
        object: order.uuid(),
        occurred_at: NOW,
        now: NOW,
    }
}

async fn numbers_of_a_stream_have_no_gaps_whoever_counts(fixture: Fixture) {
    let (event, owner) = (event(), user());
    let webhook = hook(&fixture, owner).await;
    queue(&fixture, event, &[OutboxKind::OrderPaid; 40]).await;
    let mut workers = JoinSet::new();
    for _ in 0..4 {
        let store = fixture.other_node().await;
        workers.spawn(async move {
            loop {
                let claimed = store.outbox_claim(NOW, LEASE, 3).await.unwrap();
                if claimed.is_empty() && !store.outbox_is_due(NOW).await.unwrap() {
                    return;
                }
                let tell = |work: &Outbox| attempt(work, done(Vec::new(), Some(news(owner, event, work.order_id))));
                let attempts: Vec<OutboxAttempt> = claimed.iter().map(tell).collect();
                store.outbox_settle(&attempts).await.unwrap();
            }
        });
    }
    workers.join_all().await;
    let log = fixture.store.webhook_delivery_list(webhook, None, 100).await.unwrap();
    let mut sequences: Vec<u64> = log.iter().map(|delivery| delivery.sequence).collect();
    sequences.sort_unstable();
    assert_eq!(sequences, (1..=40).collect::<Vec<u64>>());
}

async fn a_stream_moves_in_order_and_a_word_from_before_a_replay_moves_nothing(fixture: Fixture) {
    let (store, event, owner) = (&fixture.store, event(), user());
    let webhook = hook(&fixture, owner).await;
    queue(&fixture, event, &[OutboxKind::OrderPaid; 3]).await;
    let claimed = store.outbox_claim(NOW, LEASE, 10).await.unwrap();
    let tell = |work: &Outbox| attempt(work, done(Vec::new(), Some(news(owner, event, work.order_id))));
    store.outbox_settle(&claimed.iter().map(tell).collect::<Vec<_>>()).await.unwrap();

    let hook = store.webhooks_claim(NOW, LEASE, 10).await.unwrap().remove(0);
    assert!(store.webhooks_claim(NOW, LEASE, 10).await.unwrap().is_empty(), "one sender at a time");
    let due = async || store.webhook_streams_due(webhook, NOW, 10).await.unwrap();
    let next = async |stream: &WebhookStream| {
        let next = store.webhook_deliveries_next(webhook, stream, 10).await.unwrap();
        next.iter().map(|delivery| delivery.sequence).collect::<Vec<u64>>()
    };
    let settle = async |stream: &WebhookStream, sequence, outcome| {
        let attempt = WebhookAttempt { webhook, stream, sequence, at: NOW, response_status: Some(200), outcome };
        store.webhook_settle(&attempt).await.unwrap()
    };
    let first = due().await.remove(0);
    assert_eq!(next(&first).await, [1, 2, 3]);
    assert!(settle(&first, 1, WebhookOutcome::Delivered).await);
    let second = due().await.remove(0);
    assert_eq!((second.next_sequence, next(&second).await), (2, vec![2, 3]));
    let again = WebhookOutcome::Again { due_at: LATER, error: "500".to_owned() };
    assert!(settle(&second, 2, again).await);
    assert!(due().await.is_empty(), "the next one waits for it");

    assert_eq!(store.webhook_replay(webhook, event, 4, &entry(4)).await.unwrap(), None);
    assert_eq!(store.webhook_replay(webhook, event, 1, &entry(5)).await.unwrap(), Some(3));
    assert!(!settle(&second, 2, WebhookOutcome::Delivered).await, "the stream was set back meanwhile");
    let replayed = due().await.remove(0);
    assert_eq!((replayed.next_sequence, replayed.attempts), (1, 0));
    assert!(settle(&replayed, 1, WebhookOutcome::GivenUp { error: "no".to_owned() }).await);
    assert!(settle(&replayed, 2, WebhookOutcome::Gone { error: "410".to_owned() }).await);
    store.webhook_release(&hook).await.unwrap();
    assert!(store.webhooks_claim(LATER, LATER, 10).await.unwrap().is_empty(), "it is switched off");

    let last = due().await.remove(0);
    assert_eq!(store.webhook_deliveries_prune(LATER).await.unwrap(), 3);
    assert!(next(&last).await.is_empty());
    assert!(due().await.is_empty(), "what is too old to be kept is not waited for");
}
