//! Many payments at once: repeated, out of order, across a crash. The books must balance.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use rand::RngExt;
use rand::seq::SliceRandom;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::process::ServerProcess;
use usher_tests::server::{PASSWORD, Session, TestServer};
use usher_tests::stripe::{StripeApi, deliver};

use super::reports::reported;
use super::{checkout, due_and_kept, on_each_store_with_stripe, path, refunds};
use crate::holds::until;
use crate::show::{Show, seat_map, text, tier, words};

/// At the size that RELIABILITY asks for: `USHER_TEST_FULL=1 cargo xtask test -E 'test(storm)'`. The purchases take seven minutes,
/// the notices twenty for both stores.
fn is_full_size() -> bool {
    std::env::var_os("USHER_TEST_FULL").is_some()
}

/// Orders of one show.
const ORDERS: usize = 24;
/// Stripe goes on for three days.
const TELLS_MAX: u32 = 200;

/// RELIABILITY T22, at full size with 100,000 notices: of each payment three, shuffled among each other and with the ends
/// of the orders.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shuffled_and_tripled_notices_leave_tickets_and_refunds_for_all_the_money() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let shows = if is_full_size() { 926 } else { 1 };
        let sold = stream::iter(0..shows).map(|_| sell_in_a_storm(server, stripe)).buffer_unordered(4);
        let sold: Vec<Sold> = sold.collect().await;
        assert_eq!(sold.iter().map(|sold| sold.notices).sum::<usize>(), shows * 108);

        let each_minor = (ORDERS * 4_500) as i64;
        let all_minor = shows as i64 * each_minor;
        until(async || stripe.totals() == (all_minor, all_minor / 2)).await;
        let (captured, returned) = stripe.totals();
        let mut bought_minor = 0;
        for sold in &sold {
            bought_minor += sold.bought_by_stripe_minor(server).await;
            assert_eq!(sold.show.totals(server).await, [90 - 18, 0, 18, 0]);
            assert_eq!(due_and_kept(server, &sold.show).await.0, 0, "everybody has his money back");
        }
        assert_eq!(captured, bought_minor + returned);
        assert_eq!(refunds(server, "?status=failed").await.len(), 0);
        if !is_full_size() {
            assert_eq!(super::refunded(server, 12).await.len(), 12);
        }
    })
    .await;
}

/// What was sold of one show while the notices of its payments came.
struct Sold {
    show: Show,
    buyer: Session,
    orders: Vec<Value>,
    notices: usize,
}

async fn sell_in_a_storm(server: &TestServer, stripe: &StripeApi) -> Sold {
    let show = Show::on_sale_with(server, json!({"holds_per_customer_max": 100})).await;
    let buyer = server.attendee().await;
    let mut deliveries = Vec::new();
    let mut orders = Vec::new();
    for number in 0..ORDERS {
        let seat = format!("A-{}-{}", number / 10 + 1, number % 10 + 1);
        let order = show.order(server, &buyer, json!([{"seat": seat}])).await;
        let session = checkout(server, &buyer, &order).await;
        let events = match number % 4 {
            // Its expiry is told as well, which cannot be true.
            0 => vec![stripe.pay(&session), stripe.tell(&session, "checkout.session.expired")],
            // Paid elsewhere meanwhile, or before it is heard of.
            1 => {
                let event = stripe.pay(&session);
                reported(server, &order).await;
                vec![event]
            }
            2 => {
                let event = stripe.pay(&session);
                server.post(Some(&buyer), &path(&order, "/cancel"), json!({})).await.expect(200);
                vec![event]
            }
            _ => vec![stripe.complete(&session), stripe.arrive(&session, "checkout.session.async_payment_succeeded")],
        };
        for event in events {
            deliveries.extend([event.clone(), event.clone(), event]);
        }
        orders.push(order);
    }
    deliveries.shuffle(&mut rand::rng());
    stream::iter(&deliveries).for_each_concurrent(8, |event| tell(server, event)).await;
    Sold { show, buyer, orders, notices: deliveries.len() }
}

