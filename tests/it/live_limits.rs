//! Caps, times and tokens of sockets: exact, and none of them anybody else's loss.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use usher_tests::live::{Opening, Watcher, open};
use usher_tests::server::{Session, TestServer};
use wire::{LiveFrame, LiveRequest};

use super::show::Show;

/// `true`: a 429 of the caps; anything else but a socket is a failure.
async fn is_full(server: &TestServer, show: &Show, opening: &Opening, kept: &mut Vec<Watcher>) -> bool {
    match open(server.address(), &show.id, opening).await {
        Ok(watcher) => {
            kept.push(watcher);
            false
        }
        Err(refused) => {
            assert_eq!((refused.status, refused.code.as_str()), (429, "SOCKETS_TOO_MANY"));
            assert!(refused.retry_after.is_some());
            true
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caps_of_an_account_and_of_an_address_are_exact() {
    let server = TestServer::start_with(|config| {
        config.live.sockets_per_user_max = 3;
        config.live.sockets_per_ip_max = 7;
    })
    .await;
    let show = Show::on_sale(&server).await;
    let (alice, bob) = (server.attendee().await, server.attendee().await);
    let mut kept = Vec::new();
    let (alice, bob) = (Opening::signed_in(&alice), Opening::signed_in(&bob));
    for _ in 0..3 {
        assert!(!is_full(&server, &show, &alice, &mut kept).await);
    }
    assert!(is_full(&server, &show, &alice, &mut kept).await);
    for _ in 0..3 {
        assert!(!is_full(&server, &show, &bob, &mut kept).await);
    }
    assert!(!is_full(&server, &show, &Opening::default(), &mut kept).await);
    assert!(is_full(&server, &show, &Opening::default(), &mut kept).await);
    // One leaves, and one finds a place.
    kept.remove(0);
    let deadline = Instant::now() + Duration::from_secs(10);
    while is_full(&server, &show, &alice, &mut kept).await {
        assert!(Instant::now() < deadline, "the place was not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(kept.len(), 7);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_reconnects_is_answered_and_the_cap_of_the_server_holds() {
    let server = TestServer::start_with(|config| {
        config.live.sockets_max = 100;
        config.live.sockets_per_ip_max = 1_000;
        config.live.handshakes_max = 16;
    })
    .await;
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    let mut calm = Vec::new();
    for seat in 1..=5 {
        calm.push(purchase(&server, &show, &buyer, &format!("A-1-{seat}")).await);
    }
    // Each comes back as soon as it is refused, until the purchases are done.
    let (mut storm, is_over) = (JoinSet::new(), Arc::new(AtomicBool::new(false)));
    for _ in 0..200 {
        let (address, event, is_over) = (server.address(), show.id.clone(), Arc::clone(&is_over));
        storm.spawn(async move {
            let mut answers = Vec::new();
            while !is_over.load(Relaxed) {
                answers.push(open(address, &event, &Opening::default()).await);
            }
            answers
        });
    }
    let mut stormy = Vec::new();
    for seat in 1..=10 {
        stormy.push(purchase(&server, &show, &buyer, &format!("A-2-{seat}")).await);
    }
    is_over.store(true, Relaxed);
    let (mut opened, mut waits) = (Vec::new(), Vec::new());
    let answers: Vec<_> = storm.join_all().await.into_iter().flatten().collect();
    assert!(answers.len() >= 400, "{} came", answers.len());
    for answer in answers {
        match answer {
            Ok(watcher) => opened.push(watcher),
            Err(refused) => {
                assert_eq!((refused.status, refused.code.as_str()), (503, "SOCKETS_BUSY"));
                waits.push(refused.retry_after.unwrap());
            }
        }
    }
    assert!(!opened.is_empty() && opened.len() <= 100, "{} opened", opened.len());
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 3, "who is refused comes back at another moment: {waits:?}");
    assert!(waits.iter().all(|seconds| (1..=10).contains(seconds)), "{waits:?}");
    // Two hundred on the same cores as the server and the buyer.
    let (calm, stormy) = (median(calm), median(stormy));
    assert!(stormy < calm * 20 + Duration::from_millis(500), "a purchase took {stormy:?}, and {calm:?} before");
    for watcher in &mut opened {
        watcher.until(|watcher, _| (watcher.snapshots == 1).then_some(())).await;
    }
    server.stop().await;
}

async fn purchase(server: &TestServer, show: &Show, buyer: &Session, seat: &str) -> Duration {
    let begun = Instant::now();
    show.buy(server, buyer, json!([{"seat": seat}])).await;
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_too_often_is_limited_by_address() {
    let server = TestServer::start_with(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.login_per_ip_per_min = 1_000;
        config.rate_limit.live_per_ip_per_s = 2;
    })
    .await;
    let show = Show::on_sale(&server).await;
    let mut refused = None;
    for _ in 0..20 {
        if let Err(answer) = open(server.address(), &show.id, &Opening::default()).await {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.unwrap();
    assert_eq!((refused.status, refused.code.as_str()), (429, "RATE_LIMITED"));
    server.get(None, &show.path("/availability")).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_lives_as_long_as_its_token_or_a_newer_one() {
    let server = TestServer::start_with(|config| config.auth.access_ttl = Duration::from_secs(4)).await;
    let show = Show::on_sale(&server).await;
    let (alice, bob) = (server.attendee().await, server.attendee().await);
    let mut expiring = Watcher::open(&server, &show.id, Opening::signed_in(&alice)).await;
    let mut renewed = Watcher::open(&server, &show.id, Opening::signed_in(&alice)).await;
    let mut foreign = Watcher::open(&server, &show.id, Opening::signed_in(&alice)).await;
    foreign.say(&LiveRequest::Token { access_token: bob.access_token.clone() }).await;
    assert_eq!(foreign.bye().await.0, "TOKEN_INVALID");
    let mut anonymous = Watcher::open(&server, &show.id, Opening::default()).await;
    anonymous.say(&LiveRequest::Token { access_token: alice.access_token.clone() }).await;
    assert_eq!(anonymous.bye().await.0, "MESSAGE_INVALID");

    tokio::time::sleep(Duration::from_secs(2)).await;
    let fresh = server.login(&alice.email, usher_tests::server::PASSWORD).await;
    renewed.say(&LiveRequest::Token { access_token: fresh.access_token.clone() }).await;
    assert_eq!(expiring.bye().await.0, "TOKEN_EXPIRED");
    show.hold(&server, &fresh, json!([{"seat": "A-1-1"}])).await;
    renewed.hold().await;
    let begun = Instant::now();
    assert_eq!(renewed.bye().await.0, "TOKEN_EXPIRED");
    assert!(begun.elapsed() > Duration::from_millis(300), "{:?}", begun.elapsed());
    let refused = open(server.address(), &show.id, &Opening::signed_in(&alice)).await.err().unwrap();
    assert_eq!((refused.status, refused.code.as_str()), (401, "TOKEN_EXPIRED"));
    let garbage = Opening { protocols: Some("usher.v1.json, bearer.x".to_owned()), ..Opening::default() };
    let refused = open(server.address(), &show.id, &garbage).await.err().unwrap();
    assert_eq!((refused.status, refused.code.as_str()), (401, "TOKEN_INVALID"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_gives_no_sign_of_life_is_closed_and_one_that_answers_stays() {
    let server = TestServer::start_with(|config| {
        config.live.ping_after = Duration::from_millis(300);
        config.live.idle_timeout = Duration::from_millis(900);
    })
    .await;
    let show = Show::on_sale(&server).await;
    let mut silent = Watcher::open(&server, &show.id, Opening::default()).await;
    let mut lively = Watcher::open(&server, &show.id, Opening::default()).await;
    let buyer = server.attendee().await;
    // Reading is what answers pings: one reads all the time, the other not until it is too late.
    let reading = async {
        lively
            .until(|_, frame| matches!(frame, LiveFrame::Counts(counts) if counts.totals.sold == 1).then_some(()))
            .await;
    };
    let silence = async {
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        assert_eq!(silent.bye().await.0, "IDLE");
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        show.buy(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
    };
    tokio::join!(reading, silence);
    server.stop().await;
}

/// 60,000 seats: a snapshot of them fills the buffers between two processes quickly.
async fn arena(server: &TestServer) -> Show {
    let show = Show::draft_with(server, json!({})).await;
    let numbers: Vec<String> = (1..=100).map(|number| number.to_string()).collect();
    let rows: Vec<_> = (1..=20).map(|row| json!({"id": row.to_string(), "seats": numbers})).collect();
    let section = |id: String| json!({"id": id, "name": id, "rows": rows, "category": "stalls"});
    let mut sections: Vec<_> = (1..=30).map(|at| section(format!("S{at}"))).collect();
    sections.push(json!({"id": "F", "name": "Floor", "capacity": 50, "category": "floor"}));
    let map = json!({"sections": sections});
    server.put(Some(&show.organizer), &show.path("/seat-map"), map).await.expect(200);
    server.post(Some(&show.organizer), &show.path("/publish"), json!({})).await.expect(200);
    show
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_never_read_are_closed_and_hold_up_nobody() {
    let server = TestServer::start_with(|config| {
        config.live.write_timeout = Duration::from_millis(500);
        config.live.sockets_per_user_max = 1;
    })
    .await;
    let show = arena(&server).await;
    let buyer = server.attendee().await;
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let mut reader = Watcher::open(&server, &show.id, Opening::default()).await;
        reader.until(|watcher, _| (watcher.snapshots == 1).then_some(())).await;
        readers.push(reader);
    }
    let (mut calm, mut waited) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        calm.push(told_to_all(&server, &show, &buyer, &mut readers).await);
    }
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        let account = server.attendee().await;
        let socket = Watcher::open(&server, &show.id, Opening::signed_in(&account)).await;
        stalled.push((account, socket));
    }
    let deadline = Instant::now() + Duration::from_secs(40);
    let mut closed = Vec::new();
    // While one is there, its account's only place is taken.
    while !stalled.is_empty() {
        let mut open_still = Vec::new();
        for (account, mut socket) in stalled {
            socket.say(&LiveRequest::Snapshot {}).await;
            match open(server.address(), &show.id, &Opening::signed_in(&account)).await {
                Ok(_) => closed.push(socket),
                Err(refused) => {
                    assert_eq!(refused.code, "SOCKETS_TOO_MANY");
                    open_still.push((account, socket));
                }
            }
        }
        stalled = open_still;
        waited.push(told_to_all(&server, &show, &buyer, &mut readers).await);
        assert!(Instant::now() < deadline, "{} stalled sockets are still open", stalled.len());
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let (calm, waited) = (median(calm), median(waited));
    assert!(waited < calm * 5 + Duration::from_millis(500), "those that read waited {waited:?}, and {calm:?} before");
    assert!(readers.iter().all(|reader| reader.snapshots == 1), "nor did they fall behind");
    // They had been sent all they could take; there is an end, and no last word.
    for mut socket in closed {
        while let Some(frame) = socket.frame().await {
            assert!(!matches!(frame, LiveFrame::Bye { .. }), "{frame:?}");
        }
    }
    server.stop().await;
}

const STALLED: usize = 6;
const READERS: usize = 4;

/// From a hold to the last reader that has heard of it. The hold is given back.
async fn told_to_all(server: &TestServer, show: &Show, buyer: &Session, readers: &mut [Watcher]) -> Duration {
    let hold = show.hold(server, buyer, json!([{"area": "F", "quantity": 1}])).await;
    let begun = Instant::now();
    for reader in readers {
        reader.reach(hold["seq"].as_u64().unwrap()).await;
    }
    let waited = begun.elapsed();
    let path = show.path(&format!("/holds/{}", hold["id"].as_str().unwrap()));
    server.delete(Some(buyer), &path).await.expect(204);
    waited
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// It is sent all it can take, and then waited for; the login ends meanwhile, and so does the socket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_waited_for_ends_with_its_login() {
    let server = TestServer::start_with(|config| {
        config.auth.access_ttl = Duration::from_secs(20);
        config.live.write_timeout = Duration::from_secs(120);
        config.live.sockets_per_user_max = 1;
    })
    .await;
    let show = arena(&server).await;
    let slow = server.attendee().await;
    let mut stalled = Watcher::open(&server, &show.id, Opening::signed_in(&slow)).await;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        stalled.say(&LiveRequest::Snapshot {}).await;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let fresh = server.login(&slow.email, usher_tests::server::PASSWORD).await;
    // While the first is there, the account's only place is taken.
    while let Err(refused) = open(server.address(), &show.id, &Opening::signed_in(&fresh)).await {
        assert_eq!(refused.code, "SOCKETS_TOO_MANY");
        assert!(begun.elapsed() < Duration::from_secs(40), "the stalled socket outlives its login");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    while let Some(frame) = stalled.frame().await {
        assert!(!matches!(frame, LiveFrame::Bye { .. }), "it was never waited for: {frame:?}");
    }
    server.stop().await;
}

/// What is looked up now and then while a socket is open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_suspended_or_sent_home_watches_no_longer() {
    let server = TestServer::start().await;
    let show = Show::draft_with(&server, json!({})).await;
    let (admin, door, box_office) = (server.admin().await, server.attendee().await, server.attendee().await);
    for (staff, role) in [(&door, "door"), (&box_office, "box_office")] {
        let post = json!({"email": staff.email, "role": role});
        server.post(Some(&show.organizer), &show.path("/staff"), post).await.expect(201);
    }
    let mut sent_home = Watcher::open(&server, &show.id, Opening::signed_in(&door)).await;
    let mut suspended = Watcher::open(&server, &show.id, Opening::signed_in(&box_office)).await;
    let mut organizer = Watcher::open(&server, &show.id, Opening::signed_in(&show.organizer)).await;
    server.delete(Some(&show.organizer), &show.path(&format!("/staff/{}", door.id))).await.expect(204);
    let account = format!("/users/{}", box_office.id);
    server.patch(Some(&admin), &account, json!({"status": "suspended"})).await.expect(200);
    assert_eq!(sent_home.bye().await.0, "EVENT_NOT_FOUND");
    assert_eq!(suspended.bye().await.0, "ACCOUNT_SUSPENDED");
    for (account, status, code) in [(&door, 404, "EVENT_NOT_FOUND"), (&box_office, 403, "ACCOUNT_SUSPENDED")] {
        let refused = open(server.address(), &show.id, &Opening::signed_in(account)).await.err().unwrap();
        assert_eq!((refused.status, refused.code.as_str()), (status, code));
    }
    organizer.say(&LiveRequest::Snapshot {}).await;
    organizer.until(|watcher, _| (watcher.snapshots == 2).then_some(())).await;
    server.stop().await;
}
