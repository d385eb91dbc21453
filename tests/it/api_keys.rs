//! Keys of machines: what they open, and when they stop.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Answer, PASSWORD, Session, TestServer, send};

use crate::show::{Show, faults, on_each_store, text};

struct Key {
    id: String,
    text: String,
}

async fn key(server: &TestServer, owner: &Session, scopes: &[&str]) -> Key {
    let body = json!({"name": "A machine", "scopes": scopes, "password": PASSWORD});
    let made = server.post(Some(owner), "/me/api-keys", body).await.expect(201);
    Key { id: text(&made["api_key"]["id"]), text: text(&made["key"]) }
}

async fn call(server: &TestServer, key: &Key, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = server.request(method, path).bearer_auth(&key.text);
    send(if let Some(body) = body { request.json(&body) } else { request }).await
}

async fn get(server: &TestServer, key: &Key, path: &str) -> Answer {
    call(server, key, Method::GET, path, None).await
}

#[tokio::test]
async fn a_key_opens_what_its_scopes_name_in_either_header() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        let reader = key(server, &show.organizer, &["catalogue:read"]).await;
        assert_eq!(get(server, &reader, &show.path("")).await.expect(200)["id"], json!(show.id));
        let request = server.request(Method::GET, &show.path("")).header("x-api-key", &reader.text);
        assert_eq!(send(request).await.expect(200)["status"], "draft");

        let rename = Some(json!({"title": "Renamed by a machine"}));
        let refused = call(server, &reader, Method::PATCH, &show.path(""), rename.clone()).await;
        let problem = refused.problem(403, "SCOPE_REQUIRED");
        assert!(text(&problem["detail"]).contains("catalogue:write"), "{problem}");
        let writer = key(server, &show.organizer, &["catalogue:write"]).await;
        call(server, &writer, Method::PATCH, &show.path(""), rename).await.expect(200);
        get(server, &writer, &show.path("")).await.problem(403, "SCOPE_REQUIRED");
    })
    .await;
}

#[tokio::test]
async fn a_key_never_does_more_than_its_owner() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        let (stranger, rival) = (server.attendee().await, server.organizer().await);
        let all = ["catalogue:read", "catalogue:write", "booking", "scan", "reports"];
        let of_stranger = key(server, &stranger, &all).await;
        let of_rival = key(server, &rival, &all).await;
        get(server, &of_stranger, &show.path("")).await.problem(404, "EVENT_NOT_FOUND");
        let publish = show.path("/publish");
        let refused = call(server, &of_stranger, Method::POST, &publish, Some(json!({}))).await;
        refused.problem(403, "ROLE_REQUIRED");
        let refused = call(server, &of_rival, Method::POST, &publish, Some(json!({}))).await;
        refused.problem(404, "EVENT_NOT_FOUND");
        get(server, &of_stranger, "/orders").await.expect(200);
        let booking = key(server, &show.organizer, &["booking"]).await;
        let orders = format!("/orders?event={}", show.id);
        get(server, &booking, &orders).await.problem(403, "SCOPE_REQUIRED");
        let reports = key(server, &show.organizer, &["booking", "reports"]).await;
        assert_eq!(get(server, &reports, &orders).await.expect(200)["items"], json!([]));
    })
    .await;
}

#[tokio::test]
async fn a_gate_scans_with_the_key_of_its_door_staff() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, door) = (server.attendee().await, server.attendee().await);
        let staff = json!({"email": door.email, "role": "door"});
        server.post(Some(&show.organizer), &show.path("/staff"), staff).await.expect(201);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let gate = key(server, &door, &["scan"]).await;
        let scan = json!({"code": paid["tickets"][0]["code"], "nonce": "1"});
        let path = show.path("/gate/scans");
        let admitted = call(server, &gate, Method::POST, &path, Some(scan.clone())).await.expect(201);
        assert_eq!(admitted["seat"], "A-1-1");
        let member = show.path(&format!("/staff/{}", door.id));
        server.delete(Some(&show.organizer), &member).await.expect(204);
        call(server, &gate, Method::POST, &path, Some(scan)).await.problem(403, "ROLE_REQUIRED");
    })
    .await;
}

#[tokio::test]
async fn what_is_for_people_is_closed_to_every_key() {
    on_each_store(async |server: &TestServer| {
        let admin = server.admin().await;
        let machine = key(server, &admin, &["catalogue:read", "catalogue:write", "booking", "scan", "reports"]).await;
        let path = format!("/me/api-keys/{}", machine.id);
        for (method, path, body) in [
            (Method::GET, "/me", None),
            (Method::PATCH, "/me", Some(json!({"name": "Mine"}))),
            (Method::GET, "/me/api-keys", None),
            (Method::POST, "/me/api-keys", Some(json!({"name": "More", "scopes": ["scan"]}))),
            (Method::DELETE, path.as_str(), None),
            (Method::GET, "/users", None),
        ] {
            call(server, &machine, method, path, body).await.problem(403, "NOT_FOR_API_KEYS");
        }
        let keys = server.get(Some(&admin), "/me/api-keys").await.expect(200);
        assert_eq!(keys["items"].as_array().map(Vec::len), Some(1));
    })
    .await;
}

