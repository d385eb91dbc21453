//! The waiting room on the live feed: its public numbers to all, a place's turn to whoever holds its ticket.

use serde_json::json;
use usher_tests::live::{Opening, Watcher};
use usher_tests::server::TestServer;
use wire::{LiveFrame, LivePlace, LiveRequest, LiveSession, LiveSessionState, WaitingRoom, WaitingRoomState};

use super::show::{Show, text};

async fn line(watcher: &mut Watcher, fits: impl Fn(&WaitingRoom) -> bool) -> WaitingRoom {
    watcher
        .until(|_, frame| match frame {
            LiveFrame::Line(room) if fits(room) => Some(room.clone()),
            _ => None,
        })
        .await
}

async fn place(watcher: &mut Watcher, fits: impl Fn(&LivePlace) -> bool) -> LivePlace {
    watcher
        .until(|_, frame| match frame {
            LiveFrame::Place(place) if fits(place) => Some(place.clone()),
            _ => None,
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_line_is_told_to_all_and_a_turn_to_its_waiter() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let (alice, bob) = (server.attendee().await, server.attendee().await);
    let settings = json!({"active": true, "paused": true});
    server.put(Some(&show.organizer), &show.path("/waiting-room/settings"), settings).await.expect(200);
    let mut nobody = Watcher::open(&server, &show.id, Opening::default()).await;
    let room = line(&mut nobody, |_| true).await;
    assert_ne!(room.state, WaitingRoomState::Off);
    let joined = server.post(Some(&alice), &show.path("/waiting-room"), json!({})).await.expect(200);
    let ticket = text(&joined["place_ticket"]);
    line(&mut nobody, |room| room.joined == 1).await;

    let mut own = Watcher::open(&server, &show.id, Opening::signed_in(&alice)).await;
    let waiting = place(&mut own, |_| true).await;
    assert_eq!((u64::from(waiting.number), waiting.claim_by), (joined["number"].as_u64().unwrap(), None));
    let mut thief = Watcher::open(&server, &show.id, Opening::signed_in(&bob)).await;
    thief.say(&LiveRequest::Place { place_ticket: ticket }).await;
    assert_eq!(thief.bye().await.0, "MESSAGE_INVALID");

    let settings = json!({"active": true});
    server.put(Some(&show.organizer), &show.path("/waiting-room/settings"), settings).await.expect(200);
    let called = place(&mut own, |place| place.claim_by.is_some()).await;
    assert_eq!((called.number, called.rank), (waiting.number, Some(waiting.number)));
    line(&mut nobody, |room| room.called == 1 && room.state == WaitingRoomState::Open).await;
    server.post(Some(&alice), &show.path("/waiting-room"), json!({})).await.expect(200);
    line(&mut nobody, |room| room.shoppers == 1).await;

    let settings = json!({"active": false});
    server.put(Some(&show.organizer), &show.path("/waiting-room/settings"), settings).await.expect(200);
    line(&mut nobody, |room| room.state == WaitingRoomState::Off).await;
    server.stop().await;
}

async fn shown(watcher: &mut Watcher) -> LiveSessionState {
    watcher
        .until(|_, frame| match frame {
            LiveFrame::Session(session) => Some(session.state),
            _ => None,
        })
        .await
}

/// The next session, and the next place whose turn it is not, in whatever order.
async fn inside_at(watcher: &mut Watcher) -> (LiveSession, LivePlace) {
    let (mut session, mut place) = (None, None);
    while session.is_none() || place.is_none() {
        match watcher.frame().await.expect("the server goes on") {
            LiveFrame::Session(told) => session = session.or(Some(told)),
            LiveFrame::Place(told) if told.claim_by.is_none() => place = place.or(Some(told)),
            _ => {}
        }
    }
    session.zip(place).expect("both were told")
}

/// Nobody says which place he follows: it is the account's own, whether it joins before or after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_in_socket_follows_its_accounts_place_and_session_by_itself() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let (alice, bob) = (server.attendee().await, server.attendee().await);
    let settings = show.path("/waiting-room/settings");
    let room = async |wanted| server.put(Some(&show.organizer), &settings, wanted).await;
    room(json!({"active": true, "paused": true})).await.expect(200);
    let mut early = Watcher::open(&server, &show.id, Opening::signed_in(&alice)).await;
    early.until(|watcher, _| (watcher.snapshots == 1).then_some(())).await;
    server.post(Some(&alice), &show.path("/waiting-room"), json!({})).await.expect(200);
    assert_eq!(place(&mut early, |_| true).await.claim_by, None);
    let mut late = Watcher::open(&server, &show.id, Opening::signed_in(&alice)).await;
    assert_eq!(place(&mut late, |_| true).await.number, 0);
    let mut other = Watcher::open(&server, &show.id, Opening::signed_in(&bob)).await;

    room(json!({"active": true})).await.expect(200);
    for own in [&mut early, &mut late] {
        place(own, |place| place.claim_by.is_some()).await;
    }
    let inside = server.post(Some(&alice), &show.path("/waiting-room"), json!({})).await.expect(200);
    let mut back = Watcher::open(&server, &show.id, Opening::signed_in(&alice)).await;
    for own in [&mut early, &mut late, &mut back] {
        let (session, place) = inside_at(own).await;
        assert_eq!(
            (session.state, json!(session.until)),
            (LiveSessionState::Admitted, inside["session_until"].clone())
        );
        assert_eq!(place.number, 0, "claimed: no longer his turn, though there is time left");
    }

    let items = json!({"items": [{"seat": "A-1-1"}], "pass": inside["pass"]});
    let hold = server.post(Some(&alice), &show.path("/holds"), items).await.expect(201);
    assert_eq!(shown(&mut early).await, LiveSessionState::Renewed);
    let order = json!({"event_id": show.id, "hold_id": hold["id"]});
    let order = server.post(Some(&alice), "/orders", order).await.expect(201);
    let pay = format!("/orders/{}/pay", text(&order["id"]));
    server.post(Some(&alice), &pay, json!({"method": "mock"})).await.expect(200);
    early.until(|_, frame| is_over(frame)).await;
    late.until(|_, frame| is_over(frame)).await;

    // By a priority pass, and out again.
    let pass = json!({"reason": "a guest"});
    let pass = server.post(Some(&show.organizer), &show.path("/waiting-room/priority-passes"), pass).await.expect(201);
    let pass = json!({"priority_pass": pass["priority_pass"]});
    server.post(Some(&bob), &show.path("/waiting-room"), pass).await.expect(200);
    assert_eq!(shown(&mut other).await, LiveSessionState::Admitted);
    assert_eq!(server.delete(Some(&bob), &show.path("/waiting-room")).await.status, 204);
    assert_eq!(shown(&mut other).await, LiveSessionState::Ended);
    server.stop().await;
}

fn is_over(frame: &LiveFrame) -> Option<()> {
    matches!(frame, LiveFrame::Session(session) if session.state == LiveSessionState::Ended).then_some(())
}

/// Who gives up a place that was called is not told any longer that it is his turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_turn_that_is_given_up_is_over_at_once() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let alice = server.attendee().await;
    let settings = json!({"active": true, "claim_within_s": 600});
    server.put(Some(&show.organizer), &show.path("/waiting-room/settings"), settings).await.expect(200);
    let mut own = Watcher::open(&server, &show.id, Opening::signed_in(&alice)).await;
    server.post(Some(&alice), &show.path("/waiting-room"), json!({})).await.expect(200);
    let mut nobody = Watcher::open(&server, &show.id, Opening::default()).await;
    line(&mut nobody, |room| room.called == 1).await;
    place(&mut own, |place| place.claim_by.is_some()).await;
    assert_eq!(server.delete(Some(&alice), &show.path("/waiting-room")).await.status, 204);
    assert_eq!(place(&mut own, |_| true).await.claim_by, None);
    server.stop().await;
}
