//! Opening a store, and refusing to.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use engine::{Appended, Journal, JournalError};
use inventory::Lsn;
use persistence::{ConnectError, Store, StoreConfig};
use sqlx::{AssertSqlSafe, ConnectOptions};

use super::fixture::{Fixture, append_one, batch, event, records, stored};

const HELD_DIRECTORY: &str = "USHER_TEST_HELD_DIRECTORY";

#[tokio::test]
async fn a_second_owner_of_the_embedded_store_is_refused_at_once() {
    let fixture = Fixture::sqlite().await;
    for _ in 0..100 {
        let started = Instant::now();
        let refused = Store::connect(&fixture.config).await;
        assert!(matches!(refused, Err(ConnectError::Locked { .. })));
        assert!(started.elapsed() < Duration::from_secs(1));
    }
    let Fixture { store, config, .. } = &fixture;
    store.ping(Duration::from_secs(5)).await.unwrap();
    assert!(ConnectError::Locked { data_dir: config.data_dir.clone() }.to_string().contains("another process"));
}

/// Not a test: the other process of the next one.
#[tokio::test]
#[ignore = "started as a process of its own by the test below"]
async fn hold_a_store_until_killed() {
    let Ok(directory) = std::env::var(HELD_DIRECTORY) else { return };
    let _held = Store::connect(&StoreConfig::embedded(directory)).await.unwrap();
    announce("held");
    std::future::pending::<()>().await;
}

#[expect(clippy::disallowed_macros, reason = "the parent process reads it")]
fn announce(word: &str) {
    println!("{word}");
}

#[tokio::test]
async fn the_store_of_a_killed_process_opens_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "conformance::start::hold_a_store_until_killed", "--ignored", "--nocapture"])
        .env(HELD_DIRECTORY, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(other.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("held")), "the other process did not open the store");

    let config = StoreConfig::embedded(directory.path());
    let started = Instant::now();
    assert!(matches!(Store::connect(&config).await, Err(ConnectError::Locked { .. })));
    assert!(started.elapsed() < Duration::from_secs(1));

    other.kill().unwrap();
    other.wait().unwrap();
    Store::connect(&config).await.unwrap().ping(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn a_data_directory_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = Store::connect(&StoreConfig::embedded(file.path())).await;
    assert!(matches!(refused, Err(ConnectError::DataDir { data_dir, .. }) if data_dir == file.path()));
}

