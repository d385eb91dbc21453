//! What is stored, and what is refused, by appends of an owner that nobody disturbs.

use engine::{Appended, Epoch, Journal};
use inventory::Lsn;

use super::fixture::{Fixture, append_one, batch, event, on_every_store, records, stored};

on_every_store!(
    appends_are_read_back_in_order,
    a_gap_is_refused_and_leaves_no_trace,
    a_batch_sent_twice_is_stored_once,
    an_overlap_is_refused,
    several_batches_of_one_event_in_one_commit_follow_each_other,
    one_refused_batch_does_not_hold_back_the_others,
    an_event_that_nobody_opened_has_no_journal,
    numbers_beyond_the_column_are_refused_alone,
    a_large_commit_of_many_events_is_stored_whole,
    epochs_of_one_event_do_not_touch_another,
);

async fn appends_are_read_back_in_order(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let epoch = store.open(event).await.unwrap().epoch;
    for (first, last) in [(1, 3), (4, 4), (5, 900)] {
        assert_eq!(append_one(store, batch(event, epoch, first, last)).await, Appended::Durable);
    }
    assert_eq!(stored(store, event).await, records(1, 900));
    assert_eq!(store.open(event).await.unwrap().last_lsn, Lsn(900));
}

async fn a_gap_is_refused_and_leaves_no_trace(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let epoch = store.open(event).await.unwrap().epoch;
    assert_eq!(append_one(store, batch(event, epoch, 2, 2)).await, Appended::Fenced);
    assert_eq!(append_one(store, batch(event, epoch, 1, 5)).await, Appended::Durable);
    assert_eq!(append_one(store, batch(event, epoch, 7, 8)).await, Appended::Fenced);
    assert_eq!(append_one(store, batch(event, epoch, 6, 6)).await, Appended::Durable);
    assert_eq!(stored(store, event).await, records(1, 6));
}

async fn a_batch_sent_twice_is_stored_once(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let epoch = store.open(event).await.unwrap().epoch;
    assert_eq!(append_one(store, batch(event, epoch, 1, 5)).await, Appended::Durable);
    assert_eq!(append_one(store, batch(event, epoch, 1, 5)).await, Appended::Fenced);
    let twice = vec![batch(event, epoch, 6, 7), batch(event, epoch, 6, 7)];
    assert_eq!(store.append(twice).await.unwrap(), [Appended::Durable, Appended::Fenced]);
    assert_eq!(stored(store, event).await, records(1, 7));
}

async fn an_overlap_is_refused(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let epoch = store.open(event).await.unwrap().epoch;
    assert_eq!(append_one(store, batch(event, epoch, 1, 5)).await, Appended::Durable);
    for (first, last) in [(5, 6), (3, 4), (1, 9)] {
        assert_eq!(append_one(store, batch(event, epoch, first, last)).await, Appended::Fenced);
    }
    assert_eq!(stored(store, event).await, records(1, 5));
}

async fn several_batches_of_one_event_in_one_commit_follow_each_other(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let epoch = store.open(event).await.unwrap().epoch;
    let batches = vec![batch(event, epoch, 1, 2), batch(event, epoch, 3, 3), batch(event, epoch, 5, 5)];
    let answers = store.append(batches).await.unwrap();
    assert_eq!(answers, [Appended::Durable, Appended::Durable, Appended::Fenced]);
    assert_eq!(stored(store, event).await, records(1, 3));
}

async fn one_refused_batch_does_not_hold_back_the_others(fixture: Fixture) {
    let store = &fixture.store;
    let (mine, lost, late) = (event(), event(), event());
    let epoch = store.open(mine).await.unwrap().epoch;
    let stale = store.open(lost).await.unwrap().epoch;
    store.open(lost).await.unwrap();
    let late_epoch = store.open(late).await.unwrap().epoch;
    let batches = vec![
        batch(lost, stale, 1, 1),
        batch(mine, epoch, 1, 4),
        batch(late, late_epoch, 2, 2),
        batch(mine, epoch, 5, 6),
    ];
    let answers = store.append(batches).await.unwrap();
    assert_eq!(answers, [Appended::Fenced, Appended::Durable, Appended::Fenced, Appended::Durable]);
    assert_eq!(stored(store, mine).await, records(1, 6));
    assert!(stored(store, lost).await.is_empty());
    assert!(stored(store, late).await.is_empty());
}

async fn an_event_that_nobody_opened_has_no_journal(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    assert_eq!(append_one(store, batch(event, Epoch(0), 1, 1)).await, Appended::Fenced);
    assert_eq!(append_one(store, batch(event, Epoch(1), 1, 1)).await, Appended::Fenced);
    assert!(stored(store, event).await.is_empty());
    assert_eq!(store.snapshot_below(event, Lsn(u64::MAX)).await.unwrap(), None);
    assert_eq!(store.append(Vec::new()).await.unwrap(), []);
}

async fn numbers_beyond_the_column_are_refused_alone(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let epoch = store.open(event).await.unwrap().epoch;
    let beyond = 1 << 63;
    let mut too_long = batch(event, epoch, 1, 1);
    too_long.last_lsn = Lsn(beyond);
    let batches = vec![
        too_long,
        batch(event, epoch, beyond, beyond),
        batch(event, Epoch(beyond), 1, 1),
        batch(event, Epoch(u64::MAX), 1, 1),
        batch(event, epoch, 1, 2),
    ];
    let answers = store.append(batches).await.unwrap();
    let refused = Appended::Fenced;
    assert_eq!(answers, [refused, refused, refused, refused, Appended::Durable]);
    assert_eq!(stored(store, event).await, records(1, 2));
    assert!(store.read(event, Lsn(u64::MAX), usize::MAX).await.unwrap().is_empty());
}

async fn a_large_commit_of_many_events_is_stored_whole(fixture: Fixture) {
    let store = &fixture.store;
    let mut batches = Vec::new();
    for index in 0..40 {
        let event = event();
        let epoch = store.open(event).await.unwrap().epoch;
        batches.push(batch(event, epoch, 1, 1 + index * 100));
    }
    let answers = store.append(batches.clone()).await.unwrap();
    assert_eq!(answers, [Appended::Durable; 40]);
    for batch in batches {
        assert_eq!(stored(store, batch.event).await, batch.records);
    }
}

async fn epochs_of_one_event_do_not_touch_another(fixture: Fixture) {
    let store = &fixture.store;
    let (taken, kept) = (event(), event());
    let epoch = store.open(kept).await.unwrap().epoch;
    for _ in 0..3 {
        store.open(taken).await.unwrap();
    }
    assert_eq!(append_one(store, batch(kept, epoch, 1, 1)).await, Appended::Durable);
}
