//! Offers to those who wait, in the turn that frees something and in the turn after a deadline.

use std::time::Duration;

use engine::EventHandle;
use inventory::{HoldId, HoldView, TierIx, UserId, WaitlistSettings, Wish, WishedPlace};

use crate::support::{Bench, caller, hold_of, settle};

const OFFER: Duration = Duration::from_secs(300);

fn settings() -> WaitlistSettings {
    WaitlistSettings { active: true, offer_us: i64::try_from(OFFER.as_micros()).unwrap(), closes_at: None }
}

fn seats(quantity: u32) -> Wish {
    let place = WishedPlace::Seats { section: None, accessible: false, apart: false };
    Wish { tier: TierIx(0), place, quantity }
}

async fn fill(bench: &Bench) {
    for (user, first) in [(1, 0), (2, 10), (3, 20), (4, 30)] {
        let all: Vec<u32> = (first..first + 10).collect();
        bench.handle.place_hold(caller(user), hold_of(user, &all)).await.unwrap();
    }
}

async fn offered(handle: &EventHandle) -> (u32, u32) {
    let view = handle.waitlist().await.unwrap();
    (view.waiting, view.offered)
}

/// What somebody hears who asks for the first seat.
async fn refusal(handle: &EventHandle, user: u8) -> &'static str {
    match handle.place_hold(caller(user), hold_of(user, &[0])).await {
        Err(engine::SubmitError::Rejected(rejection)) => rejection.code(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_freed_is_offered_before_anybody_else_is_heard() {
    let bench = Bench::new().await;
    bench.handle.set_waitlist(caller(255), settings()).await.unwrap();
    fill(&bench).await;
    bench.handle.join_waitlist(caller(11), seats(3)).await.unwrap();
    bench.handle.join_waitlist(caller(12), seats(7)).await.unwrap();
    bench.handle.join_waitlist(caller(13), seats(1)).await.unwrap();
    // Both are in the mailbox together: the release, and somebody who is quick.
    let release = bench.handle.release_hold(caller(1), HoldId::from_bytes([1; 16]));
    let (released, refused) = tokio::join!(release, refusal(&bench.handle, 99));
    released.unwrap();
    // The row is free around three seats in its middle: seven do not fit any more, one does. The rest is kept.
    assert_eq!(refused, "WAITLIST_FIRST");
    assert_eq!(offered(&bench.handle).await, (1, 2));
    assert_eq!(bench.held().await, 30 + 3 + 1);
}

#[tokio::test(start_paused = true)]
async fn an_offer_that_lapses_goes_to_the_next_though_nobody_asks() {
    let bench = Bench::new().await;
    bench.handle.set_waitlist(caller(255), settings()).await.unwrap();
    fill(&bench).await;
    for user in [11, 12] {
        bench.handle.join_waitlist(caller(user), seats(10)).await.unwrap();
    }
    bench.handle.release_hold(caller(1), HoldId::from_bytes([1; 16])).await.unwrap();
    assert_eq!(offered(&bench.handle).await, (1, 1));
    let records = bench.last_lsn();
    tokio::time::sleep(OFFER + Duration::from_secs(1)).await;
    settle().await;
    // The expiry and the next offer, by the timer alone.
    assert_eq!(bench.last_lsn().0, records.0 + 2);
    assert_eq!(offered(&bench.handle).await, (0, 1));
}

/// A crash between the change that frees and the offer that follows loses no place of those who wait.
#[tokio::test(start_paused = true)]
async fn a_list_goes_on_after_a_restart() {
    let bench = Bench::new().await;
    bench.handle.set_waitlist(caller(255), settings()).await.unwrap();
    fill(&bench).await;
    bench.handle.join_waitlist(caller(11), seats(10)).await.unwrap();
    bench.handle.join_waitlist(caller(12), seats(10)).await.unwrap();
    bench.handle.release_hold(caller(1), HoldId::from_bytes([1; 16])).await.unwrap();
    let digest = bench.handle.digest().await.unwrap();
    let directory = bench.restart(engine::EngineConfig::default());
    let handle = directory.open(bench.event).await.unwrap();
    assert_eq!(handle.digest().await.unwrap(), digest);
    assert_eq!(offered(&handle).await, (1, 1));
    handle.leave_waitlist(caller(11)).await.unwrap();
    assert_eq!(offered(&handle).await, (0, 1));
    assert_eq!(refusal(&handle, 99).await, "SEATS_TAKEN");
}

#[tokio::test(start_paused = true)]
async fn a_list_that_closes_sends_everybody_home_by_the_timer() {
    let bench = Bench::new().await;
    let now = engine::Clock::now(&*bench.clock);
    let closes_at = Some(now.plus_us(60_000_000));
    bench.handle.set_waitlist(caller(255), WaitlistSettings { closes_at, ..settings() }).await.unwrap();
    fill(&bench).await;
    // More than one change sends home.
    for number in 0..250u32 {
        let user = UserId::from_bytes((1_000 + u128::from(number)).to_be_bytes());
        let waiter = engine::Caller { user, request: None, key: None };
        bench.handle.join_waitlist(waiter, seats(2)).await.unwrap();
    }
    assert_eq!(offered(&bench.handle).await, (250, 0));
    tokio::time::sleep(Duration::from_secs(61)).await;
    settle().await;
    assert_eq!(offered(&bench.handle).await, (0, 0));
    let view = bench.handle.hold(HoldId::from_bytes([1; 16])).await.unwrap();
    assert!(matches!(view, Some(HoldView::Live { .. })), "{view:?}");
}
