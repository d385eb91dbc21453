//! While an owner may still answer, nobody else gets its event; once it may not, whoever asks does.

use std::time::Duration;

use engine::{Appended, Journal, JournalError, Owned};
use persistence::Store;
use tokio::time::Instant;

use super::fixture::{Fixture, append_one, batch, event, on_every_store};

on_every_store!(
    an_event_stays_with_its_owner_until_it_is_given_back,
    an_owner_that_fell_silent_is_taken_over_when_its_lease_is_over,
    a_node_that_is_started_again_waits_for_nobody,
    of_many_nodes_one_gets_an_event,
);

fn is_elsewhere<T>(result: &Result<T, JournalError>) -> bool {
    matches!(result, Err(JournalError::OwnedElsewhere(_)))
}

async fn an_event_stays_with_its_owner_until_it_is_given_back(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let other_node = fixture.other_node().await;
    let opened = store.open(event).await.unwrap();
    let owned = Owned { event, epoch: opened.epoch };
    assert_eq!(store.renew(vec![owned]).await.unwrap(), [true]);
    if opened.lease.is_some() {
        assert!(is_elsewhere(&other_node.open(event).await));
        assert_eq!(append_one(store, batch(event, opened.epoch, 1, 1)).await, Appended::Durable);
        // A release of an epoch that is over must not open the door.
        let again = store.open(event).await.unwrap();
        store.release(owned).await.unwrap();
        assert_eq!(store.renew(vec![owned, Owned { event, epoch: again.epoch }]).await.unwrap(), [false, true]);
        assert!(is_elsewhere(&other_node.open(event).await));
        store.release(Owned { event, epoch: again.epoch }).await.unwrap();
    }
    let taken = other_node.open(event).await.unwrap();
    assert!(taken.epoch > opened.epoch);
    other_node.close().await;
}

async fn an_owner_that_fell_silent_is_taken_over_when_its_lease_is_over(fixture: Fixture) {
    let event = event();
    let other_node = fixture.other_node().await;
    let asked_at = Instant::now();
    let opened = fixture.store.open(event).await.unwrap();
    let Some(term) = opened.lease else { return };
    let taken = patiently(&other_node, event, term).await;
    assert!(
        asked_at.elapsed() >= term,
        "taken over after {:?}, while its owner might still answer",
        asked_at.elapsed()
    );
    assert!(taken.epoch > opened.epoch);
    assert_eq!(append_one(&fixture.store, batch(event, opened.epoch, 1, 1)).await, Appended::Fenced);
    assert_eq!(fixture.store.renew(vec![Owned { event, epoch: opened.epoch }]).await.unwrap(), [false]);
    other_node.close().await;
}

async fn patiently(store: &Store, event: inventory::EventId, term: Duration) -> engine::Opened {
    let deadline = Instant::now() + term * 10;
    loop {
        match store.open(event).await {
            Err(JournalError::OwnedElsewhere(_)) => assert!(Instant::now() < deadline, "a lease does not end"),
            opened => return opened.unwrap(),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Nothing was given back, as after `kill -9`.
async fn a_node_that_is_started_again_waits_for_nobody(mut fixture: Fixture) {
    let event = event();
    let before = fixture.store.open(event).await.unwrap();
    fixture.reopen().await;
    assert!(fixture.store.open(event).await.unwrap().epoch > before.epoch);
}

async fn of_many_nodes_one_gets_an_event(fixture: Fixture) {
    if fixture.database.is_none() {
        return;
    }
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(fixture.other_node().await);
    }
    for _ in 0..10 {
        let event = event();
        let opens = nodes.iter().cloned().map(|node| async move { node.open(event).await.is_ok() });
        let opened = opens.collect::<tokio::task::JoinSet<_>>().join_all().await;
        assert_eq!(opened.into_iter().filter(|opened| *opened).count(), 1);
    }
    for node in nodes {
        node.close().await;
    }
}
