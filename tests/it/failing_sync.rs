//! Syncs that fail in the middle of a sale (RELIABILITY T10), on the real files of the real server. The disk is one that
//! forgets: what a failed sync was asked for is on it only if it is written again. Some of the failures end with the
//! server's death, and at the end the power fails: what the disk has is all there is.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rand::RngExt;
use serde_json::{Value, json};
use usher_tests::process::ServerProcess;
use usher_tests::server::{Answer, PASSWORD, Session, TestServer};

use crate::sale::{Crowd, Sale, audit, purchases};
use crate::show::{Show, text};

const DISK: &str = include_str!("failing_sync/disk.c");
const FAILURES: u32 = 16;
const SALE_SECONDS: u32 = 20;
const SOUND_MS: std::ops::Range<u64> = 150..900;
const FAILING_MS: std::ops::Range<u64> = 1..400;

fn compile(dir: &Path) -> PathBuf {
    let (source, library) = (dir.join("disk.c"), dir.join("disk.so"));
    std::fs::write(&source, DISK).unwrap();
    let mut compiler = Command::new("cc");
    let compiled = compiler.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    assert!(compiled.is_ok_and(|it| it.success()), "this test puts a library under the server: it needs a C compiler");
    library
}

/// A server's files, what the disk has of them, and the switch.
struct Home {
    _directory: tempfile::TempDir,
    store: PathBuf,
    disk: PathBuf,
    fails: PathBuf,
    library: PathBuf,
}

impl Home {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().canonicalize().unwrap();
        let [store, disk, fails] = ["store", "disk", "fails"].map(|name| path.join(name));
        std::fs::create_dir_all(&disk).unwrap();
        Self { library: compile(&path), _directory: directory, store, disk, fails }
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let Self { store, disk, fails, library, _directory: _ } = self;
        let paths = [("LD_PRELOAD", library), ("SYNC_DATA", store), ("SYNC_DISK", disk), ("SYNC_FAILS", fails)];
        paths.into_iter().map(|(name, path)| (name, path.display().to_string())).collect()
    }

    /// The files are what the disk has of them.
    fn lose_power(&self) {
        for entry in std::fs::read_dir(&self.store).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().is_some_and(|it| it.to_string_lossy().starts_with("usher.sqlite3")) {
                std::fs::remove_file(path).unwrap();
            }
        }
        for entry in std::fs::read_dir(&self.disk).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, self.store.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// The log has a gap where the sync failed. Whoever starts next finds the commit whole in memory and must not go on behind
/// it as if the disk had it.
#[test]
fn a_sale_after_a_failed_sync_and_a_death_survives_a_loss_of_power() {
    let home = Home::new();
    let run = |name: &str, settings: Vec<(&'static str, String)>| {
        let mut test = Command::new(std::env::current_exe().unwrap());
        test.args(["--exact", &format!("failing_sync::{name}"), "--ignored", "--nocapture"]);
        test.envs(settings).env(STORE, &home.store);
        let output = test.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        (output.status, said.into_owned())
    };
    let is_killed = |(status, said): (ExitStatus, String)| assert_eq!(status.signal(), Some(SIGABRT), "{said}");
    is_killed(run("sell_until_syncs_fail", home.settings()));
    std::fs::remove_file(&home.fails).unwrap();
    is_killed(run("sell_again", home.settings()));
    home.lose_power();
    let (status, said) = run("find_all_that_was_sold", Vec::new());
    assert!(status.success() && said.contains("1 passed"), "{said}");
}

const SIGABRT: i32 = 6;
/// Where the store is, told to the processes of the test.
const STORE: &str = "USHER_TEST_STORE";

/// What the processes tell each other, in a file beside the store.
struct Sold {
    buyer: String,
    event: String,
    holds: Vec<String>,
}

impl Sold {
    fn path() -> Option<PathBuf> {
        Some(PathBuf::from(std::env::var_os(STORE)?).with_file_name("sold.json"))
    }

    fn read() -> Option<Self> {
        let told: Value = serde_json::from_str(&std::fs::read_to_string(Self::path()?).unwrap()).unwrap();
        let holds = told["holds"].as_array().unwrap().iter().map(text).collect();
        Some(Self { buyer: text(&told["buyer"]), event: text(&told["event"]), holds })
    }

