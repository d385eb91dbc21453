//! Rate, pause, shoppers at once, and what happens when they are changed while people wait.

use std::time::Duration;

use inventory::{EventId, UserId};
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::time::{Instant, sleep};
use usher_tests::server::{Home, TestServer, send};
use wire::{AdmissionLimit, WaitingRoom};

use super::{in_us, number};
use crate::holds::until;
use crate::show::{Show, on_each_store, text};

/// What a change may take until it is in force.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Accounts that nobody signs in as: only their places matter.
async fn crowd(server: &TestServer, show: &Show, count: u128) {
    let event = id(show);
    for user in 1..=count {
        let user = UserId::from_uuid(uuid::Uuid::from_u128(user));
        server.app().state().keepers.join(event, user, None).await.unwrap();
    }
}

fn id(show: &Show) -> EventId {
    EventId::from_uuid(show.id.parse().unwrap())
}

fn room(server: &TestServer, show: &Show) -> WaitingRoom {
    server.app().state().keepers.room(id(show)).expect("the room is kept")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_are_called_at_the_rate_and_a_pause_or_another_rate_is_in_force_at_once() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let settings =
            |rate: u32, paused: bool| json!({"rate_per_minute": rate, "paused": paused, "shoppers_max": 1_000_000});
        show.open_room(server, settings(1_800, true)).await;
        crowd(server, &show, 400).await;
        sleep(AT_ONCE).await;
        let paused = room(server, &show);
        assert_eq!((paused.joined, paused.called, paused.limited_by), (400, 0, AdmissionLimit::Paused));

        show.open_room(server, settings(1_800, false)).await;
        until(async || room(server, &show).called > 0).await;
        let (began, from) = (Instant::now(), room(server, &show).called);
        let mut last = from;
        while began.elapsed() < Duration::from_secs(4) {
            let called = room(server, &show).called;
            assert!(called >= last, "the line stepped back from {last} to {called}");
            // A second's worth may have been saved up while nobody was called.
            let most = f64::from(from) + 30.0 * (began.elapsed().as_secs_f64() + 1.2);
            assert!(f64::from(called) <= most, "{called} were called, {most} may have been");
            last = called;
            sleep(Duration::from_millis(50)).await;
        }
        let least = f64::from(from) + 30.0 * (began.elapsed().as_secs_f64() - 0.5);
        assert!(f64::from(last) >= least, "{last} were called, {least} should have been");
        assert_eq!(room(server, &show).limited_by, AdmissionLimit::Rate);

        show.open_room(server, settings(60, false)).await;
        sleep(AT_ONCE).await;
        let slow = room(server, &show);
        assert_eq!(slow.rate_per_minute, 60);
        sleep(Duration::from_secs(2)).await;
        assert!((1..=4).contains(&(room(server, &show).called - slow.called)), "{slow:?}");

        show.open_room(server, settings(600_000, false)).await;
        sleep(AT_ONCE).await;
        let done = room(server, &show);
        assert_eq!((done.called, done.limited_by), (400, AdmissionLimit::Demand));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_are_called_than_may_be_inside() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let settings = |shoppers: u32| json!({"rate_per_minute": 600_000, "shoppers_max": shoppers});
        show.open_room(server, settings(5)).await;
        let first = server.attendee().await;
        show.join(server, &first).await;
        crowd(server, &show, 50).await;
        show.until(server, &first, "admitted").await;
        sleep(AT_ONCE).await;
        let full = room(server, &show);
        assert_eq!((full.called, full.shoppers, full.limited_by), (5, 1, AdmissionLimit::Shoppers));
        show.open_room(server, settings(8)).await;
        sleep(AT_ONCE).await;
        assert_eq!(room(server, &show).called, 8);
        assert_eq!(server.delete(Some(&first), &show.room("")).await.status, 204);
        sleep(AT_ONCE).await;
        let left = room(server, &show);
        assert_eq!((left.called, left.shoppers), (9, 0));

        let metrics = send(reqwest::Client::new().get(server.url("/metrics"))).await.text;
        let reason = format!(r#"usher_admission_limit{{event="{}",reason="shoppers"}} 1"#, show.id);
        assert!(metrics.contains(&reason), "{metrics}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn switched_off_nobody_needs_a_pass_and_switched_on_a_new_line_begins() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (alice, bob) = (server.attendee().await, server.attendee().await);
        assert_eq!(show.join(server, &alice).await["state"], "not_needed");
        show.open_room(server, json!({"opens_at": in_us(server, 600_000_000)})).await;
        let old = show.join(server, &alice).await;
        assert_eq!(show.join(server, &bob).await["number"], 1);
        let first = show.proof(server).await;
        show.hold_with(server, &bob, &Value::Null, 1).await.problem(425, "QUEUE_REQUIRED");

        let off = server.put(Some(&show.organizer), &show.room("/settings"), json!({"active": false})).await;
        assert_eq!(off.expect(200)["active"], false);
        show.hold_with(server, &bob, &Value::Null, 1).await.expect(201);
        assert_eq!(show.join(server, &alice).await["state"], "not_needed");
        assert_eq!(show.place(server, &alice).await["room"]["state"], "off");
        assert_eq!(server.delete(Some(&alice), &show.room("")).await.status, 204);
        until(async || server.app().state().keepers.room(id(&show)).is_none()).await;

        show.open_room(server, json!({"opens_at": in_us(server, 600_000_000)})).await;
        show.hold_with(server, &alice, &Value::Null, 1).await.problem(425, "QUEUE_REQUIRED");
        assert_ne!(show.proof(server).await["commitment"], first["commitment"]);
        server.get(Some(&alice), &show.room("")).await.problem(404, "WAITING_PLACE_NOT_FOUND");
        assert_eq!(show.join(server, &bob).await["number"], 0);
        // The ticket of the former line is no place in this one, and no obstacle.
        let body = json!({"place_ticket": text(&old["place_ticket"])});
        let place = server.post(Some(&alice), &show.room(""), body).await.expect(200);
        assert_eq!(number(&place["number"]), 1);
    })
    .await;
}

