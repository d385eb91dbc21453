//! RELIABILITY T36: whatever is sent instead of a pass, nobody who was not admitted holds anything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use usher::line::tokens::{Pass, PlaceTicket};
use usher_loadgen::process::allow_sockets;
use usher_tests::server::{Session, TestServer, send};

use super::{attendees, in_us};
use crate::show::{Show, on_each_store, text};

const AT_ONCE: usize = 32;
const REPLAYED_AT_ONCE: usize = 1_000;

/// Holds asked for in parallel. What they were answered, counted by code.
async fn try_all(
    server: &TestServer,
    show: &Show,
    at_once: usize,
    tries: Vec<(Session, Value)>,
) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    let mut running = JoinSet::new();
    // Those that may all be under way are sent at the same moment.
    let start = Arc::new(Barrier::new(if tries.len() <= at_once { tries.len() } else { 1 }));
    for (account, pass) in tries {
        if running.len() == at_once {
            let code: String = running.join_next().await.unwrap().unwrap();
            *codes.entry(code).or_default() += 1;
        }
        let body = json!({"items": [{"best_available": {"quantity": 1}}], "pass": pass});
        let request = server.request(Method::POST, &show.path("/holds")).bearer_auth(&account.access_token).json(&body);
        let start = Arc::clone(&start);
        running.spawn(async move {
            start.wait().await;
            let answer = send(request).await;
            answer.body["code"].as_str().map_or_else(|| answer.status.to_string(), str::to_owned)
        });
    }
    for code in running.join_all().await {
        *codes.entry(code).or_default() += 1;
    }
    codes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_tries_without_a_good_pass_hold_nothing() {
    allow_sockets(2 * REPLAYED_AT_ONCE as u64).unwrap();
    on_each_store(async |server: &TestServer| {
        let (show, other) = (Show::on_sale(server).await, Show::on_sale(server).await);
        show.open_room(server, json!({"shoppers_max": 1})).await;
        other.open_room(server, json!({})).await;
        let [honest, bot, accomplice] = attendees(server, 3).await.try_into().unwrap();
        show.join(server, &honest).await;
        let pass = text(&show.until(server, &honest, "admitted").await["pass"]);
        let waiting = show.join(server, &bot).await;
        other.join(server, &bot).await;
        let elsewhere = other.until(server, &bot, "admitted").await["pass"].clone();

        let (state, event) = (server.app().state(), inventory::EventId::from_uuid(show.id.parse().unwrap()));
        let user = |session: &Session| inventory::UserId::from_uuid(session.id.parse().unwrap());
        let minted = |account: &Session, serial: u64, started_us: i64| {
            let started = state.now().plus_us(started_us);
            json!(state.line_tokens.pass(event, user(account), &Pass { serial, started }))
        };
        let ticket = |round, number| {
            json!(state.line_tokens.place_ticket(event, &PlaceTicket { user: user(&bot), round, number }))
        };
        let strange = vec![
            ("none", Value::Null),
            ("empty", json!("")),
            ("of another account", json!(pass)),
            ("of another event", elsewhere),
            ("the own place ticket", waiting["place_ticket"].clone()),
            ("a ticket for the first place", ticket(1, 0)),
            ("an access token", json!(bot.access_token)),
            ("a refresh token", json!(bot.refresh_token)),
            // Even signed by the house: the session decides.
            ("of a session that never was", minted(&bot, 1, 0)),
            ("of one before", minted(&bot, 1, -60_000_000)),
            ("from the future", minted(&bot, 1, 60_000_000)),
            ("older than any session", minted(&bot, 1, -3 * 3_600_000_000)),
            ("of the last possible serial", minted(&bot, u64::MAX, 0)),
            ("long", json!("A".repeat(10_000))),
            ("not ASCII", json!("ä".repeat(22))),
        ];
        let mut tries = Vec::new();
        for (_, pass) in &strange {
            for account in [&bot, &accomplice] {
                tries.extend((0..20).map(|_| (account.clone(), pass.clone())));
            }
        }
        // Every single character changed, sent by its owner and by others.
        for at in 0..pass.len() {
            let mut forged = pass.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            let forged = json!(String::from_utf8(forged).unwrap());
            tries.extend([&honest, &bot, &accomplice].map(|account| (account.clone(), forged.clone())));
        }
        let count = tries.len();
        let codes = try_all(server, &show, AT_ONCE, tries).await;
        assert_eq!(codes, BTreeMap::from([("QUEUE_REQUIRED".to_owned(), count)]), "{strange:?}");
        assert!(count > 700, "{count}");
        // Replayed by those it is not for.
        let thief = |at: usize| if at.is_multiple_of(2) { &bot } else { &accomplice }.clone();
        let replays = (0..REPLAYED_AT_ONCE).map(|at| (thief(at), json!(pass))).collect();
        let codes = try_all(server, &show, REPLAYED_AT_ONCE, replays).await;
        assert_eq!(codes, BTreeMap::from([("QUEUE_REQUIRED".to_owned(), REPLAYED_AT_ONCE)]));
        assert_eq!(show.totals(server).await, [90, 0, 0, 0]);

        // The pass was good all the time. Once its session is over it is worth nothing, however often it is sent.
        show.hold_with(server, &honest, &json!(pass), 1).await.expect(201);
        assert_eq!(server.delete(Some(&honest), &show.room("")).await.status, 204);
        let replays = (0..REPLAYED_AT_ONCE).map(|_| (honest.clone(), json!(pass))).collect();
        let codes = try_all(server, &show, REPLAYED_AT_ONCE, replays).await;
        assert_eq!(codes, BTreeMap::from([("QUEUE_REQUIRED".to_owned(), REPLAYED_AT_ONCE)]));
        assert_eq!(show.totals(server).await, [89, 1, 0, 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_time_has_ended_holds_nothing() {
    allow_sockets(2 * REPLAYED_AT_ONCE as u64).unwrap();
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    show.open_room(&server, json!({"session_s": 30})).await;
    let account = server.attendee().await;
    show.join(&server, &account).await;
    let pass = show.until(&server, &account, "admitted").await["pass"].clone();
    // The shortest session there is. Until its last moment the pass is good.
    tokio::time::sleep(Duration::from_secs(24)).await;
    assert_eq!(show.place(&server, &account).await["pass"], pass);
    tokio::time::sleep(Duration::from_secs(6)).await;
    show.until(&server, &account, "lapsed").await;
    let replays = (0..REPLAYED_AT_ONCE).map(|_| (account.clone(), pass.clone())).collect();
    let codes = try_all(&server, &show, REPLAYED_AT_ONCE, replays).await;
    assert_eq!(codes, BTreeMap::from([("QUEUE_REQUIRED".to_owned(), REPLAYED_AT_ONCE)]));
    assert_eq!(show.totals(&server).await, [90, 0, 0, 0]);
    // In line again, he gets another one.
    show.join(&server, &account).await;
    let another = show.until(&server, &account, "admitted").await["pass"].clone();
    assert_ne!(another, pass);
    show.hold_with(&server, &account, &another, 1).await.expect(201);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_opening_nobody_is_let_in_whatever_his_number() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    show.open_room(&server, json!({"opens_at": in_us(&server, 600_000_000)})).await;
    let account = server.attendee().await;
    show.join(&server, &account).await;
    let (state, event) = (server.app().state(), inventory::EventId::from_uuid(show.id.parse().unwrap()));
    let user = inventory::UserId::from_uuid(account.id.parse().unwrap());
    for number in [0, 1, 7, u32::MAX] {
        let ticket = state.line_tokens.place_ticket(event, &PlaceTicket { user, round: 1, number });
        let body = json!({"place_ticket": ticket});
        let place = server.post(Some(&account), &show.room(""), body).await.expect(200);
        assert_eq!((&place["state"], &place["pass"]), (&json!("pre_queue"), &Value::Null), "{number}");
    }
    server.stop().await;
}