#[tokio::test]
async fn a_url_that_is_not_of_postgres_is_refused() {
    for url in ["mysql://localhost/usher", "usher.sqlite3", "postgres://localhost:port/usher"] {
        let refused = Store::connect(&StoreConfig::postgres(url)).await;
        assert!(matches!(refused, Err(ConnectError::Url(_))), "{url}");
    }
    let shown = format!("{:?}", StoreConfig::postgres("postgres://usher:hunter2@localhost/usher"));
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_reported_in_time() {
    let config = StoreConfig {
        connect_timeout: Duration::from_secs(2),
        ..StoreConfig::postgres("postgres://postgres@127.0.0.1:1/usher")
    };
    let started = Instant::now();
    assert!(matches!(Store::connect(&config).await, Err(ConnectError::Unreachable(_))));
    assert!(started.elapsed() < Duration::from_secs(3));
}

async fn set_on_database(fixture: &Fixture, setting: &str) {
    let database = fixture.database.as_ref().unwrap();
    let sql = format!("ALTER DATABASE {} SET {setting}", database.name());
    let mut connection = database.options().connect().await.unwrap();
    sqlx::query(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn a_postgres_that_may_lose_commits_is_refused_unless_that_is_allowed() {
    let Some(fixture) = Fixture::postgres().await else { return };
    set_on_database(&fixture, "synchronous_commit = off").await;

    let refused = Store::connect(&fixture.config).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.to_string(), "the database may lose acknowledged commits: synchronous_commit is off");

    let allowed = StoreConfig { allow_unsafe_durability: true, ..fixture.config.clone() };
    let store = Store::connect(&allowed).await.unwrap();
    let event = event();
    let epoch = store.open(event).await.unwrap().epoch;
    assert_eq!(append_one(&store, batch(event, epoch, 1, 1)).await, Appended::Durable);
    store.close().await;
}

/// The append connection is opened with the first append: by then the server has been reconfigured.
#[tokio::test]
async fn a_postgres_that_is_made_unsafe_later_gets_no_append() {
    let Some(fixture) = Fixture::postgres().await else { return };
    let (store, event) = (&fixture.store, event());
    let epoch = store.open(event).await.unwrap().epoch;
    set_on_database(&fixture, "synchronous_commit = off").await;
    let refused = store.append(vec![batch(event, epoch, 1, 1)]).await;
    assert!(matches!(refused, Err(JournalError::Unreachable(_))), "{refused:?}");

    set_on_database(&fixture, "synchronous_commit = on").await;
    assert_eq!(append_one(store, batch(event, epoch, 1, 1)).await, Appended::Durable);
}

async fn end_other_backends(fixture: &Fixture) -> i64 {
    let database = fixture.database.as_ref().unwrap();
    let sql = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let mut connection = database.options().connect().await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

#[tokio::test]
async fn appends_go_on_over_lost_connections_and_nothing_acknowledged_is_lost() {
    let Some(fixture) = Fixture::postgres().await else { return };
    let (store, event) = (&fixture.store, event());
    let mut opened = store.open(event).await.unwrap();
    let (mut acknowledged, mut failed) = (0, 0);
    for round in 0..60 {
        let next = opened.last_lsn.0 + 1;
        if round % 3 == 0 {
            assert!(end_other_backends(&fixture).await > 0);
        }
        match store.append(vec![batch(event, opened.epoch, next, next)]).await {
            Ok(answers) => {
                assert_eq!(answers, [Appended::Durable]);
                acknowledged = next;
                opened.last_lsn = Lsn(next);
            }
            Err(JournalError::Unknown(_) | JournalError::Unreachable(_)) => {
                failed += 1;
                opened = reopen(store, event).await;
                assert!(opened.last_lsn.0 >= acknowledged);
            }
            Err(error @ (JournalError::OwnedElsewhere(_) | JournalError::Damaged { .. })) => panic!("{error}"),
        }
    }
    assert!(failed > 0, "no connection was lost");
    assert!(acknowledged >= 20);
    assert_eq!(stored(store, event).await, records(1, opened.last_lsn.0));
}

/// The pool's connections were ended too: the first tries may meet one of those.
async fn reopen(store: &Store, event: inventory::EventId) -> engine::Opened {
    for _ in 0..10 {
        if let Ok(opened) = store.open(event).await {
            return opened;
        }
    }
    panic!("the store does not come back");
}

#[tokio::test]
async fn a_postgres_that_hangs_costs_no_more_than_the_deadline() {
    let Some(mut fixture) = Fixture::postgres().await else { return };
    fixture.config.append_timeout = Duration::from_millis(300);
    fixture.config.statement_timeout = Duration::from_secs(30);
    let store = Store::connect(&fixture.config).await.unwrap();
    let event = event();
    let epoch = store.open(event).await.unwrap().epoch;
    assert_eq!(append_one(&store, batch(event, epoch, 1, 1)).await, Appended::Durable);

    let mut blocker = fixture.postgres_connection().await;
    sqlx::query("BEGIN").execute(&mut blocker).await.unwrap();
    sqlx::query("LOCK TABLE leases IN ACCESS EXCLUSIVE MODE").execute(&mut blocker).await.unwrap();
    let started = Instant::now();
    let unknown = store.append(vec![batch(event, epoch, 2, 2)]).await;
    assert!(matches!(unknown, Err(JournalError::Unknown(_))), "{unknown:?}");
    assert!(started.elapsed() < Duration::from_secs(3));

    sqlx::query("ROLLBACK").execute(&mut blocker).await.unwrap();
    let opened = store.open(event).await.unwrap();
    let next = opened.last_lsn.0 + 1;
    assert_eq!(append_one(&store, batch(event, opened.epoch, next, next)).await, Appended::Durable);
    store.close().await;
}
