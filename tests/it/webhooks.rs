//! Webhooks from the purchase to a receiver that fails, redirects, is slow or is gone.

use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use usher::config::Config;
use usher_tests::hooks::{Answer, Hook, HookServer};
use usher_tests::server::{Session, TestServer};

use crate::show::{Show, faults, give, text};

const PATIENCE: Duration = Duration::from_secs(30);

fn hasty(config: &mut Config) {
    config.jobs.webhook_allow_private = true;
    config.jobs.webhook_retry_after = Duration::from_millis(50);
    config.jobs.webhook_timeout = Duration::from_millis(500);
}

async fn on_both_stores(test: impl AsyncFn(&TestServer, HookServer)) {
    let server = TestServer::start_with(hasty).await;
    test(&server, HookServer::start().await).await;
    server.stop().await;
    if let Some(server) = TestServer::start_on_postgres_with(hasty).await {
        test(&server, HookServer::start().await).await;
        server.stop().await;
    }
}

/// A webhook of the organizer: its id and secret.
async fn hooked(server: &TestServer, organizer: &Session, hooks: &HookServer, types: Value) -> (String, String) {
    let made = server.post(Some(organizer), "/webhooks", json!({"url": hooks.url(), "types": types})).await.expect(201);
    (text(&made["webhook"]["id"]), text(&made["secret"]))
}

async fn buy(server: &TestServer, show: &Show, seat: &str) -> String {
    let buyer = server.attendee().await;
    text(&show.buy(server, &buyer, json!([{"seat": seat}])).await["id"])
}

