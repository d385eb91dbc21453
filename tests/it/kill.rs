//! `kill -9` in the middle of an on-sale, again and again. The judge is the load generator: it knows what it was told,
//! and audits that after the last restart. Nothing acknowledged may be lost, nothing sold twice.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rand::RngExt;
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::process::{ServerProcess, binary};

const KILLS: u32 = 20;
const SALE_SECONDS: u32 = 30;
/// The server runs for at least and at most this long between two kills.
const ALIVE_MS: std::ops::Range<u64> = 150..1_400;
const SALE_DEADLINE: Duration = Duration::from_secs(240);

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
    let mut sale = Sale::start(&server.url(), &log);
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
    let again = loadgen().arg("audit").arg("--quiet").arg("--log").arg(&log).status().unwrap();
    assert!(again.success(), "the audit after the last restart failed: {again}");
}

fn loadgen() -> Command {
    let mut command = Command::new(binary("USHER_LOADGEN_BIN", "usher-loadgen"));
    command.stdin(Stdio::null());
    command
}

fn purchases(log: &Path) -> usize {
    let log = std::fs::read_to_string(log).unwrap_or_default();
    log.lines().filter(|line| line.contains(r#""kind":"paid""#)).count()
}

struct Sale(Child);

impl Sale {
    fn start(url: &str, log: &Path) -> Self {
        let seconds = SALE_SECONDS.to_string();
        let child = loadgen()
            .args(["run", "--quiet", "--url", url, "--event", "auto", "--curve", "steady", "--duration", &seconds])
            .args(["--buyers", "900", "--accounts", "300", "--connections", "48", "--timeout", "3"])
            .args(["--abandon", "5", "--release", "5", "--slow-pay", "10", "--slow-pay-seconds", "1"])
            .args(["--double-submit", "20", "--duplicate-key", "5", "--mix", "best=60,named=20,standing=20"])
            .arg("--ack-log")
            .arg(log)
            .spawn()
            .expect("the load generator starts");
        Self(child)
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().expect("a child can be asked")
    }

    fn wait_for_purchases(&mut self, log: &Path, count: usize) {
        let deadline = Instant::now() + SALE_DEADLINE;
        while purchases(log) < count {
            assert!(self.ended().is_none(), "the sale ended before it began");
            assert!(Instant::now() < deadline, "nobody buys");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + SALE_DEADLINE;
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(Instant::now() < deadline, "the sale does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Sale {
    fn drop(&mut self) {
        // Also after a failed assertion: nothing is left running. Killing one that has ended is no failure.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
