//! A cancelled event gives everybody everything back, once, whatever happens to who does it.

use std::sync::Arc;
use std::time::Duration;

use engine::{Clock, Directory, EngineConfig, SystemClock};
use inventory::{EventId, TimeUs, UserId};
use persistence::{Cancellation, Store, StoreConfig};
use rand::RngExt;
use serde_json::{Value, json};
use tokio::time::Instant;
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::process::ServerProcess;
use usher_tests::server::{Home, Session, TestServer, send};
use uuid::Uuid;

use crate::show::{Show, on_each_store, text};

const DEADLINE: Duration = Duration::from_secs(60);
const KILLS: u32 = 4;

async fn progress(server: &TestServer, show: &Show) -> Value {
    server.get(Some(&show.organizer), &show.path("/cancellation")).await.expect(200)
}

async fn wait_until_done(server: &TestServer, show: &Show) -> Value {
    let deadline = Instant::now() + DEADLINE;
    loop {
        let now = progress(server, show).await;
        if now["status"] == json!("done") {
            return now;
        }
        assert!(Instant::now() < deadline, "{now}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Orders of one standing place each.
async fn crowd(server: &TestServer, show: &Show, orders: usize) -> Session {
    let buyer = server.attendee().await;
    for _ in 0..orders {
        show.buy(server, &buyer, json!([{"area": "F", "quantity": 1}])).await;
    }
    buyer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_everything_back_and_every_place_returns_once() {
    on_each_store(async |server| {
        let show = Show::on_sale(server).await;
        server.get(Some(&show.organizer), &show.path("/cancellation")).await.problem(404, "CANCELLATION_NOT_FOUND");
        let buyer = crowd(server, &show, 3).await;
        let partly = show.buy(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let some = json!({"tickets": [partly["tickets"][0]["id"]], "amount": {"amount_minor": 500, "currency": "EUR"}});
        let refund = format!("/orders/{}/refund", text(&partly["id"]));
        server.post(Some(&show.organizer), &refund, some).await.expect(200);
        let scan = json!({"code": partly["tickets"][1]["code"], "direction": "entry", "nonce": "one"});
        server.post(Some(&show.organizer), &show.path("/gate/scans"), scan).await.expect(201);
        let pending = show.order(server, &buyer, json!([{"seat": "A-2-1"}])).await;

        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
        let done = wait_until_done(server, &show).await;
        assert_eq!((&done["orders"], &done["refunded"], &done["failed"]), (&json!(4), &json!(4), &json!(0)));
        assert_eq!(done["refunded_total"], json!({"amount_minor": 15_000, "currency": "EUR"}));
        // The place of the order that was never paid is held until that lapses.
        assert_eq!(show.totals(server).await, [89, 1, 0, 0]);
        let orders = server.get(Some(&buyer), "/orders").await.expect(200);
        for order in orders["items"].as_array().unwrap().iter().filter(|order| order["id"] != pending["id"]) {
            assert_eq!((&order["status"], &order["refunded"]), (&json!("refunded"), &order["total"]));
        }
        // Money that comes now goes back as well.
        let pay = format!("/orders/{}/pay", text(&pending["id"]));
        assert_eq!(server.post(Some(&buyer), &pay, json!({"method": "mock"})).await.status, 410);
        let again = progress(server, &show).await;
        assert_eq!(again, done);
        server.get(Some(&buyer), &show.path("/cancellation")).await.problem(403, "ROLE_REQUIRED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_a_series_refunds_each_of_its_sessions() {
    on_each_store(async |server| {
        let first = Show::on_sale(server).await;
        let sessions = json!([{"starts_at": "2035-05-01T19:00:00Z"}, {"starts_at": "2035-05-02T19:00:00Z"}]);
        let organizer = Some(&first.organizer);
        let body = json!({"template": first.id, "sessions": sessions});
        let made = server.post(organizer, "/series", body).await.expect(201);
        let series = format!("/series/{}", text(&made["series"]["id"]));
        server.post(organizer, &format!("{series}/publish"), json!({})).await.expect(200);
        let listed = server.get(organizer, &format!("{series}/sessions")).await.expect(200);
        let of_session = |session: &Value| Show {
            id: text(&session["id"]),
            organizer: first.organizer.clone(),
            seats: String::new(),
            standing: String::new(),
        };
        let shows: Vec<Show> = listed["items"].as_array().unwrap().iter().map(of_session).collect();
        for (show, orders) in shows.iter().zip([2, 1]) {
            crowd(server, show, orders).await;
        }
        server.post(organizer, &format!("{series}/cancel"), json!({})).await.expect(200);
        for (show, orders) in shows.iter().zip([2, 1]) {
            assert_eq!(wait_until_done(server, show).await["refunded"], json!(orders));
        }
    })
    .await;
}

/// A node that has claimed the work, refunded some orders and died without a word.
async fn die_in_the_middle(config: &StoreConfig, event: EventId, refunds: usize) {
    let store = Store::connect(config).await.unwrap();
    let directory = Directory::new(EngineConfig::default(), Arc::new(store.clone()), Arc::new(SystemClock::default()));
    let handle = directory.open(event).await.unwrap();
    let nobody = engine::Caller { user: UserId::from_bytes([1; 16]), request: None, key: None };
    handle.cancel_event(nobody).await.unwrap();
    let now = SystemClock::default().now();
    assert_eq!(store.cancellations_start_all(now).await.unwrap(), 1);
    let claimed: Cancellation = store.cancellation_claim(now, now.plus_us(1_000_000)).await.unwrap().unwrap();
    assert_eq!(store.cancellation_claim(now, now.plus_us(1_000_000)).await.unwrap(), None, "it is somebody's");
    let orders = store.cancellation_orders(event, None, 100).await.unwrap();
    for order in &orders[..refunds] {
        handle.refund_cancelled(*order).await.unwrap();
    }
    // Said of fewer than were done: the rest was lost with the node.
    let until = now.plus_us(1_000_000);
    assert!(store.cancellation_move(&claimed, orders[refunds / 2], 0, until).await.unwrap());
    directory.stop(Duration::from_secs(10)).await;
    store.close().await;
}

async fn resumed(server: TestServer, config: impl Fn(&Home) -> StoreConfig) {
    let show = Show::on_sale(&server).await;
    let buyer = crowd(&server, &show, 10).await;
    let home = server.stop().await;
    let event = EventId::from_uuid(Uuid::parse_str(&show.id).unwrap());
    die_in_the_middle(&config(&home), event, 5).await;
    let server = TestServer::start_in(home, |_| {}).await;
    let done = wait_until_done(&server, &show).await;
    assert_eq!((&done["orders"], &done["refunded"]), (&json!(10), &json!(10)));
    assert_eq!(done["refunded_total"]["amount_minor"], json!(20_000));
    assert_eq!(show.totals(&server).await, [90, 0, 0, 0]);
    let orders = server.get(Some(&buyer), "/orders").await.expect(200);
    assert!(orders["items"].as_array().unwrap().iter().all(|order| order["status"] == json!("refunded")));
    server.stop().await.must_balance().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_node_left_behind_is_finished_by_another_on_sqlite() {
    resumed(TestServer::start().await, |home| StoreConfig::embedded(home.data_dir())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_node_left_behind_is_finished_by_another_on_postgres() {
    let Some(server) = TestServer::start_on_postgres().await else { return };
    resumed(server, Home::store_config).await;
}

/// SIGKILL at any moment of the work.
async fn killed(home: Home, mut settings: Vec<(&'static str, String)>) {
    let server = TestServer::start_in(home, |_| {}).await;
    let show = Show::on_sale(&server).await;
    crowd(&server, &show, 50).await;
    let home = server.stop().await;
    settings.extend([
        ("USHER_RATE_LIMIT", "off".into()),
        ("USHER_LOG", "error".into()),
        ("USHER_DEMO", "false".into()),
    ]);
    settings.push(("USHER_ALLOW_UNSAFE_DURABILITY", "true".into()));
    let mut process = ServerProcess::new(settings);
    process.start();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/api/v1{}", process.url(), show.path("/cancel"));
    let cancel = client.post(url).bearer_auth(&show.organizer.access_token).json(&json!({}));
    send(cancel).await.expect(200);
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(0..40))).await;
        process.kill();
        end_claim(&home, &show).await;
        process.start();
    }
    process.kill();
    end_claim(&home, &show).await;
    let server = TestServer::start_in(home, |_| {}).await;
    let done = wait_until_done(&server, &show).await;
    assert_eq!((&done["orders"], &done["refunded"], &done["failed"]), (&json!(50), &json!(50), &json!(0)));
    assert_eq!(done["refunded_total"]["amount_minor"], json!(100_000));
    assert_eq!(show.totals(&server).await, [90, 0, 0, 0]);
    server.stop().await.must_balance().await;
}

/// The claim of a killed node lasts for a while, which nobody need wait for here.
async fn end_claim(home: &Home, show: &Show) {
    let store = Store::connect(&home.store_config()).await.unwrap();
    let event = EventId::from_uuid(Uuid::parse_str(&show.id).unwrap());
    if let Some(found) = store.cancellation_find(event).await.unwrap() {
        store.cancellation_pause(&found, TimeUs(0)).await.unwrap();
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_in_the_middle_of_the_refunds_lose_and_double_nothing_on_sqlite() {
    let home = Home::embedded();
    let data_dir = ("USHER_DATA_DIR", home.data_dir().display().to_string());
    killed(home, vec![data_dir]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_in_the_middle_of_the_refunds_lose_and_double_nothing_on_postgres() {
    let Some(database) = TemporaryDatabase::create().await else { return };
    let url = ("USHER_DATABASE_URL", database.url());
    let home = Home::on(database);
    let data_dir = ("USHER_DATA_DIR", home.data_dir().display().to_string());
    killed(home, vec![url, data_dir]).await;
}