async fn log(server: &TestServer, organizer: &Session, webhook: &str) -> Vec<Value> {
    let page = server.get(Some(organizer), &format!("/webhooks/{webhook}/deliveries")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// Waits until the log says so: a receiver knows of a request before the log does.
async fn logged(
    server: &TestServer,
    organizer: &Session,
    webhook: &str,
    is_so: impl Fn(&[Value]) -> bool,
) -> Vec<Value> {
    let logged = async {
        loop {
            let log = log(server, organizer, webhook).await;
            if is_so(&log) {
                return log;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, logged).await.expect("the log says so")
}

fn all_delivered(log: &[Value]) -> bool {
    log.iter().all(|entry| entry["status"] == "delivered")
}

fn sequences(hooks: &[Hook]) -> Vec<u64> {
    hooks.iter().map(|hook| hook.body["sequence"].as_u64().unwrap()).collect()
}

/// Computed anew, from docs/webhooks.md.
fn signed(secret: &str, hook: &Hook) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let text = [hook.timestamp.as_bytes(), b".", &hook.bytes].concat();
    let hex: String = hmac::sign(&key, &text).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v1={hex}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_to_an_event_is_told_in_order_and_signed() {
    on_both_stores(async |server: &TestServer, hooks: HookServer| {
        let show = Show::draft_with(server, json!({})).await;
        let types = json!([
            "order.paid",
            "order.cancelled",
            "order.refunded",
            "ticket.transferred",
            "event.published",
            "event.cancelled"
        ]);
        let (_, secret) = hooked(server, &show.organizer, &hooks, types).await;
        server.post(Some(&show.organizer), &show.path("/publish"), json!({})).await.expect(200);
        let (buyer, heir) = (server.attendee().await, server.attendee().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let ticket = text(&paid["tickets"][0]["id"]);
        give(server, &buyer, &ticket, &heir).await;
        let given_up = show.order(server, &buyer, json!([{"seat": "A-1-3"}])).await;
        let given_up = text(&given_up["id"]);
        server.post(Some(&buyer), &format!("/orders/{given_up}/cancel"), json!({})).await.expect(200);
        let order = text(&paid["id"]);
        server.post(Some(&show.organizer), &format!("/orders/{order}/refund"), json!({})).await.expect(200);
        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);

        let received = hooks.wait_for(6).await;
        let told: Vec<(&str, &str)> = received
            .iter()
            .map(|hook| (hook.body["type"].as_str().unwrap(), hook.body["object_id"].as_str().unwrap()))
            .collect();
        let expected = [
            ("event.published", show.id.as_str()),
            ("order.paid", &order),
            ("ticket.transferred", &ticket),
            ("order.cancelled", &given_up),
            ("order.refunded", &order),
            ("event.cancelled", &show.id),
        ];
        assert_eq!(told, expected);
        assert_eq!(sequences(&received), [1, 2, 3, 4, 5, 6]);
        for hook in &received {
            assert_eq!(hook.signature, signed(&secret, hook));
            assert!(hook.timestamp.parse::<u64>().unwrap() > 1_700_000_000, "{}", hook.timestamp);
            assert_eq!(hook.body["event_id"], show.id.as_str());
            assert_eq!(hook.body.as_object().unwrap().len(), 6, "{}", hook.body);
        }
        let mut ids: Vec<&Value> = received.iter().map(|hook| &hook.body["id"]).collect();
        ids.dedup();
        assert_eq!(ids.len(), 6);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_2xx_is_success_and_the_next_one_waits_for_it() {
    on_both_stores(async |server: &TestServer, hooks: HookServer| {
        let elsewhere = HookServer::start().await;
        hooks.answer([
            Answer::Status(500),
            Answer::Redirect(elsewhere.url()),
            Answer::Slow(Duration::from_secs(5)),
            Answer::Status(204),
        ]);
        let show = Show::on_sale(server).await;
        let (webhook, _) = hooked(server, &show.organizer, &hooks, json!(["order.paid"])).await;
        let (first, second) = (buy(server, &show, "A-1-1").await, buy(server, &show, "A-1-2").await);
        let received = hooks.wait_for(5).await;
        assert_eq!(sequences(&received), [1, 1, 1, 1, 2]);
        assert!(received[..4].iter().all(|hook| hook.body["id"] == received[0].body["id"]));
        assert_eq!((&received[3].body["object_id"], &received[4].body["object_id"]), (&json!(first), &json!(second)));
        let log = logged(server, &show.organizer, &webhook, all_delivered).await;
        let told: Vec<_> = log.iter().map(|entry| (&entry["sequence"], &entry["attempts"])).collect();
        assert_eq!(told, [(&json!(2), &json!(1)), (&json!(1), &json!(4))]);
        assert_eq!(log[1]["response_status"], 204);
        assert!(elsewhere.received().is_empty(), "a redirect was followed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_is_gone_is_left_alone_until_it_is_switched_on_again() {
    on_both_stores(async |server: &TestServer, hooks: HookServer| {
        hooks.answer([Answer::Status(410)]);
        let show = Show::on_sale(server).await;
        let (webhook, _) = hooked(server, &show.organizer, &hooks, json!(["order.paid"])).await;
        let first = buy(server, &show, "A-1-1").await;
        hooks.wait_for(1).await;
        let path = format!("/webhooks/{webhook}");
        let gone = async {
            while server.get(Some(&show.organizer), &path).await.expect(200)["is_gone"] == false {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone).await.expect("the webhook is switched off");
        let on = server.patch(Some(&show.organizer), &path, json!({"active": true})).await.expect(200);
        assert_eq!((&on["active"], &on["is_gone"]), (&json!(true), &json!(false)));
        let received = hooks.wait_for(2).await;
        assert_eq!((sequences(&received), &received[1].body["object_id"]), (vec![1, 1], &json!(first)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sent_is_sent_again_from_a_number_on() {
    on_both_stores(async |server: &TestServer, hooks: HookServer| {
        let show = Show::on_sale(server).await;
        let (webhook, _) = hooked(server, &show.organizer, &hooks, json!(["order.paid"])).await;
        for seat in ["A-1-1", "A-1-2", "A-1-3"] {
            buy(server, &show, seat).await;
        }
        let sent = hooks.wait_for(3).await;
        logged(server, &show.organizer, &webhook, all_delivered).await;
        let path = format!("/webhooks/{webhook}/replay");
        let body = json!({"event_id": show.id, "from_sequence": 2});
        let replayed = server.post_keyed(Some(&show.organizer), &path, "again", body.clone()).await.expect(200);
        assert_eq!(replayed, json!({"event_id": show.id, "from_sequence": 2, "to_sequence": 3}));
        let received = hooks.wait_for(5).await;
        assert_eq!(sequences(&received), [1, 2, 3, 2, 3]);
        assert_eq!((&received[3].body, &received[4].body), (&sent[1].body, &sent[2].body));
        logged(server, &show.organizer, &webhook, all_delivered).await;
        // The same wish is the same replay.
        server.post_keyed(Some(&show.organizer), &path, "again", body).await.expect(200);
        for from in [0, 4] {
            let body = json!({"event_id": show.id, "from_sequence": from});
            let refused = server.post(Some(&show.organizer), &path, body).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(faults(&refused), [("from_sequence".to_owned(), "OUT_OF_RANGE".to_owned())]);
        }
        buy(server, &show, "A-1-4").await;
        assert_eq!(sequences(&hooks.wait_for(6).await), [1, 2, 3, 2, 3, 4]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_secrets_sign_while_one_takes_over_from_the_other() {
    on_both_stores(async |server: &TestServer, hooks: HookServer| {
        let show = Show::on_sale(server).await;
        let (webhook, old) = hooked(server, &show.organizer, &hooks, json!(["order.paid"])).await;
        let rotate = format!("/webhooks/{webhook}/rotate-secret");
        let new = text(&server.post(Some(&show.organizer), &rotate, json!({})).await.expect(200)["secret"]);
        buy(server, &show, "A-1-1").await;
        let hook = hooks.wait_for(1).await.remove(0);
        assert_eq!(hook.signature, format!("{},{}", signed(&new, &hook), signed(&old, &hook)));
        let shown = server.get(Some(&show.organizer), &format!("/webhooks/{webhook}")).await.expect(200);
        assert!(!shown.to_string().contains("whsec_"), "{shown}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_of_one_event_count_for_themselves_and_foreign_events_are_not_told() {
    on_both_stores(async |server: &TestServer, hooks: HookServer| {
        let (show, other) = (Show::on_sale(server).await, Show::on_sale(server).await);
        let both = HookServer::start().await;
        hooked(server, &show.organizer, &hooks, json!(["order.paid"])).await;
        hooked(server, &show.organizer, &both, json!(["order.cancelled", "order.paid"])).await;
        let buyer = server.attendee().await;
        buy(server, &other, "A-1-1").await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        server.post(Some(&buyer), &format!("/orders/{}/cancel", text(&order["id"])), json!({})).await.expect(200);
        let paid = buy(server, &show, "A-1-2").await;
        let told = hooks.wait_for(1).await;
        assert_eq!((&told[0].body["sequence"], &told[0].body["object_id"]), (&json!(1), &json!(paid)));
        let told_both = both.wait_for(2).await;
        assert_eq!(sequences(&told_both), [1, 2]);
        assert_eq!(told_both[1].body["id"], told[0].body["id"], "one happening has one id");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_only_the_server_can_reach_are_refused() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    for url in ["http://example.org/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/", "nonsense"] {
        let body = json!({"url": url, "types": ["order.paid"]});
        let refused = server.post(Some(&organizer), "/webhooks", body).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&refused), [("url".to_owned(), "URL".to_owned())], "{url}");
    }
    // A name says nothing yet: what it stands for is looked at when it is connected to.
    let show = Show::on_sale(&server).await;
    let body = json!({"url": "https://localhost:1/hooks", "types": ["order.paid"]});
    let made = server.post(Some(&show.organizer), "/webhooks", body).await.expect(201);
    let webhook = text(&made["webhook"]["id"]);
    buy(&server, &show, "A-1-1").await;
    let log = logged(&server, &show.organizer, &webhook, |log| log.iter().any(|entry| entry["attempts"] == 1)).await;
    let error = text(&log[0]["last_error"]);
    assert!(error.contains("no address that the whole Internet can reach"), "{error}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_ten_webhooks_and_the_secret_is_shown_once() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let body = json!({"url": "https://hooks.example.invalid/usher", "types": ["order.paid"]});
    let first = server.post_keyed(Some(&organizer), "/webhooks", "first", body.clone()).await.expect(201);
    assert_eq!(server.post_keyed(Some(&organizer), "/webhooks", "first", body.clone()).await.expect(201), first);
    for _ in 1..10 {
        server.post(Some(&organizer), "/webhooks", body.clone()).await.expect(201);
    }
    server.post(Some(&organizer), "/webhooks", body).await.problem(409, "WEBHOOKS_TOO_MANY");
    let listed = server.get(Some(&organizer), "/webhooks?limit=200").await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 10);
    assert!(!listed.to_string().contains("whsec_"), "{listed}");
    let path = format!("/webhooks/{}", text(&first["webhook"]["id"]));
    server.delete(Some(&organizer), &path).await.expect(204);
    server.get(Some(&organizer), &path).await.problem(404, "WEBHOOK_NOT_FOUND");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_let_in_is_told_to_webhooks_that_want_it_and_kept_for_no_other() {
    on_both_stores(async |server: &TestServer, hooks: HookServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let scan = async |ticket: usize, nonce: &str, direction: &str| {
            let body = json!({"code": paid["tickets"][ticket]["code"], "nonce": nonce, "direction": direction});
            server.post(Some(&show.organizer), &show.path("/gate/scans"), body).await
        };
        let event = inventory::EventId::from_uuid(show.id.parse().unwrap());
        let kept = async || {
            let store = &server.app().state().store;
            let all = store.outbox_list(event, inventory::Lsn::ZERO, 100).await.unwrap();
            all.iter().filter(|work| work.kind == inventory::OutboxKind::TicketCheckedIn).count()
        };
        let (other, _) = hooked(server, &show.organizer, &hooks, json!(["order.cancelled", "event.cancelled"])).await;
        scan(0, "1", "entry").await.expect(201);
        scan(0, "2", "exit").await.expect(201);
        assert_eq!(kept().await, 0, "nobody wants it");

        let (webhook, _) = hooked(server, &show.organizer, &hooks, json!(["ticket.checked_in"])).await;
        scan(0, "3", "entry").await.expect(201);
        // Repeated, refused, an exit: nobody else is inside.
        scan(0, "3", "entry").await.expect(201);
        scan(0, "4", "entry").await.expect(200);
        scan(0, "5", "exit").await.expect(201);
        let now = usher::time::utc(server.app().state().now());
        let queued = json!({"code": paid["tickets"][1]["code"], "nonce": "6", "direction": "entry", "scanned_at": now});
        let batch = json!({"scans": [queued]});
        server.post(Some(&show.organizer), &show.path("/gate/scans/batch"), batch).await.expect(200);
        let told = hooks.wait_for(2).await;
        let of = |at: usize| told[at].body["object_id"].clone();
        assert_eq!((of(0), of(1)), (paid["tickets"][0]["id"].clone(), paid["tickets"][1]["id"].clone()));
        assert!(told.iter().all(|hook| hook.body["type"] == "ticket.checked_in"));
        assert_eq!(sequences(&told), [1, 2]);
        assert_eq!(kept().await, 2);
        assert_eq!(logged(server, &show.organizer, &webhook, all_delivered).await.len(), 2);
        assert!(log(server, &show.organizer, &other).await.is_empty());

        // Another organizer's webhook hears nothing of it, and a switched-off one neither.
        let rival = server.organizer().await;
        hooked(server, &rival, &hooks, json!(["ticket.checked_in"])).await;
        let path = format!("/webhooks/{webhook}");
        server.patch(Some(&show.organizer), &path, json!({"active": false})).await.expect(200);
        scan(0, "7", "entry").await.expect(201);
        assert_eq!(kept().await, 2);
    })
    .await;
}
