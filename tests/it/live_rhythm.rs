//! How often the feed speaks: never more than 20 times a second, never silent for long, and with one that reads slowly
//! not at all until he reads.

use std::time::{Duration, Instant};

use serde_json::json;
use usher_tests::live::{Opening, View, Watcher};
use usher_tests::server::{Session, TestServer, send};
use wire::LiveFrame;

use super::show::Show;
use super::waiting_room::attendees;

/// Between two deltas with few watchers, at least.
const PERIOD: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_nothing_happens_a_heart_beats() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let mut watcher = Watcher::open(&server, &show.id, Opening::default()).await;
    let mut spoke_at = Instant::now();
    let seq = loop {
        match watcher.frame().await.expect("the server goes on") {
            LiveFrame::Heartbeat { seq, .. } => break seq,
            _ => spoke_at = Instant::now(),
        }
    };
    let silence = spoke_at.elapsed();
    assert!((13..=18).contains(&silence.as_secs()), "{silence:?}");
    assert_eq!(seq, watcher.seq, "it says how far the feed has come");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deltas_come_twenty_times_a_second_at_most_and_leave_nothing_out() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let buyers: [Session; 4] = attendees(&server, 4).await.try_into().unwrap_or_else(|_| panic!("four"));
    let mut watcher = Watcher::open(&server, &show.id, Opening::default()).await;
    watcher.until(|watcher, _| (watcher.snapshots == 1).then_some(())).await;
    let begun = Instant::now();
    let selling = async |buyer: &Session| {
        let mut changes = 0;
        while begun.elapsed() < Duration::from_secs(3) {
            let hold = show.hold(&server, buyer, json!([{"area": "F", "quantity": 1}])).await;
            let path = show.path(&format!("/holds/{}", hold["id"].as_str().expect("an id")));
            server.delete(Some(buyer), &path).await.expect(204);
            changes += 2;
        }
        changes
    };
    let watching = async {
        let (mut deltas, mut took) = (0_u32, Duration::ZERO);
        while begun.elapsed() < Duration::from_secs(3) {
            if let LiveFrame::Delta(_) = watcher.frame().await.expect("the server goes on") {
                deltas += 1;
                took = begun.elapsed();
            }
        }
        (deltas, took)
    };
    let [first, second, third, last] = &buyers;
    let (one, two, three, four, (deltas, took)) =
        tokio::join!(selling(first), selling(second), selling(third), selling(last), watching);
    let (changes, most) = (one + two + three + four, took.as_millis() / PERIOD.as_millis() + 1);
    assert!(u128::from(deltas) <= most, "{deltas} deltas in {took:?}, {most} at most");
    assert!(changes > deltas, "{deltas} deltas for {changes} changes: there was nothing to conflate");
    let now = server.get(None, &show.path("/availability?seats=true")).await.expect(200);
    watcher.reach(now["seq"].as_u64().expect("a number")).await;
    assert_eq!((watcher.snapshots, watcher.view), (1, View::of_sections(&now["sections"])));
    server.stop().await;
}

async fn lagged(server: &TestServer) -> f64 {
    let metrics = send(reqwest::Client::new().get(server.url("/metrics"))).await.text;
    let value = metrics.lines().find_map(|line| line.strip_prefix("usher_live_lagged_total "));
    value.map_or(0.0, |value| value.parse().expect("a number"))
}

/// 40,000 seats in a block that is withheld and released: each time a delta of 40 KB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_reads_slowly_skips_what_it_missed_and_gets_a_snapshot() {
    // It answers no ping while it does not read, and a slow machine takes a while for all the changes.
    let server = TestServer::start_with(|config| {
        config.live.write_timeout = Duration::from_secs(60);
        config.live.idle_timeout = Duration::from_secs(300);
    })
    .await;
    let show = Show::draft_with(&server, json!({})).await;
    let numbers: Vec<String> = (1..=100).map(|number| number.to_string()).collect();
    let rows: Vec<_> = (1..=20).map(|row| json!({"id": row.to_string(), "seats": numbers})).collect();
    let section = |id: String| json!({"id": id, "name": id, "rows": rows, "category": "stalls", "block": "all"});
    let mut sections: Vec<_> = (1..=20).map(|at| section(format!("S{at}"))).collect();
    sections.push(json!({"id": "F", "name": "Floor", "capacity": 50, "category": "floor"}));
    let organizer = Some(&show.organizer);
    server.put(organizer, &show.path("/seat-map"), json!({"sections": sections})).await.expect(200);
    server.post(organizer, &show.path("/publish"), json!({})).await.expect(200);

    let opening = Opening { receive_bytes: Some(8 << 10), ..Opening::default() };
    let mut slow = Watcher::open(&server, &show.id, opening).await;
    slow.until(|watcher, _| (watcher.snapshots == 1).then_some(())).await;
    let before = lagged(&server).await;
    // 5 MB: more than the buffers of the system hold, and the ring of the feed.
    for change in ["withhold", "release"].into_iter().cycle().take(125) {
        server.post(organizer, &show.path(&format!("/blocks/all/{change}")), json!({})).await.expect(200);
        // Back before it is told would be nothing to tell.
        tokio::time::sleep(PERIOD + PERIOD / 2).await;
    }
    let now = server.get(None, &show.path("/availability?seats=true")).await.expect(200);
    let seq = now["seq"].as_u64().expect("a number");
    slow.reach(seq).await;
    assert!(slow.snapshots > 1, "it read {} deltas and no other snapshot", slow.deltas);
    assert_eq!(slow.view, View::of_sections(&now["sections"]));
    assert!(lagged(&server).await > before);
    server.stop().await;
}
