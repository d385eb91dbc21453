//! Who is kept: a room that is on for as long as it is, and everybody who has joined it, however his place came about.

use inventory::{EventId, UserId};
use persistence::Join;
use serde_json::json;
use usher_tests::server::{Session, TestServer};

use super::attendees;
use crate::holds::until;
use crate::show::{Show, on_each_store};

fn event(show: &Show) -> EventId {
    EventId::from_uuid(show.id.parse().unwrap())
}

async fn is_flagged(server: &TestServer, show: &Show) -> bool {
    let room = server.app().state().store.waiting_room_find(event(show)).await.unwrap();
    room.is_some_and(|room| room.active)
}

async fn user(server: &TestServer, account: &Session) -> UserId {
    let me = server.get(Some(account), "/me").await.expect(200);
    UserId::from_uuid(me["id"].as_str().unwrap().parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_room_of_a_cancelled_event_is_put_away() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let accounts = attendees(server, 1).await;
        show.open_room(server, json!({"opens_at": "2034-01-01T00:00:00Z"})).await;
        show.join(server, &accounts[0]).await;
        assert!(is_flagged(server, &show).await);
        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
        until(async || !is_flagged(server, &show).await).await;
        until(async || server.app().state().keepers.room(event(&show)).is_none()).await;
        server.get(Some(&accounts[0]), &show.room("")).await.problem(410, "EVENT_CANCELLED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_flagged_exactly_while_it_is_on() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        for _ in 0..3 {
            show.open_room(server, json!({"opens_at": "2034-01-01T00:00:00Z"})).await;
            until(async || server.app().state().keepers.room(event(&show)).is_some()).await;
            assert!(is_flagged(server, &show).await);
            let off = json!({"active": false});
            server.put(Some(&show.organizer), &show.room("/settings"), off).await.expect(200);
            until(async || !is_flagged(server, &show).await).await;
        }
    })
    .await;
}

/// Whatever became of the flag: a room that is on is kept as soon as somebody looks at his place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_looks_at_his_place_wakes_the_keeper() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let accounts = attendees(&server, 2).await;
    show.open_room(&server, json!({"opens_at": super::in_us(&server, 1_500_000), "shoppers_max": 2})).await;
    for account in &accounts {
        show.join(&server, account).await;
    }
    server.app().state().store.waiting_room_put_away(event(&show), 1).await.unwrap();
    let server = TestServer::start_in(server.stop().await, |_| {}).await;
    for account in &accounts {
        show.until(&server, account, "admitted").await;
    }
    server.stop().await;
}

/// As another node does whose last batch comes late, after this one has counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_was_written_past_the_keeper_is_called_too() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let accounts = attendees(server, 2).await;
        show.open_room(server, json!({})).await;
        show.join(server, &accounts[0]).await;
        show.until(server, &accounts[0], "admitted").await;
        let late = Join { user: user(server, &accounts[1]).await, replaces: None };
        let state = server.app().state();
        let joined = state.store.waiting_places_join(event(&show), 1, &[late], state.now()).await.unwrap().unwrap();
        assert_eq!(joined.numbers, [1]);
        show.until(server, &accounts[1], "admitted").await;
    })
    .await;
}
