//! What is wrong with a request is told in one form, whatever it is and wherever it is found.

use reqwest::Method;
use serde_json::json;
use usher_tests::server::{TestServer, send};

use crate::holds::until;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_addresses_and_wrong_methods_are_problems() {
    let server = TestServer::start().await;
    let session = server.attendee().await;
    server.get(None, "/nothing/here").await.problem(404, "ROUTE_NOT_FOUND");
    send(reqwest::Client::new().get(server.url("/nothing"))).await.problem(404, "ROUTE_NOT_FOUND");
    let answer = server.delete(Some(&session), "/orders").await;
    assert!(answer.header("allow").contains("GET"), "{:?}", answer.headers);
    answer.problem(405, "METHOD_NOT_ALLOWED");
    server.patch(Some(&server.admin().await), "/users/not-an-id", json!({})).await.problem(404, "ROUTE_NOT_FOUND");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_cannot_be_read() {
    let server = TestServer::start().await;
    let post = |content_type: &'static str, body: &'static str| {
        let request = server.request(Method::POST, "/auth/login").body(body);
        send(if content_type.is_empty() { request } else { request.header("content-type", content_type) })
    };
    let json_type = "application/json";
    post(json_type, "{").await.problem(400, "JSON_MALFORMED");
    post(json_type, "\u{0}").await.problem(400, "JSON_MALFORMED");
    post("text/plain", "{}").await.problem(415, "MEDIA_TYPE_UNSUPPORTED");
    post("", "{}").await.problem(415, "MEDIA_TYPE_UNSUPPORTED");
    post("application/x-www-form-urlencoded", "email=a").await.problem(415, "MEDIA_TYPE_UNSUPPORTED");
    for (body, field, code) in [
        ("{}", "email", "MISSING_FIELD"),
        ("", "email", "MISSING_FIELD"),
        (r#"{"email":1,"password":"x"}"#, "email", "INVALID_TYPE"),
        (r#"{"email":"a","password":"x","admin":true}"#, "admin", "UNKNOWN_FIELD"),
        ("[]", "email", "INVALID_TYPE"),
        ("null", "", "INVALID_TYPE"),
    ] {
        let answer =
            if body.is_empty() { post("", body).await } else { post("application/json; charset=utf-8", body).await };
        let problem = answer.problem(422, "VALIDATION_FAILED");
        if !field.is_empty() && body != "[]" {
            assert_eq!(problem["errors"][0]["field"], field, "{body}");
            assert_eq!(problem["errors"][0]["code"], code, "{body}");
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_are_none() {
    let server = TestServer::start().await;
    let session = server.attendee().await;
    for (header, code) in [
        ("Bearer", "TOKEN_INVALID"),
        ("Bearer ", "TOKEN_INVALID"),
        ("Bearer nonsense", "TOKEN_INVALID"),
        ("Basic dXNlcjpwYXNz", "TOKEN_INVALID"),
        (&format!("Bearer {}", session.refresh_token), "TOKEN_INVALID"),
        (&format!("Bearer {}x", session.access_token), "TOKEN_INVALID"),
    ] {
        let answer = send(server.request(Method::GET, "/me").header("authorization", header)).await;
        assert_eq!(answer.header("www-authenticate"), "Bearer");
        answer.problem(401, code);
    }
    server.get(None, "/me").await.problem(401, "TOKEN_MISSING");
    send(server.request(Method::GET, "/me").header("authorization", format!("bearer {}", session.access_token)))
        .await
        .expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sane_request_id_is_echoed_and_any_other_replaced() {
    let server = TestServer::start().await;
    let ask = |id: &'static str| send(server.request(Method::GET, "/nothing").header("x-request-id", id));
    let answer = ask("trace-42").await;
    assert_eq!(answer.header("x-request-id"), "trace-42");
    assert_eq!(answer.problem(404, "ROUTE_NOT_FOUND")["request_id"], "trace-42");
    let answer = ask("<script>alert(1)</script>").await;
    assert_eq!(answer.header("x-request-id").len(), 36);
    let (one, other) = (server.get(None, "/nothing").await, server.get(None, "/nothing").await);
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_document_describes_every_call_and_its_page_needs_no_other_host() {
    let server = TestServer::start().await;
    let get = |path: &str| send(reqwest::Client::new().get(server.url(path)));
    let document = get("/api/docs/openapi.json").await.expect(200);
    for (path, method) in [
        ("/api/v1/auth/register", "post"),
        ("/api/v1/auth/login", "post"),
        ("/api/v1/auth/refresh", "post"),
        ("/api/v1/auth/logout", "post"),
        ("/api/v1/me", "get"),
        ("/api/v1/me", "patch"),
        ("/api/v1/users", "get"),
        ("/api/v1/users/{id}", "patch"),
        ("/api/v1/events/{id}/waiting-room", "post"),
        ("/api/v1/events/{id}/waiting-room", "get"),
        ("/api/v1/events/{id}/waiting-room", "delete"),
        ("/api/v1/events/{id}/waiting-room/settings", "get"),
        ("/api/v1/events/{id}/waiting-room/settings", "put"),
        ("/api/v1/events/{id}/waiting-room/open", "post"),
        ("/api/v1/events/{id}/waiting-room/priority-passes", "post"),
        ("/api/v1/events/{id}/waiting-room/proof", "get"),
        ("/health/live", "get"),
        ("/health/ready", "get"),
        ("/metrics", "get"),
    ] {
        assert!(document["paths"][path][method].is_object(), "{method} {path}");
    }
    assert!(document["components"]["schemas"]["Problem"].is_object());
    let page = get("/api/docs/").await;
    assert_eq!(page.status, 200);
    for asset in ["swagger-ui.css", "swagger-ui-bundle.js"] {
        assert_eq!(get(&format!("/api/docs/{asset}")).await.status, 200, "{asset}");
    }
    assert!(!page.text.contains("src=\"http") && !page.text.contains("href=\"http"), "{}", page.text);
    let codes = get("/api/docs/codes").await;
    assert_eq!(codes.status, 200);
    assert!(codes.text.contains("id=\"ROUTE_NOT_FOUND\"") && codes.text.contains("id=\"SEATS_TAKEN\""));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_becomes_ready_and_counts_what_it_answers() {
    let server = TestServer::start().await;
    let get = |path: &str| send(reqwest::Client::new().get(server.url(path)));
    get("/health/live").await.expect(200);
    // A level, not an edge: the warm-up has nothing to do on an empty store.
    while get("/health/ready").await.status != 200 {
        tokio::task::yield_now().await;
    }
    server.post(None, "/ping", json!({})).await.expect(200);
    let metrics = get("/metrics").await;
    assert_eq!(metrics.status, 200);
    let counted = r#"usher_http_requests_total{lane="booking",status="2xx"}"#;
    assert!(metrics.text.contains(counted), "{}", metrics.text);
    assert!(metrics.text.contains("usher_http_request_seconds_bucket"), "{}", metrics.text);
    for kind in ["mails", "outbox", "refunds", "webhooks"] {
        for gauge in ["usher_work_due", "usher_work_oldest_seconds", "usher_work_given_up"] {
            let wanted = format!("{gauge}{{work=\"{kind}\"}} ");
            until(async || get("/metrics").await.text.contains(&wanted)).await;
        }
    }
    server.stop().await;
}