#[tokio::test]
async fn a_key_stops_when_it_is_revoked_and_when_its_owner_is_suspended() {
    on_each_store(async |server: &TestServer| {
        let (owner, other, admin) = (server.attendee().await, server.attendee().await, server.admin().await);
        let (one, two) = (key(server, &owner, &["booking"]).await, key(server, &owner, &["booking"]).await);
        get(server, &one, "/orders").await.expect(200);
        get(server, &two, "/orders").await.expect(200);
        let path = format!("/me/api-keys/{}", one.id);
        server.delete(Some(&other), &path).await.problem(404, "API_KEY_NOT_FOUND");
        get(server, &one, "/orders").await.expect(200);
        server.delete(Some(&owner), &path).await.expect(204);
        get(server, &one, "/orders").await.problem(401, "API_KEY_INVALID");
        server.delete(Some(&owner), &path).await.problem(404, "API_KEY_NOT_FOUND");

        let account = format!("/users/{}", owner.id);
        server.patch(Some(&admin), &account, json!({"status": "suspended"})).await.expect(200);
        get(server, &two, "/orders").await.problem(403, "ACCOUNT_SUSPENDED");
        server.patch(Some(&admin), &account, json!({"status": "active"})).await.expect(200);
        get(server, &two, "/orders").await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn what_was_never_issued_opens_nothing() {
    on_each_store(async |server: &TestServer| {
        let owner = server.attendee().await;
        let real = key(server, &owner, &["booking"]).await;
        let mut flipped = real.text.clone();
        let last = if flipped.ends_with('A') { "E" } else { "A" };
        flipped.replace_range(flipped.len() - 1.., last);
        let other = format!("usher_{}", "A".repeat(43));
        for text in ["usher_", "usher_x", flipped.as_str(), other.as_str(), &real.text[6..], &format!("{} ", real.text)]
        {
            let request = server.request(Method::GET, "/orders").header("x-api-key", text.trim_start());
            let answer = send(request).await;
            if text.trim() == real.text {
                answer.expect(200);
            } else {
                answer.problem(401, "API_KEY_INVALID");
            }
        }
        send(server.request(Method::GET, "/events").bearer_auth(&other)).await.problem(401, "API_KEY_INVALID");
    })
    .await;
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_without_itself() {
    on_each_store(async |server: &TestServer| {
        let owner = server.attendee().await;
        let body = json!({"name": " Till ", "scopes": ["scan", "booking"], "expires_at": "2035-01-01T00:00:00Z",
            "password": PASSWORD});
        let made = server.post_keyed(Some(&owner), "/me/api-keys", "k", body.clone()).await.expect(201);
        let again = server.post_keyed(Some(&owner), "/me/api-keys", "k", body).await.expect(201);
        assert_eq!((&again["api_key"], &again["key"]), (&made["api_key"], &Value::Null));
        let listed = server.get(Some(&owner), "/me/api-keys").await;
        let secret = text(&made["key"]);
        assert!(!listed.text.contains(&secret), "{}", listed.text);
        let listed = listed.expect(200);
        assert_eq!(listed["items"], json!([made["api_key"]]));
        assert_eq!(listed["items"][0]["name"], "Till");
        assert!(secret.starts_with(&text(&listed["items"][0]["prefix"])));

        let machine = Key { id: text(&made["api_key"]["id"]), text: secret };
        get(server, &machine, "/orders").await.expect(200);
        let state = server.app().state();
        state.api_keys.write_used(&state.store).await.expect("the store is there");
        let listed = server.get(Some(&owner), "/me/api-keys").await.expect(200);
        assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
    })
    .await;
}

#[tokio::test]
async fn every_fault_of_a_key_is_told_and_there_are_not_too_many() {
    on_each_store(async |server: &TestServer| {
        let owner = server.attendee().await;
        let bad = json!({"name": "", "scopes": [], "expires_at": "2020-01-01T00:00:00Z"});
        let problem = server.post(Some(&owner), "/me/api-keys", bad).await.problem(422, "VALIDATION_FAILED");
        let fields: Vec<String> = faults(&problem).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["name", "scopes", "expires_at"]);
        let unknown = json!({"name": "x", "scopes": ["everything"]});
        server.post(Some(&owner), "/me/api-keys", unknown).await.problem(422, "VALIDATION_FAILED");
        for _ in 0..50 {
            key(server, &owner, &["scan"]).await;
        }
        let one_more = json!({"name": "x", "scopes": ["scan"], "password": PASSWORD});
        server.post(Some(&owner), "/me/api-keys", one_more).await.problem(409, "API_KEYS_TOO_MANY");
    })
    .await;
}

#[tokio::test]
async fn a_machine_that_asks_too_often_waits_and_its_owner_does_not() {
    let server = TestServer::start_with(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.per_api_key_per_s = 1;
    })
    .await;
    let owner = server.attendee().await;
    let machine = key(&server, &owner, &["booking"]).await;
    let mut refused = None;
    for _ in 0..20 {
        let answer = get(&server, &machine, "/orders").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    refused.expect("twenty calls at once are more than one a second").problem(429, "RATE_LIMITED");
    server.get(Some(&owner), "/orders").await.expect(200);
    server.stop().await;
}

/// A till's key, made to sell, is worth no more than the account's own orders.
#[tokio::test]
async fn a_key_for_booking_neither_refunds_nor_reads_what_others_bought() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let order = format!("/orders/{}", text(&paid["id"]));
        let ticket = format!("/tickets/{}", text(&paid["tickets"][0]["id"]));
        let till = key(server, &show.organizer, &["booking"]).await;
        for path in [order.clone(), format!("{order}/tickets"), ticket.clone()] {
            get(server, &till, &path).await.problem(403, "SCOPE_REQUIRED");
        }
        let refund = format!("{order}/refund");
        let refused = call(server, &till, Method::POST, &refund, Some(json!({}))).await;
        assert!(text(&refused.problem(403, "SCOPE_REQUIRED")["detail"]).contains("refunds"));
        let reader = key(server, &show.organizer, &["booking", "reports"]).await;
        get(server, &reader, &order).await.expect(200);
        get(server, &reader, &ticket).await.expect(200);
        let of_buyer = key(server, &buyer, &["booking"]).await;
        get(server, &of_buyer, &order).await.expect(200);
        let office = key(server, &show.organizer, &["refunds"]).await;
        call(server, &office, Method::POST, &refund, Some(json!({}))).await.expect(200);
    })
    .await;
}

