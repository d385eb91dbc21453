//! The waiting room. Without `opens` nobody is shuffled, so that in these tables a place's rank is its number.

use crate::stage::Stage;
use crate::{Answer, Entry, LineState, TimeUs, UserId, Verb};

const ROW: &str = "A 1000 | oooooooo";

#[test]
fn holds_need_a_session_while_the_room_is_on() {
    Stage::on_sale(ROW)
        .play(
            "hold h0 ann A-1-8  -> A-1-8
             room               -> ok
             hold h1 ann A-1-1  -> QUEUE_REQUIRED
             # What she holds already she may keep, extend and buy.
             tick 1s
             extend h0 ann      -> until 601s
             order o0 h0 ann    -> pending until 601s
             open-line 0        -> opened 0
             call 2             -> called 1
             enter ann 0        -> session 1 until 601s
             hold h1 ann A-1-1  -> A-1-1
             hold h2 bob A-1-2  -> QUEUE_REQUIRED
             room off           -> ok
             hold h2 bob A-1-2  -> A-1-2
             enter bob 1        -> WAITING_ROOM_OFF
             open-line 2        -> WAITING_ROOM_OFF
             call 2             -> WAITING_ROOM_OFF",
        )
        .check();
}

#[test]
fn places_are_called_in_order_at_the_rate() {
    Stage::on_sale(ROW)
        .play(
            "room rate=60       -> ok
             call 5             -> LINE_NOT_OPEN
             enter ann 0        -> LINE_NOT_OPEN
             open-line 5        -> opened 0
             open-line 5        -> LINE_ALREADY_OPEN
             call 5             -> called 1
             call 5             -> NOBODY_TO_CALL rate
             enter bob 1        -> PLACE_NOT_CALLED 1 of 1
             tick 1s
             call 5             -> called 2
             # What was not called in time is not made up for: a second's worth at most.
             tick 1m
             call 5             -> called 3
             call 5             -> NOBODY_TO_CALL rate
             tick 1s
             call 5 30          -> NOBODY_TO_CALL rate
             tick 1s
             call 5 30          -> called 4
             # Credit grows on at the rate of whoever asks; never above that of the settings.
             tick 1s
             call 5 6000        -> called 5
             tick 1s
             call 5             -> NOBODY_TO_CALL demand
             # Fewer than before cannot have joined.
             call 0             -> NOBODY_TO_CALL demand
             room rate=60 paused -> ok
             call 9             -> NOBODY_TO_CALL paused
             room rate=6000     -> ok
             tick 1s
             call 500           -> called 105",
        )
        .check();
}

#[test]
fn the_room_inside_is_for_so_many() {
    Stage::on_sale(ROW)
        .play(
            "room rate=6000 max=2 claim=10s session=30s -> ok
             open-line 9        -> opened 0
             tick 1s
             call 9             -> called 2
             call 9             -> NOBODY_TO_CALL shoppers
             enter ann 0        -> session 1 until 31s
             # The same again, whatever she asks with.
             enter ann 0        -> session 1 until 31s
             enter ann 1        -> session 1 until 31s
             enter eve 0        -> PLACE_LAPSED
             # Bob does not come in time: until full seconds, ten after his call.
             tick 9s
             call 9             -> NOBODY_TO_CALL shoppers
             tick 1s
             enter bob 1        -> PLACE_LAPSED
             call 9             -> called 3
             enter cat 2        -> session 2 until 41s
             call 9             -> NOBODY_TO_CALL shoppers
             # Leaving makes room at once, a session that ends does too.
             leave ann          -> left
             leave ann          -> left
             hold h1 ann A-1-1  -> QUEUE_REQUIRED
             call 9             -> called 4
             tick 30s
             call 9             -> called 6",
        )
        .check();
}

