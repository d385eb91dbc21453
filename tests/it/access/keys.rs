//! Which writes remember what they answered to an `Idempotency-Key`: those that the document says, and no others.

use std::collections::BTreeSet;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use usher_tests::server::{Answer, TestServer, send};

use super::lane::{Lane, Part, Tried, may_be_spoiled};
use super::matrix::Document;
use super::rules::{Operation, Who};
use super::scene::{Scene, World};
use super::table::operations;

/// Writes that keep no answer. A new one is to be kept off this list: it takes a reason that clients are told.
const FORGETFUL: [&str; 26] = [
    "DELETE /events/{id}/waiting-room",
    "DELETE /events/{id}/waitlist",
    "DELETE /me",
    "DELETE /me/calendar-feed",
    "DELETE /me/second-factor",
    "PATCH /withdrawals/{id}",
    "POST /auth/codes/verify",
    "POST /auth/google/exchange",
    "POST /auth/login",
    "POST /auth/logout",
    "POST /auth/refresh",
    "POST /auth/second-factor",
    "POST /events/{id}/gate/scans/batch",
    "POST /events/{id}/waiting-room",
    "POST /me/calendar-feed",
    "POST /me/second-factor",
    "POST /me/second-factor/confirm",
    "POST /orders/{id}/status",
    "POST /payments/stripe/webhook",
    "POST /ping",
    "POST /series/{id}/cancel",
    "POST /series/{id}/publish",
    "POST /ticket-transfers/preview",
    "POST /ticket-transfers/{id}/accept",
    "PUT /me/email",
    "PUT /me/password",
];
/// Writes whose first answer was good, so that a second one tells whether it was remembered.
const PROVEN_MIN: usize = 50;

fn takes_key(operation: &Value) -> bool {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key" && parameter["in"] == "header")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_takes_an_idempotency_key_or_says_why_not() {
    let server = TestServer::start().await;
    let document = Document::of(&server).await;
    let mut forgetful = BTreeSet::new();
    for (name, (_, operation)) in &document.operations {
        let said = operation["description"].as_str().unwrap_or_default().contains("Keeps no answer for an");
        match (name.starts_with("GET "), takes_key(operation)) {
            (true, takes) => assert!(!takes && !said, "{name} only looks"),
            (false, takes) => {
                assert!(takes != said, "{name} takes a key, or says why it does not");
                forgetful.extend((!takes).then_some(name.as_str()));
            }
        }
    }
    assert_eq!(forgetful, BTreeSet::from(FORGETFUL));
    server.stop().await;
}

/// The second time the same in other bytes, which are refused under a key that is remembered.
fn request(world: &World<'_>, scene: &Scene, row: &Operation, path: &str, again: bool) -> RequestBuilder {
    let method: Method = row.method().parse().expect("a method");
    let path = scene.ids.path(path);
    let path = path.strip_prefix("/api/v1").expect("every write is of this version");
    // One account calls several rows.
    let key = row.name.replace(' ', ":");
    let mut request = world.server.request(method, path).header("idempotency-key", key);
    let body = row.body.map(|body| body(&scene.ids).to_string());
    let body = if again { Some(format!(" {}", body.as_deref().unwrap_or("{}"))) } else { body };
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body);
    }
    match world.session(scene, row.rule, Who::Right) {
        Some(session) => request.bearer_auth(&session.access_token),
        None => request,
    }
}

fn is_remembered(second: &Answer) -> bool {
    // Where only some fields count, the answer comes again.
    second.body["code"] == "IDEMPOTENCY_KEY_REUSED" || second.headers.contains_key("idempotency-replayed")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_is_remembered_where_the_document_says_so_and_nowhere_else() {
    let server = TestServer::start().await;
    let (document, world) = (Document::of(&server).await, World::on(&server).await);
    let (mut lane, mut wrong, mut proven, mut asked) = (Lane::new(&world), Vec::new(), 0, BTreeSet::new());
    for row in operations().iter().filter(|row| row.method() != "GET") {
        let (path, operation) = &document.operations[row.name];
        let is_json =
            operation["requestBody"].is_null() || operation["requestBody"]["content"]["application/json"].is_object();
        if !is_json || !asked.insert(row.name) {
            continue;
        }
        let twice = async |scene: &Scene| {
            let first = send(request(&world, scene, row, path, false)).await;
            let second = send(request(&world, scene, row, path, true)).await;
            let is_certain = !may_be_spoiled(first.status);
            Tried { outcome: (first, second), is_certain }
        };
        let (first, second) = lane.in_scene(row, Part::People, twice).await;
        let is_good = (200..300).contains(&first.status);
        match (takes_key(operation), is_remembered(&second)) {
            (true, true) => proven += 1,
            (true, false) if is_good => wrong.push(format!("{} forgets: {} {}", row.name, first.status, second.text)),
            (false, true) => wrong.push(format!("{} remembers: {}", row.name, second.text)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of the writes:\n{}", wrong.len(), wrong.join("\n"));
    assert!(proven >= PROVEN_MIN, "only {proven} writes have shown that they remember");
    server.stop().await;
}
