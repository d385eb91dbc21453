//! The live feed tells exactly what is durable: every state a watcher reaches is the event's own at that `seq`, however he
//! got there.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use usher_tests::live::{Opening, View, Watcher};
use usher_tests::server::{Session, TestServer};
use wire::{LIVE_BINARY, LIVE_JSON, LiveFrame, LiveHoldState, LiveRequest};

use super::show::{Show, on_each_store, text};

/// Of booking at random while watchers compare.
const BOOKING: Duration = Duration::from_millis(1_500);

async fn seats(server: &TestServer, show: &Show) -> (u64, View) {
    let path = show.path("/availability?seats=true");
    let now = server.get(Some(&show.organizer), &path).await.expect(200);
    (now["seq"].as_u64().unwrap(), View::of_sections(&now["sections"]))
}

/// Places, releases and buys for a while, at random.
async fn book(server: &TestServer, show: &Show, buyer: &Session, seed: u32) {
    let until = Instant::now() + BOOKING;
    let mut number = seed;
    while Instant::now() < until {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let items = if number >> 16 & 7 == 0 {
            json!([{"area": "F", "quantity": 1 + (number >> 20) % 3}])
        } else {
            json!([{"seat": format!("A-{}-{}", 1 + (number >> 8) % 3, 1 + (number >> 12) % 10)}])
        };
        let held = server.post(Some(buyer), &show.path("/holds"), json!({"items": items})).await;
        if held.status != 201 {
            continue;
        }
        let hold = text(&held.body["id"]);
        if number >> 28 == 0 {
            let body = json!({"event_id": show.id, "hold_id": hold});
            let order = server.post(Some(buyer), "/orders", body).await.expect(201);
            let path = format!("/orders/{}/pay", text(&order["id"]));
            server.post(Some(buyer), &path, json!({"method": "mock"})).await.expect(200);
        } else {
            server.delete(Some(buyer), &show.path(&format!("/holds/{hold}"))).await.expect(204);
        }
    }
}

