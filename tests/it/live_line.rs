//! The waiting room on the live feed: its public numbers to all, a place's turn to whoever holds its ticket.

use serde_json::json;
use usher_tests::live::{Opening, Watcher};
use usher_tests::server::TestServer;
use wire::{LiveFrame, LivePlace, LiveRequest, WaitingRoom, WaitingRoomState};

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
    own.say(&LiveRequest::Place { place_ticket: ticket.clone() }).await;
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