/// As Stripe does: what is refused for now is told again.
async fn tell(server: &TestServer, event: &Value) {
    for _ in 0..TELLS_MAX {
        let answer = deliver(server, event).await;
        match answer.status {
            200 => return,
            409 | 429 | 503 | 504 => tokio::time::sleep(Duration::from_millis(100)).await,
            _ => panic!("{} {:?}", answer.status, answer.body),
        }
    }
    panic!("it was not taken");
}

impl Sold {
    async fn bought_by_stripe_minor(&self, server: &TestServer) -> i64 {
        let mut bought_minor = 0;
        for (number, order) in self.orders.iter().enumerate() {
            let order = server.get(Some(&self.buyer), &path(order, "")).await.expect(200);
            let expected = if number % 4 == 2 { "cancelled" } else { "paid" };
            assert_eq!(order["status"], expected, "{number}");
            let is_paid_elsewhere = number % 4 == 1;
            if order["status"] == "paid" && !is_paid_elsewhere {
                bought_minor += order["total"]["amount_minor"].as_i64().unwrap();
            }
        }
        bought_minor
    }
}

/// Of one event.
fn purchases() -> usize {
    if is_full_size() { 1_000 } else { 40 }
}

/// RELIABILITY T21, at full size with 10,000 purchases of ten events and a crash at each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchases_repeated_across_a_crash_on_sqlite_happen_once() {
    let dir = tempfile::tempdir().unwrap();
    repeated_across_a_crash(vec![("USHER_DATA_DIR", dir.path().join("store").display().to_string())]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchases_repeated_across_a_crash_on_postgres_happen_once() {
    let Some(database) = TemporaryDatabase::create().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("node").display().to_string();
    repeated_across_a_crash(vec![
        ("USHER_DATABASE_URL", database.url()),
        ("USHER_ALLOW_UNSAFE_DURABILITY", "on".to_owned()),
        ("USHER_DATA_DIR", home),
    ])
    .await;
}

async fn repeated_across_a_crash(mut settings: Vec<(&'static str, String)>) {
    settings.extend([
        ("USHER_RATE_LIMIT", "off".to_owned()),
        ("USHER_LOG", "error".to_owned()),
        ("USHER_DEMO", "off".to_owned()),
        ("USHER_ADMIN_PASSWORD", PASSWORD.to_owned()),
        ("USHER_PASSWORD_MEMORY_KIB", "8".to_owned()),
    ]);
    let mut server = ServerProcess::new(settings);
    tokio::task::block_in_place(|| server.start());
    for _ in 0..if is_full_size() { 10 } else { 1 } {
        pay_across_a_crash(&mut server).await;
    }
    tokio::task::block_in_place(|| {
        server.kill();
        assert!(server.run("audit"), "journal, tables and invariants disagree");
    });
}

async fn pay_across_a_crash(server: &mut ServerProcess) {
    let caller = Caller::sign_in(&server.url()).await;
    let (event, orders) = caller.place_orders().await;

    let sends: Vec<_> = orders
        .iter()
        .enumerate()
        .flat_map(|(number, order)| (0..rand::rng().random_range(2..=5)).map(move |_| (number, order)))
        .collect();
    let answers = stream::iter(&sends).map(|(number, order)| caller.pay(*number, order)).buffered(AT_ONCE).collect();
    let crash = async {
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(20..150))).await;
        tokio::task::block_in_place(|| {
            server.kill();
            server.start();
        });
    };
    let (answers, ()): (Vec<Value>, ()) = tokio::join!(answers, crash);

    let mut first: Vec<Option<&Value>> = vec![None; purchases()];
    for ((number, _), answer) in sends.iter().zip(&answers) {
        assert_eq!(answer["status"], "paid", "{answer}");
        assert_eq!(*first[*number].get_or_insert(answer), answer, "one key, one answer");
    }
    let sold = caller.call(Method::GET, &format!("/events/{event}/availability"), None, None).await.unwrap().1;
    assert_eq!(sold["totals"]["sold"], purchases());
    // Another body under the same key is no repetition; another key pays nothing twice.
    let other = json!({"method": "mock", "outcome": "declined"});
    let pay = format!("/orders/{}/pay", text(&orders[0]["id"]));
    let reused = caller.call(Method::POST, &pay, Some("pay-0"), Some(other)).await.unwrap();
    assert_eq!((reused.0, &reused.1["code"]), (422, &json!("IDEMPOTENCY_KEY_REUSED")));
    let new_key = caller.call(Method::POST, &pay, Some("anew"), Some(json!({"method": "mock"}))).await.unwrap();
    assert_eq!((new_key.0, &new_key.1["code"]), (409, &json!("ORDER_TRANSITION")));
    let back = caller.call(Method::GET, "/admin/payment-refunds", None, None).await.unwrap().1;
    assert_eq!(back["items"], json!([]), "nothing was paid twice");
}

