//! The tap of durable changes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use engine::{Changes, EngineConfig, Picture, Tap, Unavailable};
use inventory::{HoldKind, Lsn, Phase, Policy, SeatIx, SeatState};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::support::{Bench, Fault, all, caller, currency, ended, hold_of, place_in_background, settle, until_serving};

/// What a watcher knows: a picture and all changes after it.
struct Board {
    tap: Tap,
    picture: Picture,
    changes: Changes,
}

impl Board {
    async fn new(bench: &Bench) -> Self {
        let (picture, tap) = bench.handle.tap().await.unwrap();
        Self { tap, picture, changes: Changes::default() }
    }

    /// Whether there is anything new within a short (virtual) time.
    async fn is_changed(&mut self) -> bool {
        timeout(Duration::from_millis(5), self.tap.changed()).await == Ok(true)
    }

    /// Folds what has come; `false` once the tap is closed and empty.
    async fn fold(&mut self) -> bool {
        if !(self.tap.changed().await && self.tap.take(&mut self.changes)) {
            return false;
        }
        if let Some(picture) = self.changes.picture.take() {
            self.picture = *picture;
        }
        self.changes.seats.iter().for_each(|(seat, state)| self.picture.seats[seat.ix()] = *state);
        self.changes.areas.iter().for_each(|(area, counts)| self.picture.areas[area.ix()] = *counts);
        self.picture.phase = self.changes.phase.unwrap_or(self.picture.phase);
        self.picture.lsn = self.changes.lsn;
        true
    }

    async fn fold_up_to(&mut self, lsn: Lsn) {
        while self.picture.lsn < lsn {
            assert!(self.fold().await, "the tap closed before {lsn}");
        }
    }

    fn letters(&self) -> String {
        self.picture.seats.iter().map(|state| state.letter()).collect()
    }
}

async fn letters(bench: &Bench) -> String {
    bench.handle.row_states(None).await.unwrap().into_iter().map(|row| row.states).collect()
}

