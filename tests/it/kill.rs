//! `kill -9` in the middle of an on-sale's rush, again and again. The judge is the load generator: it knows what it was
//! told, and audits that after the last restart. Nothing acknowledged may be lost, nothing sold twice.
//!
//! `USHER_TEST_KILL_SEED` draws the same instants again.

use std::path::Path;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::process::ServerProcess;

use crate::sale::{Crowd, Sale, answers, audit, purchases};

const KILLS: u32 = 20;
/// Most come in the first seconds, more than a server that dies all the time can serve: they queue up until the last kill.
const BUYERS: u32 = 3_600;
const SALE_SECONDS: u32 = 30;
/// From the first thing that the server acknowledges to its end.
const ALIVE_MS: std::ops::Range<u64> = 0..600;
/// For that first thing: the crowd backs off while nobody answers.
const QUIET: Duration = Duration::from_secs(3);
/// Of the kills, how many hit a server that had just acknowledged something.
const BUSY_MIN: u32 = KILLS / 2;
const PURCHASES_MIN: usize = 500;

#[test]
fn twenty_kills_of_a_sale_on_sqlite_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = ("USHER_DATA_DIR", dir.path().join("store").display().to_string());
    sell_under_kills(vec![store], dir.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn twenty_kills_of_a_sale_on_postgres_lose_nothing() {
    let Some(database) = TemporaryDatabase::create().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = ("USHER_DATABASE_URL", database.url());
    let home = ("USHER_DATA_DIR", dir.path().join("node").display().to_string());
    tokio::task::block_in_place(|| sell_under_kills(vec![store, home], dir.path()));
}

fn sell_under_kills(mut settings: Vec<(&'static str, String)>, dir: &Path) {
    settings.push(("USHER_RATE_LIMIT", "off".into()));
    settings.push(("USHER_LOG", "error".into()));
    let log = dir.join("acknowledged.jsonl");
    let seed = seed();
    let mut rng = StdRng::seed_from_u64(seed);
    let mut server = ServerProcess::new(settings);
    server.start();
    let crowd = Crowd { curve: "spike", buyers: BUYERS, seconds: SALE_SECONDS, seed };
    let mut sale = Sale::start(&server.url(), &log, &crowd);
    sale.wait_for_purchases(&log, 1);

    let mut busy = 0;
    for kills in 0..KILLS {
        let before = answers(&log);
        let quiet_until = Instant::now() + QUIET;
        while answers(&log) == before && Instant::now() < quiet_until {
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(rng.random_range(ALIVE_MS)));
        assert!(sale.ended().is_none(), "the sale ended after {kills} kills; it must outlast them");
        server.kill();
        busy += u32::from(answers(&log) > before);
        server.start();
    }
    let verdict = sale.wait();
    assert!(busy >= BUSY_MIN, "only {busy} kills hit a server at work");
    assert!(purchases(&log) >= PURCHASES_MIN, "so few purchases prove nothing: {}", purchases(&log));
    assert!(verdict.success(), "the audit of the running server failed: {verdict}");

    // Once more from the disk alone.
    server.kill();
    assert!(server.run("audit"), "journal, tables and invariants disagree");
    server.start();
    assert!(audit(&log), "the audit after the last restart failed");
}

/// Said at once: it is shown when the test fails.
#[expect(clippy::disallowed_macros, reason = "whoever sees it fail must be able to draw the same instants")]
fn seed() -> u64 {
    let given = std::env::var("USHER_TEST_KILL_SEED").ok();
    let seed = given.map_or_else(rand::random, |seed| seed.parse().expect("a seed is a whole number"));
    println!("USHER_TEST_KILL_SEED={seed}");
    seed
}