/// However many keys somebody makes, in a sale he is one account.
#[tokio::test]
async fn what_keys_book_counts_against_their_owner() {
    let server = TestServer::start_with(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.booking_per_user_per_s = 1;
        config.rate_limit.login_per_ip_per_min = 1_000;
    })
    .await;
    let owner = server.attendee().await;
    let keys = [key(&server, &owner, &["booking"]).await, key(&server, &owner, &["booking"]).await];
    let path = "/orders/01a1fc90-e373-7093-b7e9-237b63ced171/cancel";
    let mut refused = 0;
    for _ in 0..5 {
        for key in &keys {
            let answer = call(&server, key, Method::POST, path, Some(json!({}))).await;
            refused += usize::from(answer.status == 429);
        }
    }
    assert!(refused > 0, "ten at once, where two are let through");
    get(&server, &keys[0], "/orders").await.expect(200);
    server.stop().await;
}

#[tokio::test]
async fn webhooks_are_looked_after_by_a_key_that_is_for_them() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        let scopes = ["catalogue:read", "catalogue:write", "booking", "scan", "reports", "refunds"];
        let other = key(server, &show.organizer, &scopes).await;
        let problem = get(server, &other, "/webhooks").await.problem(403, "SCOPE_REQUIRED");
        assert!(text(&problem["detail"]).contains("webhooks"), "{problem}");
        let keeper = key(server, &show.organizer, &["webhooks"]).await;
        get(server, &keeper, &show.path("")).await.problem(403, "SCOPE_REQUIRED");
        let new = Some(json!({"url": "https://example.org/hooks", "types": ["order.paid"]}));
        let made = call(server, &keeper, Method::POST, "/webhooks", new.clone()).await.expect(201);
        let path = format!("/webhooks/{}", text(&made["webhook"]["id"]));
        let off = Some(json!({"active": false}));
        assert_eq!(call(server, &keeper, Method::PATCH, &path, off).await.expect(200)["active"], json!(false));
        let rotate = format!("{path}/rotate-secret");
        let rotated = call(server, &keeper, Method::POST, &rotate, Some(json!({}))).await.expect(200);
        assert_ne!(rotated["secret"], made["secret"]);
        assert_eq!(get(server, &keeper, &format!("{path}/deliveries")).await.expect(200)["items"], json!([]));
        let of_rival = key(server, &server.organizer().await, &["webhooks"]).await;
        get(server, &of_rival, &path).await.problem(404, "WEBHOOK_NOT_FOUND");
        let of_buyer = key(server, &server.attendee().await, &["webhooks"]).await;
        call(server, &of_buyer, Method::POST, "/webhooks", new).await.problem(403, "ROLE_REQUIRED");
        call(server, &keeper, Method::DELETE, &path, None).await.expect(204);
        assert_eq!(get(server, &keeper, "/webhooks").await.expect(200)["items"], json!([]));
    })
    .await;
}