#[tokio::test(start_paused = true)]
async fn a_tap_starts_with_the_whole_state() {
    let bench = Bench::new().await;
    let placed = bench.handle.place_hold(caller(1), hold_of(1, &[3, 4])).await.unwrap();
    let board = Board::new(&bench).await;
    assert_eq!((board.picture.lsn, board.picture.phase), (placed.lsn, Phase::Published));
    assert_eq!(board.letters(), letters(&bench).await);
    assert_eq!(board.picture.seats[3], SeatState::Held);
    let [news] = board.picture.holds[..] else { panic!("{:?}", board.picture.holds) };
    assert_eq!((news.hold, news.customer, news.kind), (hold_of(1, &[]).hold, caller(1).user, HoldKind::Placed));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_seen_before_it_is_durable() {
    let bench = Bench::new().await;
    let mut board = Board::new(&bench).await;
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    for user in 1..=3 {
        place_in_background(&mut tasks, &bench.handle, caller(user), hold_of(user, &[u32::from(user)])).await;
    }
    assert!(!board.is_changed().await);
    let handle = bench.handle.clone();
    let mut tap = JoinSet::new();
    tap.spawn(async move { handle.tap().await.map(|(picture, _)| picture) });
    settle().await;
    assert!(tap.try_join_next().is_none(), "a picture of what is not durable");

    let before = bench.last_lsn();
    bench.journal.open_gate();
    all(&mut tasks).await;
    board.fold_up_to(Lsn(before.0 + 3)).await;
    assert_eq!(board.letters(), letters(&bench).await);
    assert_eq!(tap.join_next().await.unwrap().unwrap().unwrap().seats, board.picture.seats);
}

#[tokio::test(start_paused = true)]
async fn what_the_journal_has_refused_is_never_seen() {
    let bench = Bench::new().await;
    let mut board = Board::new(&bench).await;
    bench.journal.fail_next(Fault::UnknownNotWritten);
    assert!(bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.is_err());
    assert!(!board.fold().await, "{:?}", board.changes);
    until_serving(&bench.handle).await;
    let mut board = Board::new(&bench).await;
    assert_eq!(board.picture.seats[1], SeatState::Free);
    let placed = bench.handle.place_hold(caller(2), hold_of(2, &[1])).await.unwrap();
    board.fold_up_to(placed.lsn).await;
    assert_eq!(board.picture.seats[1], SeatState::Held);
}

#[tokio::test(start_paused = true)]
async fn a_new_tap_after_the_actors_death_shows_at_least_what_was_seen() {
    let bench = Bench::new().await;
    let mut board = Board::new(&bench).await;
    let seen = bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap();
    board.fold_up_to(seen.lsn).await;
    bench.journal.fail_next(Fault::UnknownWritten);
    assert!(bench.handle.place_hold(caller(2), hold_of(2, &[2])).await.is_err());
    assert!(!board.fold().await);
    until_serving(&bench.handle).await;
    let again = Board::new(&bench).await;
    assert_eq!(again.picture.lsn, seen.lsn.next());
    assert_eq!(again.picture.seats[1..3], [SeatState::Held; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_the_actor_closes_its_taps() {
    let bench = Bench::new().await;
    let mut board = Board::new(&bench).await;
    bench.clock.panics.store(true, Ordering::Relaxed);
    assert!(bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.is_err());
    assert!(!board.fold().await);
}

#[tokio::test(start_paused = true)]
async fn a_stop_closes_the_taps_after_the_last_change() {
    let bench = Bench::new().await;
    let mut board = Board::new(&bench).await;
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    place_in_background(&mut tasks, &bench.handle, caller(1), hold_of(1, &[1])).await;
    let directory = bench.directory.clone();
    let mut stop = JoinSet::new();
    stop.spawn(async move { directory.stop(Duration::from_secs(5)).await });
    settle().await;
    bench.journal.open_gate();
    let placed = all(&mut tasks).await.pop().unwrap().unwrap();
    board.fold_up_to(placed.lsn).await;
    assert_eq!(board.picture.seats[1], SeatState::Held);
    assert!(!board.fold().await);
}

#[tokio::test(start_paused = true)]
async fn a_tap_that_is_not_emptied_is_closed_and_the_others_go_on() {
    let bench = Bench::new().await;
    let (_, mut stalled) = bench.handle.tap().await.unwrap();
    let mut board = Board::new(&bench).await;
    let mut rounds = 0;
    // Each round is four changes of seats and two of holds.
    while rounds * 6 <= engine::TAP_CHANGES_MAX {
        let placed = bench.handle.place_hold(caller(1), hold(rounds, &[5, 6])).await.unwrap();
        let released = bench.handle.release_hold(caller(1), hold(rounds, &[]).hold).await.unwrap();
        assert_eq!(released.lsn, placed.lsn.next());
        board.fold_up_to(released.lsn).await;
        rounds += 1;
    }
    assert!(!stalled.changed().await);
    let mut changes = Changes::default();
    assert!(!stalled.take(&mut changes));
    assert!(changes.seats.is_empty(), "what nobody takes is forgotten");
    let placed = bench.handle.place_hold(caller(2), hold_of(2, &[7])).await.unwrap();
    board.fold_up_to(placed.lsn).await;
    assert_eq!(board.letters(), letters(&bench).await);
}

fn hold(number: usize, seats: &[u32]) -> inventory::PlaceHold {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&(number as u64).to_le_bytes());
    inventory::PlaceHold { hold: inventory::HoldId::from_bytes(id), ..hold_of(1, seats) }
}

#[tokio::test(start_paused = true)]
async fn a_new_layout_is_a_new_picture() {
    let bench = Bench::new().await;
    let mut board = Board::new(&bench).await;
    let placed = bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap();
    let policy = Policy { hold_ttl_us: 60_000_000, ..Policy::new(currency()) };
    let set = bench.handle.set_policy(caller(255), policy.clone()).await.unwrap();
    let later = bench.handle.place_hold(caller(2), hold_of(2, &[2])).await.unwrap();
    assert!(board.fold().await);
    assert_eq!(board.changes.lsn, later.lsn);
    assert_eq!(board.changes.seats, [(SeatIx(2), SeatState::Held)], "the picture has all before it");
    assert_eq!(board.changes.holds.iter().map(|news| news.lsn).collect::<Vec<_>>(), [placed.lsn, later.lsn]);
    assert_eq!(board.picture.layout.policy(), &policy);
    assert_eq!(board.letters(), letters(&bench).await);
    assert_eq!(set.lsn, placed.lsn.next());
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_told_of_from_its_placing_to_its_end() {
    let bench = Bench::new().await;
    let mut board = Board::new(&bench).await;
    let id = hold_of(1, &[]).hold;
    bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap();
    sleep(Duration::from_secs(60)).await;
    let extended = bench.handle.extend_hold(caller(1), id).await.unwrap();
    let released = bench.handle.release_hold(caller(1), id).await.unwrap();
    bench.handle.place_hold(caller(2), hold_of(2, &[1])).await.unwrap();
    sleep(Duration::from_micros(inventory::limits::HOLD_TTL_DEFAULT_US as u64) + Duration::from_secs(1)).await;
    assert!(board.fold().await);
    let kinds: Vec<HoldKind> = board.changes.holds.iter().map(|news| news.kind).collect();
    use HoldKind::{Expired, Extended, Placed, Released};
    assert_eq!(kinds, [Placed, Extended, Released, Placed, Expired]);
    let [first, second, third, ..] = board.changes.holds[..] else { unreachable!("there are five") };
    assert_eq!((second.lsn, third.lsn), (extended.lsn, released.lsn));
    assert!(second.expires_at > first.expires_at);
    assert_eq!(third.expires_at, second.expires_at);
    assert_eq!(board.picture.seats[1], SeatState::Free);
}

#[tokio::test(start_paused = true)]
async fn changes_know_when_the_oldest_of_them_became_durable() {
    let bench = Bench::new().await;
    let mut board = Board::new(&bench).await;
    let placed = bench.handle.place_hold(caller(1), hold_of(1, &[1])).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    bench.handle.place_hold(caller(2), hold_of(2, &[2])).await.unwrap();
    assert!(board.fold().await);
    assert_eq!(board.changes.oldest, Some(placed.at));
    sleep(Duration::from_secs(1)).await;
    let later = bench.handle.place_hold(caller(3), hold_of(3, &[3])).await.unwrap();
    assert!(board.fold().await);
    assert_eq!(board.changes.oldest, Some(later.at));
}

#[tokio::test(start_paused = true)]
async fn a_tapped_event_stays_in_memory_until_the_tap_is_dropped() {
    let config = EngineConfig { idle_after: Duration::from_secs(60), ..EngineConfig::default() };
    let bench = Bench::with(config).await;
    let board = Board::new(&bench).await;
    sleep(Duration::from_secs(300)).await;
    assert_eq!(bench.directory.events(), 1);
    drop(board);
    sleep(Duration::from_secs(3)).await;
    assert_eq!(bench.directory.events(), 0);
    // And a tap brings it back.
    Board::new(&bench).await;
    assert_eq!(bench.directory.events(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_has_no_more_taps_than_it_may() {
    let bench = Bench::new().await;
    let mut boards = Vec::new();
    for _ in 0..8 {
        boards.push(Board::new(&bench).await);
    }
    assert_eq!(bench.handle.tap().await.err(), Some(Unavailable::TooManyTaps));
    boards.pop();
    assert!(bench.handle.tap().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_pace_shows_a_slow_journal_while_it_is_slow() {
    let bench = Bench::new().await;
    sleep(Duration::from_secs(3)).await;
    assert_eq!(bench.handle.pace().p99_us, 0);
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    for user in 1..=32 {
        place_in_background(&mut tasks, &bench.handle, caller(user), hold_of(user, &[u32::from(user)])).await;
    }
    sleep(Duration::from_millis(80)).await;
    assert_eq!(bench.handle.pace().p99_us, 0, "a moment");
    sleep(Duration::from_millis(520)).await;
    assert!(ended(&mut tasks).await.is_none());
    let pace = bench.handle.pace();
    assert!(pace.samples == 0 && (600_000..602_000).contains(&pace.p99_us), "{pace:?}");
    bench.journal.open_gate();
    all(&mut tasks).await;
    let pace = bench.handle.pace();
    assert!(pace.samples == 32 && (600_000..675_000).contains(&pace.p99_us), "{pace:?}");
    sleep(Duration::from_secs(3)).await;
    assert_eq!(bench.handle.pace().p99_us, 0);
}
