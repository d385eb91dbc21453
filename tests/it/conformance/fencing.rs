//! Two owners of one event: at most one of them ever writes.

use std::collections::HashSet;
use std::sync::Arc;

use engine::{Appended, Journal, JournalError};
use inventory::{Lsn, Row};
use tokio::task::JoinSet;

use super::fixture::{Fixture, append_one, batch, event, on_every_store, records, stored, with_rows};

on_every_store!(
    a_takeover_fences_the_owner_before_it,
    epochs_grow_over_a_restart,
    of_many_takeovers_at_once_each_gets_its_own_epoch,
    of_many_contenders_for_one_lsn_exactly_one_wins,
    a_takeover_amid_appends_loses_nothing_that_was_acknowledged,
    rows_of_a_fenced_batch_are_not_written,
);

async fn a_takeover_fences_the_owner_before_it(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let first = store.open(event).await.unwrap();
    assert_eq!((first.last_lsn, first.snapshot), (Lsn::ZERO, None));
    assert_eq!(append_one(store, batch(event, first.epoch, 1, 2)).await, Appended::Durable);

    let second = store.open(event).await.unwrap();
    assert!(second.epoch > first.epoch);
    assert_eq!(second.last_lsn, Lsn(2));
    assert_eq!(append_one(store, batch(event, first.epoch, 3, 3)).await, Appended::Fenced);
    assert_eq!(append_one(store, batch(event, second.epoch, 3, 3)).await, Appended::Durable);
    assert_eq!(append_one(store, batch(event, first.epoch, 4, 4)).await, Appended::Fenced);
    assert_eq!(stored(store, event).await, records(1, 3));
}

async fn epochs_grow_over_a_restart(mut fixture: Fixture) {
    let event = event();
    let first = fixture.store.open(event).await.unwrap();
    assert_eq!(append_one(&fixture.store, batch(event, first.epoch, 1, 3)).await, Appended::Durable);
    fixture.reopen().await;
    assert_eq!(stored(&fixture.store, event).await, records(1, 3));
    let second = fixture.store.open(event).await.unwrap();
    assert!(second.epoch > first.epoch);
    assert_eq!(second.last_lsn, Lsn(3));
    assert_eq!(append_one(&fixture.store, batch(event, first.epoch, 4, 4)).await, Appended::Fenced);
}

async fn of_many_takeovers_at_once_each_gets_its_own_epoch(fixture: Fixture) {
    let event = event();
    let mut owners = JoinSet::new();
    for _ in 0..20 {
        let store = fixture.store.clone();
        owners.spawn(async move { store.open(event).await.unwrap().epoch });
    }
    let epochs: HashSet<_> = owners.join_all().await.into_iter().collect();
    assert_eq!(epochs.len(), 20);
    let newest = *epochs.iter().max().unwrap();
    for epoch in epochs {
        if epoch != newest {
            assert_eq!(append_one(&fixture.store, batch(event, epoch, 1, 1)).await, Appended::Fenced);
        }
    }
    assert_eq!(append_one(&fixture.store, batch(event, newest, 1, 1)).await, Appended::Durable);
}

async fn of_many_contenders_for_one_lsn_exactly_one_wins(fixture: Fixture) {
    let event = event();
    let epoch = fixture.store.open(event).await.unwrap().epoch;
    for lsn in 1..=10 {
        let mut contenders = JoinSet::new();
        for _ in 0..8 {
            let store = fixture.store.clone();
            contenders.spawn(async move { append_one(&store, batch(event, epoch, lsn, lsn)).await });
        }
        let answers = contenders.join_all().await;
        assert_eq!(answers.iter().filter(|answer| **answer == Appended::Durable).count(), 1);
    }
    assert_eq!(stored(&fixture.store, event).await, records(1, 10));
}

/// Owners append and are overtaken at random points. Each new one must find exactly what the ones before it were told is
/// durable. On Postgres the owners are on two stores, as on two nodes.
async fn a_takeover_amid_appends_loses_nothing_that_was_acknowledged(fixture: Fixture) {
    let event = event();
    let other_node = fixture.other_node().await;
    let fixture = Arc::new(fixture);
    let mut owners = JoinSet::new();
    for owner in 0..12 {
        let store = if owner % 2 == 0 { fixture.store.clone() } else { other_node.clone() };
        let fixture = Arc::clone(&fixture);
        owners.spawn(async move {
            let opened = loop {
                fixture.end_leases().await;
                match store.open(event).await {
                    Err(JournalError::OwnedElsewhere(_)) => {}
                    opened => break opened.unwrap(),
                }
            };
            let mut next = opened.last_lsn.0 + 1;
            let mut acknowledged = Vec::new();
            while acknowledged.len() < 20
                && append_one(&store, batch(event, opened.epoch, next, next)).await == Appended::Durable
            {
                acknowledged.push(next);
                next += 1;
            }
            acknowledged
        });
    }
    let mut acknowledged = owners.join_all().await.concat();
    acknowledged.sort_unstable();
    let last = u64::try_from(acknowledged.len()).unwrap();
    assert_eq!(acknowledged, (1..=last).collect::<Vec<_>>());
    assert_eq!(stored(&fixture.store, event).await, records(1, last));
    other_node.close().await;
}

async fn rows_of_a_fenced_batch_are_not_written(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let stale = store.open(event).await.unwrap().epoch;
    let epoch = store.open(event).await.unwrap().epoch;
    let order_of = |lsn| super::projection::order_row(event, super::fixture::order(), "pending_payment", lsn);
    let (refused, stored) = (order_of(1), order_of(1));
    let rows = |row: &inventory::OrderRow| [Row::Order(Box::new(row.clone()))];
    let batches =
        vec![with_rows(batch(event, stale, 1, 1), rows(&refused)), with_rows(batch(event, epoch, 1, 1), rows(&stored))];
    assert_eq!(store.append(batches).await.unwrap(), [Appended::Fenced, Appended::Durable]);
    assert_eq!(store.order_find(refused.order).await.unwrap(), None);
    assert!(store.order_find(stored.order).await.unwrap().is_some());
}
