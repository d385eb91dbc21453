//! Sizes, rates and times: each refused by its own answer, none of them hanging.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use usher_tests::server::{TestServer, send};

/// No test here may take longer, whatever goes wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// Long enough for a request to be met by another.
const SLOW_HASH_KIB: u32 = 4 << 10;

fn registration(server: &TestServer) -> RequestBuilder {
    let body = json!({"name": "Ada", "email": "ada@example.org", "password": "correct horse"});
    server.request(Method::POST, "/auth/register").header("idempotency-key", "same").json(&body)
}

/// What the server sends until it closes the connection.
async fn raw(server: &TestServer, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    // The server may close before it has read everything.
    drop(stream.write_all(request).await);
    read_to_end(stream).await
}

async fn read_to_end(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    drop(read.expect("the server closes the connection"));
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_beyond_the_limit_is_refused_however_it_is_sent() {
    let server = TestServer::start_with(|config| config.http.body_bytes_max = 1_000).await;
    let body = format!(r#"{{"email":"{}","password":"x"}}"#, "a".repeat(2_000));
    let post = || server.request(Method::POST, "/auth/login").header("content-type", "application/json");
    send(post().body(body.clone())).await.problem(413, "BODY_TOO_LARGE");
    let chunked = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len(),
    );
    let answer = raw(&server, chunked.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("BODY_TOO_LARGE"), "{answer}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_is_too_large_or_has_too_many_fields_is_refused() {
    let server = TestServer::start().await;
    let large = format!("GET /health/live HTTP/1.1\r\nhost: x\r\nx-large: {}\r\n\r\n", "a".repeat(70_000));
    let answer = raw(&server, large.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let fields: String = (0..101).map(|ix| format!("x-{ix}: y\r\n")).collect();
    let answer = raw(&server, format!("GET /health/live HTTP/1.1\r\nhost: x\r\n{fields}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    let answer = raw(&server, b"\x16\x03\x01\x02\x00 this is no HTTP\r\n\r\n").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_never_ends_is_cut_off() {
    let server = TestServer::start_with(|config| config.http.header_read_timeout = Duration::from_millis(200)).await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
    let answer = read_to_end(stream).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_never_comes_ends_in_an_unknown_outcome() {
    let server = TestServer::start_with(|config| {
        config.http.request_timeout = Duration::from_millis(200);
        config.payments.timeout = Duration::from_millis(50);
    })
    .await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /api/v1/ping HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
                content-length: 10\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = read_to_end(stream).await;
    assert!(answer.starts_with("HTTP/1.1 504 ") && answer.contains("OUTCOME_UNKNOWN"), "{answer}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_told_so_and_the_next_finds_a_place() {
    let server = TestServer::start_with(|config| config.http.connections_max = 1).await;
    let mut first = TcpStream::connect(server.address()).await.unwrap();
    first.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut byte = [0];
    first.read_exact(&mut byte).await.unwrap();
    let refused = read_to_end(TcpStream::connect(server.address()).await.unwrap()).await;
    assert!(refused.starts_with("HTTP/1.1 503 ") && refused.contains("retry-after: 1"), "{refused}");
    drop(first);
    let served = tokio::time::timeout(PATIENCE, async {
        while !raw(&server, b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .await
            .contains("200 OK")
        {}
    });
    served.await.expect("the place is given back");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_logins_of_one_address_wait_and_nothing_else_does() {
    let server = TestServer::start_with(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.login_per_ip_per_min = 3;
    })
    .await;
    let body = json!({"email": "a@b.cd", "password": "wrong horse"});
    for _ in 0..3 {
        server.post(None, "/auth/login", body.clone()).await.problem(401, "CREDENTIALS_WRONG");
    }
    let answer = server.post(None, "/auth/login", body).await;
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    answer.problem(429, "RATE_LIMITED");
    server.post(None, "/ping", json!({})).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_asks_too_often_waits_and_another_does_not() {
    let server = TestServer::start_with(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.browsing_per_user_per_s = 1;
        config.rate_limit.login_per_ip_per_min = 100;
    })
    .await;
    let (alice, bob) = (server.attendee().await, server.attendee().await);
    let mut refused = None;
    for _ in 0..10 {
        let answer = server.get(Some(&alice), "/me").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    refused.expect("ten at once are too many").problem(429, "RATE_LIMITED");
    server.get(Some(&bob), "/me").await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_while_the_first_is_under_way_is_told_so() {
    let server = TestServer::start_with(|config| config.auth.password_memory_kib = SLOW_HASH_KIB).await;
    let mut asked = JoinSet::new();
    for _ in 0..8 {
        asked.spawn(send(registration(&server)));
    }
    let answers = asked.join_all().await;
    assert!(answers.iter().any(|answer| answer.status == 201), "{answers:?}");
    for answer in answers {
        if answer.status != 201 {
            answer.problem(409, "IN_PROGRESS");
        }
    }
    let admin = server.admin().await;
    let users = server.get(Some(&admin), "/users").await.expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 3, "admin, organizer and one account");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_finishes_what_is_under_way() {
    let server = TestServer::start_with(|config| config.auth.password_memory_kib = SLOW_HASH_KIB).await;
    let mut first = JoinSet::new();
    first.spawn(send(registration(&server)));
    // The key is taken once the first request is under way, or its answer is there already.
    while !matches!(send(registration(&server)).await.status, 409 | 201) {}
    server.stop().await;
    let answer = first.join_next().await.unwrap().unwrap();
    assert!(answer.status == 201 || answer.body["code"] == "IN_PROGRESS", "{}", answer.text);
}
