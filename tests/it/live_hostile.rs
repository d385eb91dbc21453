//! Sockets that mean no good: each is refused or ended by its own code, and the server goes on.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use usher_tests::live::{Opening, Watcher, open};
use usher_tests::server::TestServer;
use wire::LiveRequest;

use super::show::Show;

/// A client's frame, masked with zeros.
fn frame(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![head];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | u8::try_from(length).unwrap()),
        length => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

const TEXT: u8 = 0x81;
const FIRST_PART: u8 = 0x01;
const PART: u8 = 0x00;

async fn lives(server: &TestServer, show: &Show) {
    let mut watcher = Watcher::open(server, &show.id, Opening::default()).await;
    watcher.until(|watcher, _| (watcher.snapshots == 1).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_breaks_the_protocol_or_its_limits_is_ended_by_its_own_code() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let snapshot = serde_json::to_vec(&LiveRequest::Snapshot {}).unwrap();
    let flood: Vec<u8> = (0..1_000).flat_map(|_| frame(TEXT, &snapshot)).collect();
    let pings: Vec<u8> = (0..1_000).flat_map(|_| frame(0x89, b"x")).collect();
    let bomb: Vec<u8> = std::iter::once(frame(FIRST_PART, b"{"))
        .chain((0..2_000).map(|_| frame(PART, b"          ")))
        .flatten()
        .collect();
    let empty = frame(PART, b"").repeat(2_000);
    let nothing: Vec<u8> = [frame(FIRST_PART, b""), empty].concat();
    let announced = [&[0x81, 0xff][..], &u64::MAX.to_be_bytes(), &[0; 4]].concat();
    let table: [(&str, Vec<u8>, &str, u16); 15] = [
        ("a frame of 65 KiB - 1", frame(TEXT, &vec![b' '; 65_535]), "MESSAGE_TOO_LARGE", 1009),
        ("a frame of 4 KiB and one", frame(TEXT, &vec![b' '; 4_097]), "MESSAGE_TOO_LARGE", 1009),
        ("a frame of 2^64 bytes", announced, "MESSAGE_TOO_LARGE", 1009),
        ("many small parts", bomb, "TOO_MANY_MESSAGES", 1008),
        ("many parts of nothing", nothing, "TOO_MANY_MESSAGES", 1008),
        ("1,000 messages", flood, "TOO_MANY_MESSAGES", 1008),
        ("1,000 pings", pings, "TOO_MANY_MESSAGES", 1008),
        ("no mask", [&[0x81, 2][..], b"{}"].concat(), "MESSAGE_INVALID", 1007),
        ("no JSON", frame(TEXT, b"hello"), "MESSAGE_INVALID", 1007),
        ("not UTF-8", frame(TEXT, &[0xff, 0xfe]), "MESSAGE_INVALID", 1007),
        ("binary", frame(0x82, b"{}"), "MESSAGE_INVALID", 1007),
        ("a reserved opcode", frame(0x83, b"{}"), "MESSAGE_INVALID", 1007),
        ("reserved bits", frame(0xf1, b"{}"), "MESSAGE_INVALID", 1007),
        ("a part of nothing", frame(PART, b"{}"), "MESSAGE_INVALID", 1007),
        ("HTTP", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), "MESSAGE_INVALID", 1007),
    ];
    for (what, bytes, code, close) in table {
        let mut watcher = Watcher::open(&server, &show.id, Opening::default()).await;
        // The server may close before it has read everything.
        drop(watcher.stream().write_all(&bytes).await);
        assert_eq!(watcher.bye().await.0, code, "{what}");
        assert_eq!(watcher.closed().await.map(|frame| u16::from(frame.code)), Some(close), "{what}");
    }
    lives(&server, &show).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_within_the_limits_are_heard() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let mut watcher = Watcher::open(&server, &show.id, Opening::default()).await;
    for _ in 0..15 {
        watcher.say(&LiveRequest::Snapshot {}).await;
        watcher.send(Message::Ping(vec![7; 125].into())).await;
        let snapshots = watcher.snapshots;
        watcher.until(|watcher, _| (watcher.snapshots > snapshots).then_some(())).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    let close = CloseFrame { code: CloseCode::Normal, reason: "enough".into() };
    watcher.send(Message::Close(Some(close))).await;
    assert_eq!(watcher.closed().await.map(|close| close.code), Some(CloseCode::Normal), "a close is answered");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_never_ends_is_cut_off() {
    let server = TestServer::start_with(|config| config.http.header_read_timeout = Duration::from_millis(300)).await;
    let show = Show::on_sale(&server).await;
    let path = format!("/api/v1/events/{}/live", show.id);
    let mut slow = TcpStream::connect(server.address()).await.unwrap();
    let begun = Instant::now();
    slow.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    drop(tokio::time::timeout(Duration::from_secs(10), slow.read_to_end(&mut answer)).await.unwrap());
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(!String::from_utf8_lossy(&answer).contains(" 101 "));
    lives(&server, &show).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_opens_no_websocket_is_told_what_would() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let good = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    for (missing, _) in good {
        let request = good
            .iter()
            .filter(|(name, _)| *name != missing)
            .fold(server.request(reqwest::Method::GET, &show.path("/live")), |request, (name, value)| {
                request.header(*name, *value)
            });
        let answer = usher_tests::server::send(request).await;
        assert_eq!(answer.header("sec-websocket-version"), "13");
        answer.problem(426, "UPGRADE_REQUIRED");
    }
    server.post(None, &show.path("/live"), json!({})).await.problem(405, "METHOD_NOT_ALLOWED");
    server.get(None, &show.path("/live?from=x")).await.problem(400, "QUERY_INVALID");
    lives(&server, &show).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_another_origin_opens_nothing() {
    let server = TestServer::start_with(|config| {
        config.http.public_url = Some("https://tickets.example.org".to_owned());
        config.http.cors_origins = vec!["https://partner.example".to_owned()];
    })
    .await;
    let show = Show::on_sale(&server).await;
    let table = [
        (None, true),
        (Some("https://tickets.example.org"), true),
        (Some("https://partner.example"), true),
        (Some("https://evil.example"), false),
        (Some("http://tickets.example.org"), false),
        (Some("https://tickets.example.org.evil.example"), false),
        (Some("null"), false),
    ];
    for (origin, allowed) in table {
        let opening = Opening { origin: origin.map(str::to_owned), ..Opening::default() };
        match open(server.address(), &show.id, &opening).await {
            Ok(_) => assert!(allowed, "{origin:?}"),
            Err(refused) => {
                assert!(!allowed, "{origin:?}: {refused:?}");
                assert_eq!((refused.status, refused.code.as_str()), (403, "ORIGIN_NOT_ALLOWED"));
            }
        }
    }
    server.stop().await;
}