/// Every state the watcher passes, until he knows the one at `last`.
async fn states(mut watcher: Watcher, last: tokio::sync::watch::Receiver<Option<u64>>) -> BTreeMap<u64, View> {
    let mut states = BTreeMap::new();
    loop {
        watcher.frame().await.expect("the server goes on");
        if watcher.snapshots + watcher.deltas > 0 {
            states.insert(watcher.seq, watcher.view.clone());
        }
        if last.borrow().is_some_and(|last| watcher.seq >= last) {
            return states;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_watcher_sees_the_events_own_state_at_every_seq() {
    on_each_store(async |server| {
        let show = Show::on_sale(server).await;
        let map = server.get(None, &show.path("/seat-map")).await.expect(200);
        let (end, ended) = tokio::sync::watch::channel(None);
        let mut watchers = JoinSet::new();
        watchers.spawn(states(Watcher::open(server, &show.id, Opening::default()).await, ended.clone()));
        let binary = Opening { protocols: Some(LIVE_BINARY.to_owned()), ..Opening::default() };
        let mut watcher = Watcher::open(server, &show.id, binary).await;
        watcher.know_map(&map);
        watchers.spawn(states(watcher, ended.clone()));
        let buyers = [server.attendee().await, server.attendee().await, server.attendee().await];
        let booking = async {
            let [first, second, third] = &buyers;
            tokio::join!(book(server, &show, first, 1), book(server, &show, second, 2), book(server, &show, third, 3));
        };
        let asking = async {
            let mut truth = BTreeMap::new();
            let until = Instant::now() + BOOKING;
            while Instant::now() < until {
                let (seq, view) = seats(server, &show).await;
                truth.insert(seq, view);
            }
            truth
        };
        let late = async {
            tokio::time::sleep(BOOKING / 2).await;
            Watcher::open(server, &show.id, Opening::default()).await
        };
        let ((), mut truth, late) = tokio::join!(booking, asking, late);
        watchers.spawn(states(late, ended.clone()));
        let (last, view) = seats(server, &show).await;
        truth.insert(last, view);
        end.send_replace(Some(last));
        let mut compared = 0;
        for states in watchers.join_all().await {
            assert!(states.len() > 3, "{} states", states.len());
            assert!(states.contains_key(&last), "{:?} without {last}", states.keys());
            for (seq, view) in states {
                if let Some(truth) = truth.get(&seq) {
                    assert_eq!(view, *truth, "at {seq}");
                    compared += 1;
                }
            }
        }
        assert!(compared > 3, "only {compared} states could be compared");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_gets_what_he_missed_or_a_snapshot() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let map = server.get(None, &show.path("/seat-map")).await.expect(200);
    let buyer = server.attendee().await;
    let mut first = Watcher::open(&server, &show.id, Opening::default()).await;
    first.until(|watcher, _| (watcher.snapshots == 1).then_some(())).await;
    let (known, view) = (first.seq, first.view.clone());
    show.hold(&server, &buyer, json!([{"seat": "A-1-1"}, {"area": "F", "quantity": 2}])).await;
    let (now, truth) = seats(&server, &show).await;
    first.reach(now).await;

    let resume = |from| Opening { from: Some(from), ..Opening::default() };
    let mut back = Watcher::open(&server, &show.id, resume(known)).await;
    back.know_map(&map);
    (back.seq, back.view) = (known, view);
    back.reach(now).await;
    assert_eq!((back.snapshots, &back.view), (0, &truth), "deltas alone");

    let mut current = Watcher::open(&server, &show.id, resume(now)).await;
    current.know_map(&map);
    (current.seq, current.view) = (now, truth.clone());
    show.hold(&server, &buyer, json!([{"seat": "A-1-2"}])).await;
    let (later, truth) = seats(&server, &show).await;
    current.reach(later).await;
    assert_eq!((current.snapshots, &current.view), (0, &truth), "nothing was missed");

    let mut lost = Vec::new();
    for unknown in [0, later + 1, u64::MAX] {
        let mut watcher = Watcher::open(&server, &show.id, resume(unknown)).await;
        let frame = watcher.frame().await.unwrap();
        assert!(matches!(frame, LiveFrame::Snapshot(_)), "{frame:?}");
        watcher.reach(later).await;
        assert_eq!(watcher.view, truth);
        lost.push(watcher);
    }
    // They go on from there, also when the event comes to where one of them said to be.
    show.hold(&server, &buyer, json!([{"seat": "A-1-3"}])).await;
    let (later, truth) = seats(&server, &show).await;
    for watcher in &mut lost {
        watcher.reach(later).await;
        assert_eq!((watcher.snapshots, &watcher.view), (1, &truth));
    }
    first.say(&LiveRequest::Snapshot {}).await;
    first.until(|watcher, _| (watcher.snapshots == 2).then_some(())).await;
    assert_eq!(first.view, truth);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sale_and_counts_are_told_with_the_tiers_that_all_may_see() {
    let server = TestServer::start().await;
    let show = Show::draft_with(&server, json!({})).await;
    let hidden = json!({"name": "Friends", "price": {"amount_minor": 1, "currency": "EUR"}, "categories": ["floor"],
        "access_code": "sesame"});
    server.post(Some(&show.organizer), &show.path("/tiers"), hidden).await.expect(201);
    let mut own = Watcher::open(&server, &show.id, Opening::signed_in(&show.organizer)).await;
    let status = async |watcher: &mut Watcher| {
        let sale = watcher.until(|_, frame| match frame {
            LiveFrame::Sale(sale) => Some(sale.clone()),
            _ => None,
        });
        serde_json::to_value(sale.await.status).unwrap()
    };
    assert_eq!(status(&mut own).await, "draft");
    server.post(Some(&show.organizer), &show.path("/publish"), json!({})).await.expect(200);
    assert_eq!(status(&mut own).await, "published");

    let mut all = Watcher::open(&server, &show.id, Opening::default()).await;
    let buyer = server.attendee().await;
    show.buy(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
    let counts = all
        .until(|_, frame| match frame {
            LiveFrame::Counts(counts) if counts.totals.sold == 1 => Some(counts.clone()),
            _ => None,
        })
        .await;
    let tiers: Vec<String> = counts.tiers.iter().map(|tier| tier.id.to_string()).collect();
    assert_eq!(tiers, [show.seats.as_str(), &show.standing]);
    assert_eq!((counts.tiers[0].free, counts.tiers[0].sold), (39, 1));
    server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
    assert_eq!(status(&mut all).await, "cancelled");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_are_told_to_their_owner_alone() {
    on_each_store(async |server| {
        let show = Show::on_sale_with(server, json!({"hold_ttl_s": 2})).await;
        let (alice, bob) = (server.attendee().await, server.attendee().await);
        show.hold(server, &alice, json!([{"seat": "A-3-1"}])).await;
        let holds = async |watcher: &mut Watcher| {
            let list = watcher.until(|_, frame| match frame {
                LiveFrame::Holds { holds } => Some(holds.clone()),
                _ => None,
            });
            list.await
        };
        let mut own = Watcher::open(server, &show.id, Opening::signed_in(&alice)).await;
        let by_protocol =
            Opening { protocols: Some(format!("{LIVE_JSON}, bearer.{}", alice.access_token)), ..Opening::default() };
        let mut second = Watcher::open(server, &show.id, by_protocol).await;
        assert_eq!(second.protocol.as_deref(), Some(LIVE_JSON));
        for watcher in [&mut own, &mut second] {
            let first = holds(watcher).await;
            assert_eq!((first.len(), first[0].state), (1, LiveHoldState::Placed));
            assert!(first[0].expires_at.is_some());
        }
        let mut other = Watcher::open(server, &show.id, Opening::signed_in(&bob)).await;
        let mut nobody = Watcher::open(server, &show.id, Opening::default()).await;
        assert!(holds(&mut other).await.is_empty());

        let expired = own.hold().await;
        assert_eq!((expired.state, expired.expires_at), (LiveHoldState::Expired, None));
        let placed = show.hold(server, &alice, json!([{"seat": "A-3-2"}])).await;
        let id = text(&placed["id"]);
        server.post(Some(&alice), &show.path(&format!("/holds/{id}/extend")), json!({})).await.expect(200);
        server.delete(Some(&alice), &show.path(&format!("/holds/{id}"))).await.expect(204);
        show.buy(server, &alice, json!([{"seat": "A-3-3"}])).await;
        for watcher in [&mut own, &mut second] {
            let mut states = Vec::new();
            while states.last() != Some(&LiveHoldState::Confirmed) {
                states.push(watcher.hold().await.state);
            }
            let ends: Vec<_> = states.into_iter().filter(|state| *state != LiveHoldState::Extended).collect();
            let [.., first, second, third, last] = ends[..] else { panic!("{ends:?}") };
            use LiveHoldState::{Confirmed, Placed, Released};
            assert_eq!([first, second, third, last], [Placed, Released, Placed, Confirmed]);
        }
        let (now, _) = seats(server, &show).await;
        for watcher in [&mut other, &mut nobody] {
            while watcher.seq < now {
                let frame = watcher.frame().await.unwrap();
                assert!(!matches!(frame, LiveFrame::Hold(_) | LiveFrame::Holds { .. }), "{frame:?}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_change_after_a_pause_is_told_at_once() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    let mut watcher = Watcher::open(&server, &show.id, Opening::default()).await;
    watcher.until(|watcher, _| (watcher.snapshots == 1).then_some(())).await;
    show.hold(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
    let delta = watcher
        .until(|_, frame| match frame {
            LiveFrame::Delta(delta) if !delta.seats.is_empty() => Some(delta.clone()),
            _ => None,
        })
        .await;
    let now_us = engine::Clock::now(&*server.app().state().clock).0;
    assert_eq!(delta.seats, [(0, "h".to_owned())]);
    assert!((0..2_000_000).contains(&(now_us - delta.at_us)), "{} µs", now_us - delta.at_us);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_graceful_stop_says_goodbye_and_the_next_server_goes_on() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    show.hold(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
    let mut watchers = Vec::new();
    for _ in 0..5 {
        watchers.push(Watcher::open(&server, &show.id, Opening::default()).await);
    }
    let map = server.get(None, &show.path("/seat-map")).await.expect(200);
    let (now, view) = seats(&server, &show).await;
    watchers[0].reach(now).await;
    let home = server.stop().await;
    for watcher in &mut watchers {
        let (code, retry_after_s) = watcher.bye().await;
        assert_eq!(code, "STOPPING");
        assert!((1..=10).contains(&retry_after_s.unwrap()), "{retry_after_s:?}");
        assert_eq!(watcher.closed().await.map(|close| u16::from(close.code)), Some(1012));
    }
    let server = TestServer::start_in(home, |_| {}).await;
    let mut back = Watcher::open(&server, &show.id, Opening { from: Some(now), ..Opening::default() }).await;
    back.know_map(&map);
    (back.seq, back.view) = (now, view);
    show.hold(&server, &buyer, json!([{"seat": "A-1-2"}])).await;
    let (later, truth) = seats(&server, &show).await;
    back.reach(later).await;
    assert_eq!((back.snapshots, &back.view), (0, &truth));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_nobody_may_see_has_no_feed() {
    let server = TestServer::start().await;
    let show = Show::draft_with(&server, json!({})).await;
    let (stranger, admin) = (server.attendee().await, server.admin().await);
    let unknown = "019aa1b2-0000-7000-8000-000000000001";
    for (event, opening) in [
        (unknown, Opening::default()),
        (show.id.as_str(), Opening::default()),
        (show.id.as_str(), Opening::signed_in(&stranger)),
    ] {
        let refused = usher_tests::live::open(server.address(), event, &opening).await.err().unwrap();
        assert_eq!((refused.status, refused.code.as_str()), (404, "EVENT_NOT_FOUND"));
    }
    for may in [&show.organizer, &admin] {
        let mut watcher = Watcher::open(&server, &show.id, Opening::signed_in(may)).await;
        watcher.until(|watcher, _| (watcher.snapshots == 1).then_some(())).await;
    }
    // Followed by its organizer, and still nobody else's.
    let refused = usher_tests::live::open(server.address(), &show.id, &Opening::default()).await.err().unwrap();
    assert_eq!(refused.status, 404);
    server.get(None, &show.path("/live")).await.problem(426, "UPGRADE_REQUIRED");
    server.stop().await;
}
