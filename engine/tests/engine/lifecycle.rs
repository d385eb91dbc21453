use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::{EngineConfig, Stopped, SubmitError, Unavailable};
use inventory::{Entry, EventId, Lsn, Origin, RoomSettings, limits};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{Bench, all, caller, hold_of, place_in_background, put_on_sale, settle};

const HOLD_TTL: Duration = Duration::from_micros(limits::HOLD_TTL_DEFAULT_US as u64);

#[tokio::test(start_paused = true)]
async fn those_who_open_an_event_together_share_one_start() {
    let bench = Bench::new().await;
    let event = EventId::from_bytes([9; 16]);
    let before = bench.journal.opens.load(Ordering::Relaxed);
    let mut opens = JoinSet::new();
    for _ in 0..50 {
        let directory = bench.directory.clone();
        opens.spawn(async move { directory.open(event).await.is_ok() });
    }
    assert!(opens.join_all().await.into_iter().all(|is_open| is_open));
    assert_eq!(bench.journal.opens.load(Ordering::Relaxed), before + 1);
    assert!(bench.directory.get(event).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_restarted_server_finds_every_acknowledged_hold() {
    let bench = Bench::new().await;
    for user in 1..=30 {
        bench.handle.place_hold(caller(user), hold_of(user, &[u32::from(user)])).await.unwrap();
    }
    let before = bench.handle.availability().await.unwrap();
    // No graceful stop: as after a crash.
    let handle = bench.restart(EngineConfig::default()).open(bench.event).await.unwrap();
    assert_eq!(handle.availability().await.unwrap(), before);
    assert_eq!(before.totals.held, 30);
}

#[tokio::test(start_paused = true)]
async fn a_graceful_stop_answers_what_was_taken_and_leaves_a_snapshot() {
    let bench = Bench::new().await;
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    for user in 1..=10 {
        place_in_background(&mut tasks, &bench.handle, caller(user), hold_of(user, &[u32::from(user)])).await;
    }
    let directory = bench.directory.clone();
    let mut stop = JoinSet::new();
    stop.spawn(async move { directory.stop(Duration::from_secs(5)).await });
    settle().await;
    let late = bench.handle.place_hold(caller(11), hold_of(11, &[11])).await;
    assert!(matches!(late, Err(SubmitError::Unavailable(Unavailable::Stopping))), "{late:?}");
    assert_eq!(bench.directory.open(bench.event).await.err(), Some(Unavailable::Stopping));

    bench.journal.open_gate();
    assert_eq!(stop.join_next().await.unwrap().unwrap(), Stopped::Clean);
    assert_eq!(all(&mut tasks).await.into_iter().filter(Result::is_ok).count(), 10);
    assert_eq!(bench.journal.memory.snapshots(bench.event).last().unwrap().lsn, bench.last_lsn());
    let handle = bench.restart(EngineConfig::default()).open(bench.event).await.unwrap();
    assert_eq!(handle.availability().await.unwrap().totals.held, 10);
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_meets_a_dead_journal_ends_at_its_deadline_and_tells_those_who_wait() {
    let bench = Bench::new().await;
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    place_in_background(&mut tasks, &bench.handle, caller(1), hold_of(1, &[1])).await;
    assert_eq!(bench.directory.stop(Duration::from_millis(500)).await, Stopped::Cut);
    assert!(matches!(all(&mut tasks).await[..], [Err(SubmitError::OutcomeUnknown)]));
}

#[tokio::test(start_paused = true)]
async fn an_idle_event_leaves_memory_and_comes_back_with_the_next_command() {
    let config = EngineConfig { idle_after: Duration::from_secs(60), ..EngineConfig::default() };
    let bench = Bench::with(config).await;
    let lsn = bench.last_lsn();
    sleep(Duration::from_secs(62)).await;
    assert_eq!(bench.directory.events(), 0);
    assert!(bench.directory.get(bench.event).is_none());
    assert_eq!(bench.journal.memory.snapshots(bench.event).last().unwrap().lsn, lsn);

    // The old handle leads to the new actor.
    assert_eq!(bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap().lsn, lsn.next());
    assert_eq!(bench.directory.events(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_with_a_live_hold_stays() {
    let config = EngineConfig { idle_after: Duration::from_secs(60), ..EngineConfig::default() };
    let bench = Bench::with(config).await;
    bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap();
    sleep(Duration::from_secs(300)).await;
    assert!(bench.directory.get(bench.event).is_some());
    sleep(HOLD_TTL).await;
    assert!(bench.directory.get(bench.event).is_none());
}

#[tokio::test(start_paused = true)]
async fn a_due_hold_expires_without_anybody_asking() {
    let bench = Bench::new().await;
    let placed = bench.handle.place_hold(caller(1), hold_of(1, &[1, 2])).await.unwrap();
    sleep(HOLD_TTL - Duration::from_millis(100)).await;
    assert_eq!(bench.last_lsn(), placed.lsn);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(bench.last_lsn(), placed.lsn.next());
    assert_eq!(bench.held().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_due_place_is_free_for_whoever_asks_before_the_timer_does() {
    let config = EngineConfig { tick: Duration::from_secs(3_600), ..EngineConfig::default() };
    let bench = Bench::with(config).await;
    bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap();
    sleep(HOLD_TTL - Duration::from_millis(1)).await;
    assert!(bench.handle.place_hold(caller(2), hold_of(2, &[1])).await.is_err());
    sleep(Duration::from_millis(2)).await;
    assert!(bench.handle.place_hold(caller(2), hold_of(2, &[1])).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn snapshots_are_written_as_changes_pile_up_and_recovery_starts_from_the_newest() {
    let config =
        EngineConfig { snapshot_records: 10, snapshot_interval: Duration::from_secs(1), ..EngineConfig::default() };
    let bench = Bench::with(config.clone()).await;
    for user in 1..=30 {
        bench.handle.place_hold(caller(user), hold_of(user, &[u32::from(user)])).await.unwrap();
        sleep(Duration::from_millis(200)).await;
    }
    let snapshots = bench.journal.memory.snapshots(bench.event);
    assert_eq!(snapshots.iter().map(|snapshot| snapshot.lsn).collect::<Vec<_>>(), [Lsn(20), Lsn(30)]);
    let before = bench.handle.availability().await.unwrap();
    let handle = bench.restart(config).open(bench.event).await.unwrap();
    assert_eq!(handle.availability().await.unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn snapshots_are_written_after_those_that_panicked() {
    let config =
        EngineConfig { snapshot_records: 10, snapshot_interval: Duration::from_secs(1), ..EngineConfig::default() };
    let bench = Bench::with(config).await;
    bench.journal.bad_snapshots.store(2, Ordering::Relaxed);
    for user in 1..=39 {
        bench.handle.place_hold(caller(user), hold_of(user, &[u32::from(user)])).await.unwrap();
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(bench.journal.memory.snapshots(bench.event).last().map(|snapshot| snapshot.lsn), Some(Lsn(40)));
}

#[tokio::test(start_paused = true)]
async fn the_node_opens_no_more_events_than_it_may_hold() {
    let bench = Bench::with(EngineConfig { events_max: 2, ..EngineConfig::default() }).await;
    put_on_sale(&bench.directory.open(EventId::from_bytes([8; 16])).await.unwrap()).await;
    let third = bench.directory.open(EventId::from_bytes([9; 16])).await.err();
    assert_eq!(third, Some(Unavailable::TooManyEvents));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_by_time_is_not_shown_as_inside_any_more() {
    let bench = Bench::new().await;
    let settings = RoomSettings { active: true, session_us: 30_000_000, ..RoomSettings::default() };
    bench.handle.set_waiting_room(caller(255), settings, [1; 32]).await.unwrap();
    bench.handle.open_line(Origin::ENGINE, 1, 2, None).await.unwrap();
    bench.handle.call_places(1, 2, 600).await.unwrap();
    let entry = Entry::Place { round: 1, number: 0 };
    bench.handle.start_session(caller(1), entry).await.unwrap();
    let lsn = bench.last_lsn();
    sleep(Duration::from_secs(29)).await;
    assert_eq!(bench.handle.line().shoppers, 1);
    sleep(Duration::from_secs(3)).await;
    assert_eq!((bench.handle.line().shoppers, bench.last_lsn()), (0, lsn), "and nothing was written for it");
    // After a restart it is not counted either.
    let handle = bench.restart(EngineConfig::default()).open(bench.event).await.unwrap();
    assert_eq!(handle.line().shoppers, 0);
}
