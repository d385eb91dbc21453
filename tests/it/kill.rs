//! `kill -9` in the middle of an on-sale, again and again. The judge is the load generator: it knows what it was told,
//! and audits that after the last restart. Nothing acknowledged may be lost, nothing sold twice.

use std::path::Path;
use std::time::Duration;

use rand::RngExt;
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::process::ServerProcess;

use crate::sale::{Sale, audit, purchases};

const KILLS: u32 = 20;
const SALE_SECONDS: u32 = 30;
/// The server runs for at least and at most this long between two kills.
const ALIVE_MS: std::ops::Range<u64> = 150..1_400;

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
    let mut server = ServerProcess::new(settings);
    server.start();
    let mut sale = Sale::start(&server.url(), &log, SALE_SECONDS);
    sale.wait_for_purchases(&log, 1);

    let mut kills = 0;
    while kills < KILLS {
        std::thread::sleep(Duration::from_millis(rand::rng().random_range(ALIVE_MS)));
        assert!(sale.ended().is_none(), "the sale ended after {kills} kills; it must outlast them");
        server.kill();
        server.start();
        kills += 1;
    }
    let verdict = sale.wait();
    assert!(purchases(&log) >= 100, "so few purchases prove nothing: {}", purchases(&log));
    assert!(verdict.success(), "the audit of the running server failed: {verdict}");

    // Once more from the disk alone.
    server.kill();
    assert!(server.run("audit"), "journal, tables and invariants disagree");
    server.start();
    assert!(audit(&log), "the audit after the last restart failed");
}
