//! What a new owner reads: batches, snapshots, and what is left after a trim.

use engine::{Appended, Epoch, Journal, JournalError, Snapshot};
use inventory::{EventId, Lsn};
use persistence::Store;

use super::fixture::{Fixture, append_one, batch, event, on_every_store, records};

on_every_store!(
    a_read_starts_at_the_batch_that_holds_its_lsn,
    a_read_stops_at_its_size_but_never_gives_less_than_one_batch,
    the_newest_two_snapshots_stay,
    a_snapshot_of_a_stale_owner_is_refused_quietly,
    a_snapshot_ahead_of_the_journal_is_refused_quietly,
    a_trim_removes_whole_batches_and_the_journal_goes_on,
    a_journal_that_lost_rows_is_never_opened,
);

async fn filled(store: &Store, event: EventId, batches: impl IntoIterator<Item = (u64, u64)>) -> Epoch {
    let epoch = store.open(event).await.unwrap().epoch;
    for (first, last) in batches {
        assert_eq!(append_one(store, batch(event, epoch, first, last)).await, Appended::Durable);
    }
    epoch
}

async fn read(store: &Store, event: EventId, from: u64, bytes_max: usize) -> Vec<(u64, u64)> {
    let chunks = store.read(event, Lsn(from), bytes_max).await.unwrap();
    for chunk in &chunks {
        assert_eq!(chunk.records, records(chunk.first_lsn.0, chunk.last_lsn.0));
    }
    chunks.iter().map(|chunk| (chunk.first_lsn.0, chunk.last_lsn.0)).collect()
}

async fn a_read_starts_at_the_batch_that_holds_its_lsn(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    filled(store, event, [(1, 3), (4, 4), (5, 9)]).await;
    assert_eq!(read(store, event, 0, usize::MAX).await, [(1, 3), (4, 4), (5, 9)]);
    assert_eq!(read(store, event, 1, usize::MAX).await, [(1, 3), (4, 4), (5, 9)]);
    assert_eq!(read(store, event, 3, usize::MAX).await, [(1, 3), (4, 4), (5, 9)]);
    assert_eq!(read(store, event, 4, usize::MAX).await, [(4, 4), (5, 9)]);
    assert_eq!(read(store, event, 9, usize::MAX).await, [(5, 9)]);
    assert_eq!(read(store, event, 10, usize::MAX).await, []);
}

async fn a_read_stops_at_its_size_but_never_gives_less_than_one_batch(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    filled(store, event, [(1, 3), (4, 4), (5, 9)]).await;
    assert_eq!(read(store, event, 1, 0).await, [(1, 3)]);
    assert_eq!(read(store, event, 1, 31).await, [(1, 3)]);
    assert_eq!(read(store, event, 1, 32).await, [(1, 3), (4, 4)]);
    assert_eq!(read(store, event, 5, 1).await, [(5, 9)]);
}

fn snapshot(lsn: u64) -> Snapshot {
    Snapshot { lsn: Lsn(lsn), bytes: vec![u8::try_from(lsn).unwrap(); 100_000] }
}

async fn the_newest_two_snapshots_stay(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let epoch = filled(store, event, [(1, 90)]).await;
    for lsn in [10, 20, 30] {
        store.put_snapshot(event, epoch, snapshot(lsn)).await.unwrap();
    }
    assert_eq!(store.open(event).await.unwrap().snapshot, Some(snapshot(30)));
    assert_eq!(store.snapshot_below(event, Lsn(31)).await.unwrap(), Some(snapshot(30)));
    assert_eq!(store.snapshot_below(event, Lsn(30)).await.unwrap(), Some(snapshot(20)));
    assert_eq!(store.snapshot_below(event, Lsn(20)).await.unwrap(), None);
    assert_eq!(store.snapshot_below(super::fixture::event(), Lsn(u64::MAX)).await.unwrap(), None);
}

async fn a_snapshot_of_a_stale_owner_is_refused_quietly(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let stale = filled(store, event, [(1, 5)]).await;
    let epoch = store.open(event).await.unwrap().epoch;
    store.put_snapshot(event, stale, snapshot(5)).await.unwrap();
    assert_eq!(store.snapshot_below(event, Lsn(100)).await.unwrap(), None);
    store.put_snapshot(event, epoch, snapshot(4)).await.unwrap();
    assert_eq!(store.snapshot_below(event, Lsn(100)).await.unwrap(), Some(snapshot(4)));
}

async fn a_snapshot_ahead_of_the_journal_is_refused_quietly(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    let epoch = filled(store, event, [(1, 5)]).await;
    store.put_snapshot(event, epoch, snapshot(6)).await.unwrap();
    assert_eq!(store.open(event).await.unwrap().snapshot, None);
}

async fn a_trim_removes_whole_batches_and_the_journal_goes_on(fixture: Fixture) {
    let (store, event) = (&fixture.store, event());
    filled(store, event, [(1, 3), (4, 6), (7, 7)]).await;
    store.trim(event, Lsn(5)).await.unwrap();
    assert_eq!(read(store, event, 1, usize::MAX).await, [(4, 6), (7, 7)]);
    store.trim(event, Lsn(5)).await.unwrap();

    store.trim(event, Lsn(u64::MAX)).await.unwrap();
    assert_eq!(read(store, event, 1, usize::MAX).await, []);
    let opened = store.open(event).await.unwrap();
    assert_eq!(opened.last_lsn, Lsn(7));
    assert_eq!(append_one(store, batch(event, opened.epoch, 8, 9)).await, Appended::Durable);
    assert_eq!(store.open(event).await.unwrap().last_lsn, Lsn(9));
}

/// The rows are removed behind the store's back, as a restored backup or a human would.
async fn a_journal_that_lost_rows_is_never_opened(fixture: Fixture) {
    for (delete, is_found_by_open) in [
        ("DELETE FROM journal WHERE first_lsn = 1", true),
        ("DELETE FROM journal WHERE first_lsn = 4", false),
        ("DELETE FROM journal WHERE first_lsn = 7", true),
        ("DELETE FROM journal", true),
    ] {
        let event = event();
        filled(&fixture.store, event, [(1, 3), (4, 6), (7, 7)]).await;
        match &fixture.store {
            Store::Postgres(_) => {
                let mut connection = fixture.postgres_connection().await;
                sqlx::query(delete).execute(&mut connection).await.unwrap();
            }
            Store::Sqlite(_) => {
                let mut connection = fixture.sqlite_connection().await;
                sqlx::query(delete).execute(&mut connection).await.unwrap();
            }
        }
        let damaged = if is_found_by_open {
            fixture.store.open(event).await.map(|_| ())
        } else {
            fixture.store.read(event, Lsn(1), usize::MAX).await.map(|_| ())
        };
        assert!(
            matches!(&damaged, Err(JournalError::Damaged { event: named, .. }) if *named == event),
            "after `{delete}`: {damaged:?}"
        );
    }
}