/// Payments that are asked for at the same time. As many as there are at the small size, or nearly.
const AT_ONCE: usize = 128;

/// The admin, who sells and buys.
struct Caller {
    client: Client,
    base: String,
    token: String,
}

impl Caller {
    async fn sign_in(base: &str) -> Self {
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
        let mut caller = Self { client, base: format!("{base}/api/v1"), token: String::new() };
        let login = json!({"email": "admin@usher.local", "password": PASSWORD});
        let tokens = caller.call(Method::POST, "/auth/login", None, Some(login)).await.unwrap();
        caller.token = text(&tokens.1["access_token"]);
        caller
    }

    /// `None`: no answer came.
    async fn call(&self, method: Method, path: &str, key: Option<&str>, body: Option<Value>) -> Option<(u16, Value)> {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.json().await.unwrap_or_default()))
    }

    async fn place_orders(&self) -> (String, Vec<Value>) {
        let made = async |method: Method, path: &str, body: Value| {
            let (status, made) = self.call(method, path, None, Some(body)).await.unwrap();
            assert!((200..300).contains(&status), "{path}: {made}");
            made
        };
        let mut event = words();
        event["holds_per_customer_max"] = json!(1_000);
        event["title"] = json!(format!("Show {:x}", rand::random::<u64>()));
        let event = text(&made(Method::POST, "/events", event).await["id"]);
        let path = |rest: &str| format!("/events/{event}{rest}");
        let mut map = seat_map();
        map["sections"][2]["capacity"] = json!(purchases());
        made(Method::PUT, &path("/seat-map"), map).await;
        made(Method::POST, &path("/tiers"), tier("Standing", "floor", 2_000)).await;
        made(Method::POST, &path("/publish"), json!({})).await;
        let placed = stream::iter(0..purchases()).map(async |_| {
            let items = json!({"items": [{"area": "F", "quantity": 1}]});
            let hold = made(Method::POST, &path("/holds"), items).await;
            let order = json!({"event_id": event, "hold_id": hold["id"]});
            made(Method::POST, "/orders", order).await
        });
        let orders = placed.buffer_unordered(8).collect().await;
        (event, orders)
    }

    /// Until there is an answer that stays: what is passing, or never came, is asked again under the same key.
    async fn pay(&self, number: usize, order: &Value) -> Value {
        let path = format!("/orders/{}/pay", text(&order["id"]));
        let key = format!("pay-{number}");
        let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
        loop {
            match self.call(Method::POST, &path, Some(&key), Some(json!({"method": "mock"}))).await {
                Some((200, paid)) => return paid,
                Some((409, problem)) if problem["code"] != "IN_PROGRESS" => panic!("{problem}"),
                Some((status @ (400..=408 | 410..=428), problem)) => panic!("{status} {problem}"),
                _ => {}
            }
            assert!(tokio::time::Instant::now() < deadline, "no answer that stays");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
