//! An owner that may have been taken over from is silent about what it knows, and goes on selling: the journal decides.

use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::{Caller, EngineConfig, Journal, Owned, Stopped, SubmitError, Unavailable};
use inventory::{CallerKey, Rejection};
use tokio::time::sleep;

use crate::support::{Bench, caller, hold_of};

const TERM: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn an_owner_whose_lease_ran_out_refuses_nothing_and_shows_nothing_until_it_is_renewed() {
    let bench = Bench::leased(TERM).await;
    bench.handle.place_hold(caller(1), hold_of(1, &[3])).await.unwrap();
    let taken = bench.handle.place_hold(caller(2), hold_of(2, &[3])).await;
    assert!(matches!(taken, Err(SubmitError::Rejected(Rejection::SeatsTaken { .. }))), "{taken:?}");

    bench.journal.renewals_hang.store(true, Ordering::Relaxed);
    sleep(TERM * 2).await;
    assert_eq!(bench.handle.availability().await.unwrap_err(), Unavailable::JournalDown);
    let taken = bench.handle.place_hold(caller(2), hold_of(2, &[3])).await;
    assert!(matches!(taken, Err(SubmitError::Unavailable(Unavailable::JournalDown))), "{taken:?}");
    bench.handle.place_hold(caller(2), hold_of(2, &[4])).await.unwrap();

    bench.journal.renewals_hang.store(false, Ordering::Relaxed);
    sleep(TERM).await;
    assert_eq!(bench.held().await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_as_long_as_the_event_runs() {
    let bench = Bench::leased(TERM).await;
    bench.handle.place_hold(caller(1), hold_of(1, &[3])).await.unwrap();
    for _ in 0..200 {
        sleep(Duration::from_millis(333)).await;
        bench.handle.availability().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_taken_over_is_lost_without_a_commit() {
    let bench = Bench::leased(TERM).await;
    bench.journal.memory.open(bench.event).await.unwrap();
    bench.journal.is_elsewhere.store(true, Ordering::Relaxed);
    sleep(TERM / 2).await;
    assert_eq!(bench.handle.availability().await.unwrap_err(), Unavailable::NotOwner);
    let refused = bench.handle.place_hold(caller(1), hold_of(1, &[3])).await;
    assert!(matches!(refused, Err(SubmitError::Unavailable(Unavailable::NotOwner))), "{refused:?}");

    assert!(matches!(bench.directory.open(bench.event).await, Err(Unavailable::NotOwner)));

    bench.journal.is_elsewhere.store(false, Ordering::Relaxed);
    let handle = bench.directory.open(bench.event).await.unwrap();
    handle.place_hold(caller(1), hold_of(1, &[3])).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_gives_the_leases_back() {
    let bench = Bench::leased(TERM).await;
    assert_eq!(bench.directory.stop(Duration::from_secs(5)).await, Stopped::Clean);
    let opened = bench.journal.memory.open(bench.event).await.unwrap();
    let released: Vec<Owned> = bench.journal.released.lock().clone();
    assert_eq!(released.iter().map(|owned| owned.event).collect::<Vec<_>>(), [bench.event]);
    assert!(released[0].epoch < opened.epoch);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_nobody_else_can_own_needs_no_lease() {
    let bench = Bench::with(EngineConfig::default()).await;
    bench.journal.renewals_hang.store(true, Ordering::Relaxed);
    sleep(TERM * 10).await;
    bench.handle.availability().await.unwrap();
    assert_eq!(bench.directory.stop(Duration::from_secs(5)).await, Stopped::Clean);
    assert!(bench.journal.released.lock().is_empty());
}

/// A repeat that no key tells of is as good as the state it is read from.
#[tokio::test(start_paused = true)]
async fn an_owner_whose_lease_ran_out_repeats_nothing_but_answers_to_keys() {
    let bench = Bench::leased(TERM).await;
    bench.handle.place_hold(caller(1), hold_of(1, &[3])).await.unwrap();
    let hold = hold_of(1, &[3]).hold;
    let keyless = Caller { key: None, ..caller(1) };
    let key = CallerKey { key: [9; 16], body: [9; 16] };
    let keyed = Caller { key: Some(key), ..caller(1) };
    bench.handle.release_hold(keyed, hold).await.unwrap();
    bench.handle.release_hold(keyless, hold).await.unwrap();

    bench.journal.renewals_hang.store(true, Ordering::Relaxed);
    sleep(TERM * 2).await;
    let repeated = bench.handle.release_hold(keyless, hold).await;
    assert!(matches!(repeated, Err(SubmitError::Unavailable(Unavailable::JournalDown))), "{repeated:?}");
    bench.handle.release_hold(keyed, hold).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn leases_are_renewed_after_a_renewal_that_panicked() {
    let bench = Bench::leased(TERM).await;
    bench.journal.bad_renewals.store(1, Ordering::Relaxed);
    sleep(TERM * 3).await;
    assert_eq!(bench.journal.bad_renewals.load(Ordering::Relaxed), 0);
    bench.handle.availability().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_leaving_panicked_comes_back_and_a_stop_is_clean() {
    let bench =
        Bench::leased_with(TERM, EngineConfig { idle_after: Duration::from_secs(60), ..EngineConfig::default() }).await;
    bench.journal.bad_releases.store(1, Ordering::Relaxed);
    sleep(Duration::from_secs(62)).await;
    assert_eq!((bench.journal.bad_releases.load(Ordering::Relaxed), bench.directory.events()), (0, 0));
    bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap();
    bench.journal.bad_releases.store(1, Ordering::Relaxed);
    assert_eq!(bench.directory.stop(Duration::from_secs(5)).await, Stopped::Clean);
}