/// The value of a gauge of the show's room.
async fn gauge(server: &TestServer, show: &Show, name: &str, more: &str) -> f64 {
    let metrics = send(reqwest::Client::new().get(server.url("/metrics"))).await.text;
    let series = format!(r#"{name}{{event="{}"{more}}} "#, show.id);
    let line = metrics.lines().find_map(|line| line.strip_prefix(&series));
    line.map_or(f64::NAN, |value| value.parse().expect("a number"))
}

/// Each call is a commit, and waits for a database that somebody else keeps locked: meter, keeper, rate and metric are one
/// chain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_journal_lowers_the_rate_and_a_fast_one_raises_it_again() {
    let home = Home::embedded();
    let file = home.data_dir().join("usher.sqlite3");
    let server = TestServer::start_in(home, |_| {}).await;
    let show = Show::on_sale(&server).await;
    let settings = json!({"rate_per_minute": 300, "shoppers_max": 1_000_000, "latency_target_ms": 200});
    show.open_room(&server, settings).await;
    crowd(&server, &show, 400).await;
    until(async || gauge(&server, &show, "usher_admission_target_seconds", "").await == 0.2).await;
    assert_eq!(room(&server, &show).rate_per_minute, 300);

    let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_secs(20));
    let mut lock = SqliteConnection::connect_with(&options).await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let latency = r#",reason="latency""#;
    loop {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut lock).await.unwrap();
        sleep(Duration::from_millis(1_200)).await;
        sqlx::query("ROLLBACK").execute(&mut lock).await.unwrap();
        sleep(Duration::from_millis(100)).await;
        let slowed = room(&server, &show);
        if slowed.rate_per_minute < 200 && slowed.limited_by == AdmissionLimit::Latency {
            break;
        }
        assert!(Instant::now() < deadline, "{slowed:?}");
    }
    until(async || gauge(&server, &show, "usher_admission_limit", latency).await == 1.0).await;
    assert!(gauge(&server, &show, "usher_admission_rate", "").await < 300.0);
    assert!(gauge(&server, &show, "usher_admission_share", "").await < 1.0);

    drop(lock);
    let deadline = Instant::now() + Duration::from_secs(60);
    while room(&server, &show).rate_per_minute < 300 {
        assert!(Instant::now() < deadline, "it did not recover: {:?}", room(&server, &show));
        sleep(Duration::from_millis(200)).await;
    }
    until(async || gauge(&server, &show, "usher_admission_limit", latency).await == 0.0).await;
    assert!(gauge(&server, &show, "usher_admission_p99_seconds", "").await < 0.2);
    server.stop().await;
}
