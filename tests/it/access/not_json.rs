//! What is no JSON, or not the JSON that was asked for, on every write of the document: refused before anything happens.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{TestServer, send};

use super::matrix::Document;
use super::rules::{Operation, Who};
use super::scene::World;
use super::table::operations;
use crate::show::on_each_store;

/// Whether the operation reads JSON, or a body that must be empty.
fn reads_json(row: &Operation, documented: &Value) -> bool {
    match documented["requestBody"]["content"].as_object() {
        Some(kinds) => kinds.contains_key("application/json"),
        None => ["POST", "PUT", "PATCH"].contains(&row.method()),
    }
}

/// Media type, body, and how it is refused.
fn bad_bodies(bytes_max: usize) -> [(&'static str, Vec<u8>, u16, &'static str); 6] {
    [
        ("application/json", b"{\"items\":".to_vec(), 400, "JSON_MALFORMED"),
        ("application/json", b"\xff\xfe".to_vec(), 400, "JSON_MALFORMED"),
        ("application/json", b"[]".to_vec(), 422, "VALIDATION_FAILED"),
        ("application/json", b"{\"nonsense\": true}".to_vec(), 422, "VALIDATION_FAILED"),
        ("text/plain", b"{}".to_vec(), 415, "MEDIA_TYPE_UNSUPPORTED"),
        ("application/json", vec![b' '; bytes_max + 1], 413, "BODY_TOO_LARGE"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_json_is_refused_on_every_write() {
    on_each_store(async |server: &TestServer| {
        let (document, world) = (Document::of(server).await, World::on(server).await);
        let (draft, on_sale) = (world.draft().await, world.on_sale().await);
        let before = [world.state(&draft).await, world.state(&on_sale).await];
        let http = &server.app().state().config.http;
        let (mut wrong, mut asked) = (Vec::new(), 0);
        for row in operations() {
            let (path, documented) = &document.operations[row.name];
            if !reads_json(&row, documented) {
                continue;
            }
            asked += 1;
            let scene = if row.is_about_draft { &draft } else { &on_sale };
            let method: Method = row.method().parse().expect("a method");
            let path = scene.ids.path(path);
            let path = path.strip_prefix("/api/v1").expect("every write is of this version");
            let bytes_max = if path.ends_with("/seat-map") || path.contains("/seat-maps/") {
                http.seat_map_bytes_max
            } else {
                http.body_bytes_max
            };
            for (media_type, body, status, code) in bad_bodies(bytes_max) {
                let mut request = server.request(method.clone(), path).header("content-type", media_type).body(body);
                if let Some(session) = world.session(scene, row.rule, Who::Right) {
                    request = request.bearer_auth(&session.access_token);
                }
                let answer = send(request).await;
                if (answer.status, &answer.body["code"]) != (status, &json!(code)) {
                    wrong.push(format!("{}: {code} expected, not {} {}", row.name, answer.status, answer.text));
                }
            }
        }
        assert!(asked >= 80, "the document has more writes than {asked}");
        assert!(wrong.is_empty(), "{} of the writes:\n{}", wrong.len(), wrong.join("\n"));
        let after = [world.state(&draft).await, world.state(&on_sale).await];
        assert_eq!(after, before, "what was refused changed something");
    })
    .await;
}
