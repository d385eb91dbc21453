use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::{Journal, SubmitError, Unavailable};
use inventory::Rejection;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{
    Bench, Fault, Outcome, all, caller, ended, hold_of, place_in_background, until_serving, with_key,
};

fn is_unavailable(outcome: &Outcome, expected: Unavailable) -> bool {
    matches!(outcome, Err(SubmitError::Unavailable(unavailable)) if *unavailable == expected)
}

#[tokio::test(start_paused = true)]
async fn an_unknown_commit_that_was_written_is_found_again_under_its_key() {
    let bench = Bench::new().await;
    let before = bench.last_lsn();
    bench.journal.fail_next(Fault::UnknownWritten);
    let outcome = bench.handle.place_hold(with_key(1, 1), hold_of(1, &[3])).await;
    assert!(matches!(outcome, Err(SubmitError::OutcomeUnknown)), "{outcome:?}");

    until_serving(&bench.handle).await;
    let again = bench.handle.place_hold(with_key(1, 1), hold_of(1, &[3])).await.unwrap();
    assert_eq!(again.lsn, before.next());
    assert_eq!(bench.held().await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_commit_that_was_not_written_leaves_no_trace() {
    let bench = Bench::new().await;
    bench.journal.fail_next(Fault::UnknownNotWritten);
    let outcome = bench.handle.place_hold(with_key(1, 1), hold_of(1, &[3])).await;
    assert!(matches!(outcome, Err(SubmitError::OutcomeUnknown)), "{outcome:?}");

    until_serving(&bench.handle).await;
    assert_eq!(bench.held().await, 0);
    let other = bench.handle.place_hold(caller(2), hold_of(2, &[3])).await;
    assert!(other.is_ok(), "{other:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_commit_fails_everybody_who_waits_for_it() {
    let bench = Bench::new().await;
    bench.journal.close_gate();
    bench.journal.fail_next(Fault::UnknownNotWritten);
    let mut first = JoinSet::new();
    place_in_background(&mut first, &bench.handle, caller(1), hold_of(1, &[1])).await;
    let mut later = JoinSet::new();
    place_in_background(&mut later, &bench.handle, caller(2), hold_of(2, &[2])).await;
    let mut refused = JoinSet::new();
    place_in_background(&mut refused, &bench.handle, caller(3), hold_of(3, &[1])).await;

    bench.journal.open_gate();
    assert!(matches!(all(&mut first).await[..], [Err(SubmitError::OutcomeUnknown)]));
    // Never handed over, and a rejection never has an effect: both may simply try again.
    assert!(is_unavailable(&all(&mut later).await[0], Unavailable::Recovering));
    assert!(is_unavailable(&all(&mut refused).await[0], Unavailable::Recovering));

    until_serving(&bench.handle).await;
    assert_eq!(bench.held().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_is_down_is_said_so_and_the_event_comes_back_with_it() {
    let bench = Bench::new().await;
    bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap();
    bench.journal.is_down.store(true, Ordering::Relaxed);
    for seat in 2..5 {
        let outcome = bench.handle.place_hold(caller(2), hold_of(2, &[seat])).await;
        assert!(is_unavailable(&outcome, Unavailable::JournalDown), "{outcome:?}");
        sleep(Duration::from_secs(2)).await;
    }
    assert!(bench.directory.get(bench.event).is_none());
    assert_eq!(bench.directory.open(bench.event).await.err(), Some(Unavailable::JournalDown));
    assert_eq!(bench.directory.events_recovering(), 1);

    bench.journal.is_down.store(false, Ordering::Relaxed);
    sleep(engine::EngineConfig::default().recovery_pause_max + Duration::from_millis(1)).await;
    assert_eq!(bench.held().await, 1);
    assert_eq!(bench.directory.events_recovering(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_first_start_that_fails_is_tried_again_by_the_next_request() {
    let bench = Bench::new().await;
    let event = inventory::EventId::from_bytes([9; 16]);
    bench.journal.is_down.store(true, Ordering::Relaxed);
    assert_eq!(bench.directory.open(event).await.err(), Some(Unavailable::JournalDown));
    assert_eq!(bench.directory.events(), 1);
    bench.journal.is_down.store(false, Ordering::Relaxed);
    assert!(bench.directory.open(event).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_stale_epoch_ends_the_actor_and_nothing_is_acknowledged() {
    let bench = Bench::new().await;
    let before = bench.last_lsn();
    bench.journal.memory.open(bench.event).await.unwrap();

    let outcome = bench.handle.place_hold(caller(1), hold_of(1, &[1])).await;
    assert!(is_unavailable(&outcome, Unavailable::NotOwner), "{outcome:?}");
    assert_eq!(bench.last_lsn(), before);
    let outcome = bench.handle.place_hold(caller(2), hold_of(2, &[2])).await;
    assert!(is_unavailable(&outcome, Unavailable::NotOwner), "{outcome:?}");
    assert!(bench.directory.get(bench.event).is_none());

    // Whoever opens it again takes it over again.
    let handle = bench.directory.open(bench.event).await.unwrap();
    assert_eq!(handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap().lsn, before.next());
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_is_never_answered_is_unknown_at_its_deadline_and_then_recovered() {
    let bench = Bench::new().await;
    bench.journal.fail_next(Fault::NeverAnswers);
    let outcome = bench.handle.place_hold(caller(1), hold_of(1, &[1])).await;
    assert!(matches!(outcome, Err(SubmitError::OutcomeUnknown)), "{outcome:?}");
    until_serving(&bench.handle).await;
    assert_eq!(bench.held().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_the_journal_is_an_unknown_outcome_and_the_committer_goes_on() {
    let bench = Bench::new().await;
    bench.journal.fail_next(Fault::Panics);
    let outcome = bench.handle.place_hold(caller(1), hold_of(1, &[1])).await;
    assert!(matches!(outcome, Err(SubmitError::OutcomeUnknown)), "{outcome:?}");
    until_serving(&bench.handle).await;
    assert!(bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_turn_fails_those_in_flight_and_rebuilds_the_event() {
    let bench = Bench::new().await;
    bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap();
    bench.journal.close_gate();
    let mut in_flight = JoinSet::new();
    place_in_background(&mut in_flight, &bench.handle, caller(2), hold_of(2, &[2])).await;
    bench.clock.panics.store(true, Ordering::Relaxed);
    let mut struck = JoinSet::new();
    place_in_background(&mut struck, &bench.handle, caller(3), hold_of(3, &[3])).await;
    assert!(is_unavailable(&ended(&mut struck).await.unwrap(), Unavailable::Recovering));
    assert!(matches!(ended(&mut in_flight).await, Some(Err(SubmitError::OutcomeUnknown))));

    bench.journal.open_gate();
    until_serving(&bench.handle).await;
    let again = bench.handle.place_hold(caller(3), hold_of(3, &[1])).await;
    assert!(matches!(again, Err(SubmitError::Rejected(Rejection::SeatsTaken { .. }))), "{again:?}");
}

#[tokio::test(start_paused = true)]
async fn a_damaged_journal_is_never_served() {
    let bench = Bench::new().await;
    let event = inventory::EventId::from_bytes([9; 16]);
    let epoch = bench.journal.memory.open(event).await.unwrap().epoch;
    let garbage = engine::Batch {
        event,
        epoch,
        first_lsn: inventory::Lsn(1),
        last_lsn: inventory::Lsn(1),
        records: vec![1, 2, 3],
        rows: vec![],
    };
    bench.journal.memory.append(vec![garbage]).await.unwrap();
    for _ in 0..2 {
        assert_eq!(bench.directory.open(event).await.err(), Some(Unavailable::Damaged));
    }
}