#[test]
fn a_session_is_renewed_by_shopping_and_ends_with_the_purchase() {
    let mut stage = Stage::on_sale(ROW);
    stage.play(
        "room session=1m    -> ok
         open-line 2        -> opened 0
         tick 1s
         call 2             -> called 2
         enter ann 0        -> session 1 until 61s
         tick 30s
         hold h1 ann A-1-1  -> A-1-1
         enter ann 0        -> session 1 until 91s
         tick 30s
         order o1 h1 ann    -> pending until 631s
         enter ann 0        -> session 1 until 121s
         tick 30s
         start o1 ann p1    -> started until 931s
         enter ann 0        -> session 1 until 151s
         tick 5s
         release h9 ann     -> HOLD_NOT_FOUND
         pay o1 p1 1000     -> paid 1 tickets A-1-1
         hold h2 ann A-1-2  -> QUEUE_REQUIRED
         enter ann 0        -> PLACE_LAPSED
         enter bob 1        -> session 2 until 156s
         hold h3 bob A-1-2  -> A-1-2
         tick 1m
         # Over, and nothing brings it back.
         extend h3 bob      -> until 756s
         enter bob 1        -> PLACE_LAPSED
         hold h4 bob A-1-3  -> QUEUE_REQUIRED",
    );
    stage.check();
}

#[test]
fn no_session_is_older_than_two_hours() {
    let mut stage = Stage::on_sale(ROW);
    stage.play(
        "policy ttl=30m     -> ok
         room session=1h    -> ok
         open-line 1        -> opened 0
         call 1             -> called 1
         enter ann 0        -> session 1 until 3600s",
    );
    for at in 1..=4 {
        stage.play(&format!(
            "tick 29m
             hold h{at} ann A-1-{at} -> A-1-{at}
             release h{at} ann -> released"
        ));
    }
    stage.play(
        "enter ann 0        -> session 1 until 7200s
         tick 4m
         hold h9 ann A-1-1  -> QUEUE_REQUIRED",
    );
    stage.check();
}

#[test]
fn a_place_that_was_given_up_is_passed_over() {
    Stage::on_sale(ROW)
        .play(
            "room rate=60 claim=10s max=1 -> ok
             # Before the opening and after it; nobody waits twice.
             leave bob 1        -> left
             leave bob 1        -> left
             open-line 9        -> opened 0
             leave cat 2        -> left
             tick 1s
             call 9             -> called 3
             enter bob 1        -> PLACE_LAPSED
             leave ann 0        -> left
             enter ann 0        -> PLACE_LAPSED
             tick 1s
             call 9             -> called 4
             leave eve 5        -> left
             enter eve 5        -> PLACE_LAPSED
             leave eve 4        -> left
             tick 1s
             # No room inside, but nobody needs to wait for those who have left.
             call 9             -> called 6
             tick 1s
             call 9             -> NOBODY_TO_CALL shoppers",
        )
        .check();
}

#[test]
fn a_priority_pass_is_for_so_many_accounts_and_so_long() {
    Stage::on_sale(ROW)
        .play(
            "room max=1 session=1m -> ok
             enter ann pass=p/2 -> session 1 until 60s
             enter bob pass=p/2 -> session 2 until 60s
             enter cat pass=p/2 -> PASS_SPENT
             hold h1 ann A-1-1  -> A-1-1
             # Nobody else comes in until they have left.
             open-line 1        -> opened 0
             call 1             -> NOBODY_TO_CALL shoppers
             tick 2m
             call 1             -> called 1
             enter ann pass=p/2 -> session 3 until 180s
             enter cat pass=p/2 -> PASS_SPENT
             tick 58m
             enter bob pass=p/2 -> PASS_EXPIRED",
        )
        .check();
}

#[test]
fn settings_that_make_no_sense() {
    Stage::on_sale(ROW).play(
        "room rate=0            -> WAITING_ROOM_INVALID the rate must be from 1 to 600000 places a minute
         room rate=600001       -> WAITING_ROOM_INVALID the rate must be from 1 to 600000 places a minute
         room max=0             -> WAITING_ROOM_INVALID shoppers at once must be from 1 to 1000000
         room max=1000001       -> WAITING_ROOM_INVALID shoppers at once must be from 1 to 1000000
         room session=29s       -> WAITING_ROOM_INVALID a session must be from 30 s to 1 h
         room session=61m       -> WAITING_ROOM_INVALID a session must be from 30 s to 1 h
         room claim=9s          -> WAITING_ROOM_INVALID the time to claim a place must be from 10 s to 1 h
         room latency=4999      -> WAITING_ROOM_INVALID the latency target must be from 5 ms to 10 s
         room from=10m opens=10m -> WAITING_ROOM_INVALID the pre-queue must begin before the line opens
         room beacon=drand      -> WAITING_ROOM_INVALID a beacon needs a time at which the line opens: without it nobody is shuffled
         room opens=1m beacon=  -> WAITING_ROOM_INVALID the beacon's name must have 1 to 256 bytes
         cancel-event           -> ok
         room                   -> EVENT_CANCELLED
         open-line 1            -> EVENT_CANCELLED
         room off               -> ok",
    );
}

