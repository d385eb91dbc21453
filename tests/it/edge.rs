//! What every request meets, whatever it asks for: other origins, and peers that do not read.

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};
use usher_tests::server::{PASSWORD, TestServer, send};

use crate::holds::until;

const SHOP: &str = "https://shop.example";

async fn preflight(server: &TestServer, origin: &str) -> (u16, HeaderMap) {
    let request = server.request(Method::OPTIONS, "/orders").header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    let answer = send(request.header("access-control-request-headers", "authorization,idempotency-key")).await;
    (answer.status, answer.headers)
}

fn lists(header: Option<&HeaderValue>, wanted: &[&str]) -> bool {
    let text = header.and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let listed: Vec<&str> = text.split(',').map(str::trim).collect();
    wanted.iter().all(|name| listed.contains(name))
}

#[tokio::test]
async fn a_shop_of_an_allowed_origin_may_ask_and_read_the_answer() {
    let server = TestServer::start_with(|config| config.http.cors_origins = vec![SHOP.into()]).await;
    let (status, headers) = preflight(&server, SHOP).await;
    assert_eq!((status, &headers["access-control-allow-origin"]), (200, &HeaderValue::from_static(SHOP)));
    assert!(lists(headers.get("access-control-allow-methods"), &["get", "post", "put", "patch", "delete"]));
    let allowed = ["authorization", "content-type", "idempotency-key", "if-none-match", "x-api-key", "x-request-id"];
    assert!(lists(headers.get("access-control-allow-headers"), &allowed), "{headers:?}");
    assert!(!headers.contains_key("access-control-allow-credentials"), "tokens are sent by hand, never by the browser");

    let simple = send(server.request(Method::GET, "/events").header("origin", SHOP)).await;
    assert_eq!((simple.status, simple.header("access-control-allow-origin")), (200, SHOP));
    let exposed = ["retry-after", "link", "etag", "idempotency-replayed", "x-request-id"];
    assert!(lists(simple.headers.get("access-control-expose-headers"), &exposed), "{:?}", simple.headers);
    let refused = send(server.request(Method::GET, "/me").header("origin", SHOP)).await;
    assert_eq!(refused.header("access-control-allow-origin"), SHOP, "a shop must be able to read why not");
    refused.problem(401, "TOKEN_MISSING");
}

#[tokio::test]
async fn other_origins_are_answered_without_leave_to_read() {
    let one = TestServer::start_with(|config| config.http.cors_origins = vec![SHOP.into()]).await;
    let none = TestServer::start().await;
    for (server, origin) in [(&one, "https://evil.example"), (&one, "https://shop.example.evil"), (&none, SHOP)] {
        let (_, headers) = preflight(server, origin).await;
        assert!(!headers.contains_key("access-control-allow-origin"), "{origin}");
        let simple = send(server.request(Method::GET, "/events").header("origin", origin)).await;
        assert_eq!((simple.status, simple.header("access-control-allow-origin")), (200, ""), "{origin}");
    }
    let every = TestServer::start_with(|config| config.http.cors_origins = vec!["*".into()]).await;
    let (_, headers) = preflight(&every, "https://anyone.example").await;
    assert_eq!(headers["access-control-allow-origin"], "*");
}

/// The password is hashed for long enough that the client is gone before there is an account.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_under_a_key_is_carried_out_though_its_client_is_gone() {
    let server = TestServer::start_with(|config| config.auth.password_memory_kib = 128 << 10).await;
    let email = "gone@example.org";
    let body = serde_json::json!({"name": "Gone", "email": email, "password": PASSWORD}).to_string();
    let request = format!(
        "POST /api/v1/auth/register HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nidempotency-key: gone-1\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let hashed = || server.app().state().passwords.hashed();
    let before = hashed();
    let mut client = TcpStream::connect(server.address()).await.unwrap();
    client.write_all(request.as_bytes()).await.unwrap();
    // A client that goes away before its request is read has asked for nothing.
    until(async || hashed() > before).await;
    drop(client);
    until(async || server.app().state().store.user_find_by_email(email).await.unwrap().is_some()).await;
    // The answer was kept with its key: in flight for a moment, then the same.
    let again = async || {
        let request = server.request(Method::POST, "/auth/register").header("idempotency-key", "gone-1");
        send(request.header("content-type", "application/json").body(body.clone())).await
    };
    until(async || again().await.status != 409).await;
    assert_eq!(again().await.expect(201)["user"]["email"], email);
}

const WRITE_TIMEOUT: Duration = Duration::from_millis(300);
const DOCUMENT: &[u8] = b"GET /api/docs/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
/// Far more than the buffers of both ends take.
const DOCUMENTS: usize = 400;

async fn connect_with_small_buffer(server: &TestServer) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(8 << 10).unwrap();
    socket.connect(server.address()).await.unwrap()
}

async fn read_all(stream: &mut TcpStream) -> usize {
    let mut bytes = Vec::new();
    // A connection that was cut may end in a reset.
    drop(timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await.expect("the connection ends"));
    bytes.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_read_is_cut_off_and_one_that_reads_slowly_is_served() {
    let server = TestServer::start_with(|config| config.http.write_timeout = WRITE_TIMEOUT).await;
    let last = b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let mut whole = connect_with_small_buffer(&server).await;
    whole.write_all(&[DOCUMENT, last].concat()).await.unwrap();
    let document_bytes = read_all(&mut whole).await;

    let mut deaf = connect_with_small_buffer(&server).await;
    let (mut deaf_read, mut deaf_write) = deaf.split();
    let requests = DOCUMENT.repeat(DOCUMENTS);
    let asking = async {
        // The server stops reading while it cannot write.
        drop(timeout(Duration::from_secs(10), deaf_write.write_all(&requests)).await);
        tokio::time::sleep(WRITE_TIMEOUT * 10).await;
    };
    asking.await;
    let mut received = Vec::new();
    drop(timeout(Duration::from_secs(20), deaf_read.read_to_end(&mut received)).await.expect("the connection is cut"));
    assert!(received.len() < document_bytes * DOCUMENTS / 2, "{} bytes to a peer that reads nothing", received.len());

    let mut slow = connect_with_small_buffer(&server).await;
    slow.write_all(&[DOCUMENT, last].concat()).await.unwrap();
    let (started, mut received) = (Instant::now(), 0);
    let mut piece = vec![0; document_bytes / 12];
    loop {
        match timeout(Duration::from_secs(5), slow.read(&mut piece)).await.expect("the server writes on").unwrap() {
            0 => break,
            bytes => received += bytes,
        }
        tokio::time::sleep(WRITE_TIMEOUT / 3).await;
    }
    assert_eq!(received, document_bytes);
    assert!(started.elapsed() > WRITE_TIMEOUT, "it was read too fast to prove anything");
}