    fn write(&self) {
        let told = json!({"buyer": self.buyer, "event": self.event, "holds": self.holds});
        std::fs::write(Self::path().unwrap(), told.to_string()).unwrap();
    }

    async fn hold(&self, server: &TestServer, buyer: &Session) -> Answer {
        let body = json!({"items": [{"area": "F", "quantity": 1}]});
        server.post(Some(buyer), &format!("/events/{}/holds", self.event), body).await
    }
}

async fn start() -> TestServer {
    let store = PathBuf::from(std::env::var_os(STORE).unwrap());
    TestServer::start_with(|config| config.store.data_dir = store).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of the test above"]
async fn sell_until_syncs_fail() {
    if Sold::path().is_none() {
        return;
    }
    let server = start().await;
    let show = Show::on_sale_with(&server, json!({"holds_per_customer_max": 1_000})).await;
    let buyer = server.attendee().await;
    let mut sold = Sold { buyer: buyer.email.clone(), event: show.id.clone(), holds: Vec::new() };
    sold.holds.push(text(&sold.hold(&server, &buyer).await.expect(201)["id"]));

    File::create(std::env::var_os("SYNC_FAILS").unwrap()).unwrap();
    for _ in 0..5 {
        let answer = sold.hold(&server, &buyer).await;
        assert!(matches!(answer.status, 503 | 504), "acknowledged after a failed sync: {}", answer.text);
        assert!(!answer.header("retry-after").is_empty(), "{}", answer.text);
        server.get(Some(&buyer), "/events").await.expect(200);
    }
    sold.write();
    std::process::abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of the test above"]
async fn sell_again() {
    let Some(mut sold) = Sold::read() else { return };
    let server = start().await;
    let buyer = server.login(&sold.buyer, PASSWORD).await;
    for _ in 0..3 {
        sold.holds.push(text(&sold.hold(&server, &buyer).await.expect(201)["id"]));
    }
    sold.write();
    std::process::abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process of the test above"]
async fn find_all_that_was_sold() {
    let Some(sold) = Sold::read() else { return };
    let server = start().await;
    let buyer = server.login(&sold.buyer, PASSWORD).await;
    for hold in &sold.holds {
        let path = format!("/events/{}/holds/{hold}/extend", sold.event);
        server.post(Some(&buyer), &path, json!({})).await.expect(200);
    }
    server.stop().await;
}

#[test]
fn a_sale_through_syncs_that_fail_loses_nothing_that_was_acknowledged() {
    let home = Home::new();
    let log = home.store.with_file_name("acknowledged.jsonl");
    let more = [
        ("USHER_DATA_DIR", home.store.display().to_string()),
        ("USHER_RATE_LIMIT", "off".into()),
        ("USHER_LOG", "off".into()),
    ];
    let mut server = ServerProcess::new(home.settings().into_iter().chain(more).collect());
    server.start();
    let crowd = Crowd { curve: "steady", buyers: 900, seconds: SALE_SECONDS, seed: 1 };
    let mut sale = Sale::start(&server.url(), &log, &crowd);
    sale.wait_for_purchases(&log, 1);

    let mut rng = rand::rng();
    for failure in 0..FAILURES {
        std::thread::sleep(Duration::from_millis(rng.random_range(SOUND_MS)));
        assert!(sale.ended().is_none(), "the sale ended after {failure} failures; it must outlast them");
        File::create(&home.fails).unwrap();
        std::thread::sleep(Duration::from_millis(rng.random_range(FAILING_MS)));
        let dies = failure % 2 == 1;
        if dies {
            server.kill();
        }
        std::fs::remove_file(&home.fails).unwrap();
        if dies {
            server.start();
        }
    }
    let verdict = sale.wait();
    assert!(purchases(&log) >= 100, "so few purchases prove nothing: {}", purchases(&log));
    assert!(verdict.success(), "the audit of the running server failed: {verdict}");

    server.kill();
    home.lose_power();
    assert!(server.run("audit"), "journal, tables and invariants disagree");
    server.start();
    assert!(audit(&log), "something acknowledged was not on the disk");
}