#[test]
fn what_was_promised_stands_once_the_pre_queue_is_open() {
    Stage::on_sale(ROW)
        .play(
            "room from=10m opens=20m beacon=x   -> ok
             room from=11m opens=21m beacon=y   -> ok
             open-line 3                        -> LINE_OPENS_LATER 1260s
             tick 11m
             room from=10m opens=21m beacon=y   -> WAITING_ROOM_FROZEN pre_queue_from
             room from=11m opens=21m beacon=x   -> WAITING_ROOM_FROZEN beacon
             room from=11m opens=21m            -> WAITING_ROOM_FROZEN beacon
             # The opening may be put off, not called off and not be missed.
             room from=11m opens=12m beacon=y   -> ok
             room from=11m opens=22m beacon=y rate=1 -> ok
             tick 2m
             room from=11m opens=12m beacon=y   -> WAITING_ROOM_FROZEN opens_at
             tick 9m
             open-line 3 value=                 -> BEACON_INVALID
             open-line 3                        -> closed 3
             room from=11m opens=50m beacon=y   -> WAITING_ROOM_FROZEN opens_at
             open-line 4                        -> BEACON_REQUIRED
             # Who has joined since the closing queues behind.
             open-line 5 value=abc              -> opened 3
             room off from=1m opens=2m          -> ok
             room from=1m opens=2m              -> ok
             open-line 5 value=abc              -> BEACON_INVALID
             open-line 5                        -> opened 5",
        )
        .check();
    Stage::on_sale(ROW).play("room -> ok\nroom opens=1m -> WAITING_ROOM_FROZEN opens_at");
}

#[test]
fn how_many_are_shuffled_is_fixed_before_a_beacons_value_is_taken() {
    let mut stage = Stage::on_sale(ROW);
    stage.play(
        "room opens=1m beacon=x -> ok
         tick 1m
         open-line 7 value=abc  -> closed 7
         tick 2s",
    );
    let closed = stage.inventory.line_view().closed.unwrap();
    stage.play("open-line 9 value=abc -> opened 7");
    let view = stage.inventory.line_view();
    assert_eq!((view.closed, closed.shuffled), (Some(closed), 7), "it is shown after the opening, too");
    assert_eq!(view.opened.unwrap().at.since(closed.at), 2_000_000);
}

