use engine::{Caller, EngineConfig, SubmitError, Unavailable};
use inventory::{Answer, CallerKey, HoldId, Lsn, OrderId, PlaceOrder, QuotaSpec, Rejection, SeatIx, TierPatch};
use tokio::task::JoinSet;

use crate::support::{Bench, Fault, all, caller, ended, hold_of, place_in_background, put_on_sale, settle, with_key};

#[tokio::test(start_paused = true)]
async fn nothing_is_answered_or_shown_before_it_is_durable() {
    let bench = Bench::new().await;
    let lsn = bench.last_lsn();
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    place_in_background(&mut tasks, &bench.handle, caller(1), hold_of(1, &[0, 1])).await;
    assert!(ended(&mut tasks).await.is_none());
    let mut view = Box::pin(bench.handle.availability());
    assert!(futures_poll(&mut view).await.is_none());
    assert_eq!(bench.last_lsn(), lsn);

    bench.journal.open_gate();
    let submitted = tasks.join_next().await.unwrap().unwrap().unwrap();
    assert_eq!(submitted.lsn, lsn.next());
    assert!(matches!(submitted.answer, Answer::HoldPlaced(hold) if hold.units() == 2));
    let availability = view.await.unwrap();
    assert_eq!((availability.lsn, availability.totals.held), (lsn.next(), 2));
}

async fn futures_poll<T>(future: &mut (impl Future<Output = T> + Unpin)) -> Option<T> {
    tokio::select! {
        biased;
        value = future => Some(value),
        () = settle() => None,
    }
}

#[tokio::test(start_paused = true)]
async fn replies_come_in_lsn_order() {
    let bench = Bench::new().await;
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    for user in 1..=20 {
        place_in_background(&mut tasks, &bench.handle, caller(user), hold_of(user, &[u32::from(user)])).await;
    }
    bench.journal.open_gate();
    let lsns: Vec<Lsn> = all(&mut tasks).await.into_iter().map(|outcome| outcome.unwrap().lsn).collect();
    assert_eq!(lsns.len(), 20);
    assert!(lsns.is_sorted(), "{lsns:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rejection_that_rests_on_an_undurable_change_waits_for_it() {
    let bench = Bench::new().await;
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    place_in_background(&mut tasks, &bench.handle, caller(1), hold_of(1, &[5])).await;
    let mut refused = JoinSet::new();
    place_in_background(&mut refused, &bench.handle, caller(2), hold_of(2, &[5])).await;
    assert!(ended(&mut refused).await.is_none());

    bench.journal.open_gate();
    assert!(tasks.join_next().await.unwrap().unwrap().is_ok());
    let outcome = refused.join_next().await.unwrap().unwrap();
    let expected = Rejection::SeatsTaken { seats: vec![SeatIx(5)] };
    assert!(matches!(outcome, Err(SubmitError::Rejected(rejection)) if rejection == expected));
}

#[tokio::test(start_paused = true)]
async fn a_quota_below_what_is_held_is_refused_when_the_hold_is_durable() {
    let bench = Bench::new().await;
    let tier = bench.handle.layout().tiers()[0].id;
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    place_in_background(&mut tasks, &bench.handle, caller(1), hold_of(1, &[1, 2, 3])).await;
    let patch = TierPatch { quota: Some(QuotaSpec { id: "q".into(), limit: 2 }), ..TierPatch::default() };
    let (handle, mut refused) = (bench.handle.clone(), JoinSet::new());
    refused.spawn(async move { handle.patch_tier(caller(255), tier, patch).await });
    assert!(ended(&mut refused).await.is_none());

    bench.journal.open_gate();
    assert!(tasks.join_next().await.unwrap().unwrap().is_ok());
    let outcome = refused.join_next().await.unwrap().unwrap();
    assert!(matches!(outcome, Err(SubmitError::Rejected(Rejection::TierInvalid { .. }))), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_recalled_by_its_key_once_it_is_durable() {
    let bench = Bench::new().await;
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    place_in_background(&mut tasks, &bench.handle, with_key(1, 9), hold_of(1, &[5])).await;
    let now = engine::Clock::now(&*bench.clock);
    let mut recalled = Box::pin(bench.handle.recall(now, with_key(1, 9)));
    assert!(futures_poll(&mut recalled).await.is_none());
    bench.journal.open_gate();
    let placed = tasks.join_next().await.unwrap().unwrap().unwrap();
    let recalled = recalled.await.unwrap().unwrap();
    assert_eq!((recalled.lsn, recalled.answer), (placed.lsn, placed.answer));

    assert!(bench.handle.recall(now, with_key(1, 8)).await.unwrap().is_none());
    assert!(bench.handle.recall(now, caller(1)).await.unwrap().is_none());
    let other_body = Caller { key: Some(CallerKey { key: [9; 16], body: [7; 16] }), ..caller(1) };
    let refused = bench.handle.recall(now, other_body).await;
    assert!(matches!(refused, Err(SubmitError::Rejected(Rejection::KeyReused))), "{refused:?}");
}

/// What is shown is of the turn that placed it, whatever the same commit has made of it since.
#[tokio::test(start_paused = true)]
async fn an_order_is_shown_as_it_was_placed_once_it_is_durable() {
    let bench = Bench::new().await;
    let held = bench.handle.place_hold(with_key(1, 1), hold_of(1, &[5, 6])).await.unwrap();
    let Answer::HoldPlaced(held) = held.answer else { panic!("{held:?}") };
    let order = OrderId::from_bytes([7; 16]);
    let wanted = PlaceOrder { order, hold: held.hold, customer: held.customer, accept_other_seats: false };
    bench.journal.close_gate();
    let mut placed = Box::pin(bench.handle.place_order(with_key(1, 2), wanted.clone()));
    assert!(futures_poll(&mut placed).await.is_none());
    let mut cancelled = Box::pin(bench.handle.cancel_order(with_key(1, 3), order));
    assert!(futures_poll(&mut cancelled).await.is_none());
    assert!(futures_poll(&mut placed).await.is_none());

    bench.journal.open_gate();
    let (placed, shown) = placed.await;
    let shown = shown.unwrap();
    assert_eq!(
        (shown.order.order, shown.order.status, shown.order.lsn),
        (order, "pending_payment", placed.unwrap().lsn)
    );
    assert_eq!((shown.order.items.len(), shown.tickets.len()), (2, 0));
    assert!(cancelled.await.is_ok());

    let (again, shown) = bench.handle.place_order(with_key(1, 2), wanted).await;
    assert!(again.is_ok() && shown.is_none(), "a repeat tells of what was, not of what is");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_shown_of_an_order_whose_commit_is_lost() {
    let bench = Bench::new().await;
    let held = bench.handle.place_hold(with_key(1, 1), hold_of(1, &[5])).await.unwrap();
    let Answer::HoldPlaced(held) = held.answer else { panic!("{held:?}") };
    let order = OrderId::from_bytes([7; 16]);
    let wanted = PlaceOrder { order, hold: held.hold, customer: held.customer, accept_other_seats: false };
    bench.journal.fail_next(Fault::UnknownNotWritten);
    let (placed, shown) = bench.handle.place_order(with_key(1, 2), wanted).await;
    assert!(matches!(placed, Err(SubmitError::OutcomeUnknown)) && shown.is_none(), "{placed:?} {shown:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rejection_that_rests_on_the_command_alone_comes_at_once() {
    let bench = Bench::new().await;
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    place_in_background(&mut tasks, &bench.handle, caller(1), hold_of(1, &[5])).await;
    let mut refused = JoinSet::new();
    place_in_background(&mut refused, &bench.handle, caller(2), hold_of(2, &[])).await;
    assert!(matches!(ended(&mut refused).await, Some(Err(SubmitError::Rejected(Rejection::HoldEmpty)))));
    assert!(ended(&mut tasks).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_repeat_of_a_key_in_flight_waits_and_gets_the_first_answer() {
    let bench = Bench::new().await;
    bench.journal.close_gate();
    let mut tasks = JoinSet::new();
    for _ in 0..3 {
        place_in_background(&mut tasks, &bench.handle, with_key(1, 9), hold_of(1, &[5])).await;
    }
    assert!(ended(&mut tasks).await.is_none());
    let before = bench.last_lsn();
    bench.journal.open_gate();
    let outcomes: Vec<_> = all(&mut tasks).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.len(), 3);
    assert!(outcomes.iter().all(|outcome| outcome.lsn == before.next() && outcome.answer == outcomes[0].answer));
    assert_eq!(bench.last_lsn(), before.next());

    let again = bench.handle.place_hold(with_key(1, 9), hold_of(1, &[5])).await.unwrap();
    assert_eq!((again.lsn, &again.answer), (before.next(), &outcomes[0].answer));
}

#[tokio::test(start_paused = true)]
async fn a_full_mailbox_refuses_at_once_and_without_effect() {
    let config = EngineConfig {
        mailbox_messages: 4,
        lane_records_max: 1,
        tick: std::time::Duration::from_secs(3_600),
        ..EngineConfig::default()
    };
    let bench = Bench::with(config).await;
    bench.journal.close_gate();
    let before = bench.last_lsn();
    let mut tasks = JoinSet::new();
    for user in 1..=20 {
        place_in_background(&mut tasks, &bench.handle, caller(user), hold_of(user, &[u32::from(user)])).await;
    }
    let mut refused = 0;
    while let Some(outcome) = ended(&mut tasks).await {
        assert!(matches!(outcome, Err(SubmitError::Unavailable(Unavailable::MailboxFull))), "{outcome:?}");
        refused += 1;
    }
    // One in the commit, one in the lane, four in the mailbox; and nothing is lost of those.
    assert_eq!(refused, 14);
    bench.journal.open_gate();
    assert!(all(&mut tasks).await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(bench.last_lsn(), Lsn(before.0 + 6));
    assert_eq!(bench.held().await, 6);
}

#[tokio::test(start_paused = true)]
async fn events_share_a_commit_and_each_has_one_row_in_it() {
    let bench = Bench::new().await;
    let other = bench.directory.open(inventory::EventId::from_bytes([8; 16])).await.unwrap();
    put_on_sale(&other).await;
    bench.journal.close_gate();
    bench.journal.appends.lock().clear();
    let mut tasks = JoinSet::new();
    for user in 1..=5 {
        place_in_background(&mut tasks, &bench.handle, caller(user), hold_of(user, &[u32::from(user)])).await;
        place_in_background(&mut tasks, &other, caller(user), hold_of(user, &[u32::from(user)])).await;
    }
    bench.journal.open_gate();
    assert_eq!(all(&mut tasks).await.into_iter().filter(Result::is_ok).count(), 10);
    // The first record went alone; everything that came meanwhile went together.
    assert_eq!(*bench.journal.appends.lock(), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_caller_hears_before_its_own_deadline_that_the_outcome_is_unknown() {
    let bench = Bench::new().await;
    let started = tokio::time::Instant::now();
    bench.journal.fail_next(crate::support::Fault::NeverAnswers);
    let outcome = bench.handle.release_hold(caller(1), HoldId::from_bytes([1; 16])).await;
    assert!(matches!(outcome, Err(SubmitError::Rejected(Rejection::HoldNotFound))), "rests on durable state only");
    let outcome = bench.handle.place_hold(caller(1), hold_of(1, &[1])).await;
    assert!(matches!(outcome, Err(SubmitError::OutcomeUnknown)), "{outcome:?}");
    assert_eq!(started.elapsed(), EngineConfig::default().append_deadline);
}