#[test]
fn the_view_shows_the_line_and_keeps_the_key_until_the_opening() {
    let mut stage = Stage::on_sale(ROW);
    let none = stage.inventory.line_view();
    assert_eq!((none.round, none.state(stage.now), none.commitment), (0, LineState::Off, None));
    stage.play("room from=1m opens=2m beacon=x claim=10s rate=6000 secret=5 -> ok");
    let state = |stage: &Stage| stage.inventory.line_view().state(stage.now);
    assert_eq!(state(&stage), LineState::Closed);
    stage.play("tick 1m");
    assert_eq!(state(&stage), LineState::PreQueue);
    let view = stage.inventory.line_view();
    assert!(!format!("{view:?}").contains("5, 5, 5"), "the key is secret: {view:?}");
    let committed = view.commitment.unwrap();
    assert_eq!(committed.hash, crate::line::commitment(stage.inventory.event(), &[5; 32], Some("x")));
    stage.play("tick 1m\nopen-line 100 -> closed 100");
    assert_eq!(state(&stage), LineState::AwaitingBeacon);
    stage.play("open-line 120 value=abc -> opened 100\ntick 1s\ncall 120 -> called 100");
    assert_eq!(state(&stage), LineState::Open);
    let view = stage.inventory.line_view();
    let opened = view.opened.as_ref().unwrap();
    assert_eq!((opened.key, opened.shuffled, view.called, view.joined), ([5; 32], 100, 100, 120));
    assert_eq!(view.rank(110), Some(110));
    assert_ne!((0..100).map(|number| view.rank(number).unwrap()).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
    let due = TimeUs(stage.now.0 + 10_000_000);
    assert_eq!((view.claim_by(stage.now, 0), view.claim_by(stage.now, 99)), (Some(due), Some(due)));
    assert_eq!((view.claim_by(stage.now, 100), view.claim_by(due, 99)), (None, None));
    assert_eq!(view.commitment.as_deref(), Some(&*committed));
}

#[test]
fn switching_on_again_begins_another_line_and_leaves_shoppers_inside() {
    let mut stage = Stage::on_sale(ROW);
    stage.play(
        "room secret=1  -> ok
         open-line 3    -> opened 0
         call 3         -> called 1
         enter ann 0    -> session 1 until 600s
         room off       -> ok
         room secret=2  -> ok
         enter bob 0    -> LINE_NOT_OPEN
         # What was said of the line before is not about this one.
         enter bob 0 round=1 -> LINE_BEGAN_ANEW
         leave bob 0 round=1 -> LINE_BEGAN_ANEW
         open-line 9 round=1 -> LINE_BEGAN_ANEW
         hold h1 ann A-1-1 -> A-1-1
         open-line 0    -> opened 0
         call 9 round=1 -> LINE_BEGAN_ANEW
         call 1         -> called 1
         enter bob 0 round=1 -> LINE_BEGAN_ANEW
         # She is inside, whichever place has brought her there.
         enter ann 0 round=1 -> session 1 until 600s
         enter bob 0    -> session 2 until 600s",
    );
    let view = stage.inventory.line_view();
    assert_eq!((view.round, view.shoppers, view.opened.unwrap().key), (2, 2, [2; 32]));
    stage.check();
}

#[test]
fn the_revision_tells_of_every_change_of_the_view_and_of_no_other() {
    let mut stage = Stage::on_sale(ROW);
    let mut seen = (stage.inventory.line_revision(), stage.inventory.line_view());
    let rows = "hold h0 ann A-1-8 -> A-1-8
        room -> ok
        open-line 3 -> opened 0
        call 3 -> called 1
        enter ann 0 -> session 1 until 600s
        hold h1 ann A-1-1 -> A-1-1
        order o1 h1 ann -> pending until 600s
        pay o1 p1 1000 -> paid 1 tickets A-1-1
        leave bob 2 -> left
        room off -> ok
        room -> ok
        cancel-event -> ok";
    for row in rows.lines() {
        stage.play(row);
        let now = (stage.inventory.line_revision(), stage.inventory.line_view());
        let is_shopping = ["hold", "order"].iter().any(|verb| row.trim().starts_with(verb));
        assert_eq!(now.0 == seen.0, is_shopping, "{row}");
        assert!(now.0 != seen.0 || now.1 == seen.1, "{row}");
        seen = now;
    }
}

#[test]
fn the_room_of_a_cancelled_event_is_off() {
    let mut stage = Stage::on_sale(ROW);
    stage.play("room -> ok");
    assert!(stage.inventory.has_waiting_room() && stage.inventory.line_view().is_active);
    stage.play("cancel-event -> ok");
    assert!(!stage.inventory.has_waiting_room());
    assert_eq!(stage.inventory.line_view().state(stage.now), LineState::Off);
    stage.check();
}

#[test]
fn many_are_called_in_one_change_and_no_more() {
    let mut stage = Stage::on_sale(ROW);
    stage.play("room rate=600000 max=1000000 -> ok\nopen-line 0 -> opened 0");
    let round = 1;
    for number in 0..100_000 {
        let user = UserId::from_bytes([9; 16]);
        stage.ask(Verb::LeaveLine { user, round, number: Some(number) }).unwrap();
    }
    let called = stage.ask(Verb::CallPlaces { round, joined: 200_000, rate_per_min: 600_000 });
    assert_eq!(called, Ok(Answer::PlacesCalled { called: 65_536 }));
    stage.play("tick 1s\ncall 200000 -> called 110000");
    let entry = Entry::Place { round, number: 109_999 };
    stage.ask(Verb::StartSession { user: UserId::from_bytes([1; 16]), entry }).unwrap();
    stage.check();
}
