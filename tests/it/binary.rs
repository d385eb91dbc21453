//! The server's binary as whoever runs it meets it: its flags, what it logs, and the load generator's first sale on it.

use std::path::Path;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, ConnectOptions};
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::process::{ServerProcess, password_of};

use crate::sale::Sale;

fn embedded(home: &Path) -> (&'static str, String) {
    ("USHER_DATA_DIR", home.join("store").display().to_string())
}

/// With the limits that a fresh server has.
#[test]
fn the_demo_sale_of_the_load_generator_passes_on_a_fresh_server() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let mut server = ServerProcess::new(vec![embedded(home.path())]).logging_to(&log);
    server.start();
    let ended = Sale::demo(&server.url()).wait();
    assert!(ended.success(), "{ended}\n{}", std::fs::read_to_string(log).unwrap());
}

async fn events(server: &ServerProcess) -> Vec<Value> {
    let page: Value = reqwest::get(format!("{}/api/v1/events", server.url())).await.unwrap().json().await.unwrap();
    page["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_without_a_demo_has_its_accounts_and_no_event() {
    let home = tempfile::tempdir().unwrap();
    let mut server =
        ServerProcess::new(vec![embedded(home.path())]).logging_to(&home.path().join("log")).with_flags(&["--no-demo"]);
    let printed = server.start_and_read();
    assert_eq!(events(&server).await, Vec::<Value>::new());
    for role in ["admin", "organizer"] {
        assert!(password_of(role, &printed).is_some(), "no {role}: {printed:?}");
    }
    // The first start has decided, for good.
    server.kill();
    let mut server = server.with_flags(&[]);
    let printed = server.start_and_read();
    assert_eq!(events(&server).await, Vec::<Value>::new());
    assert_eq!(password_of("admin", &printed), None);
}

fn lines(log: &Path) -> Vec<Value> {
    let log = std::fs::read_to_string(log).unwrap();
    log.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_logged_as_json_under_the_id_that_its_answer_has() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let settings = vec![
        embedded(home.path()),
        ("USHER_DEMO", "off".into()),
        ("USHER_LOG_FORMAT", "json".into()),
        ("USHER_LOG_ACCESS", "on".into()),
        ("USHER_LOG", "info".into()),
    ];
    let mut server = ServerProcess::new(settings).logging_to(&log);
    server.start_and_read();
    let url = format!("{}/api/v1/events", server.url());
    let answer = reqwest::Client::new().get(url).header("x-request-id", "till-7.4711").send().await.unwrap();
    let given = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let of_request = |line: &&Value| line["request_id"] == json!(given);
    crate::holds::until(async || lines(&log).iter().any(|line| of_request(&line))).await;
    let lines = lines(&log);
    let line = lines.iter().find(of_request).unwrap();
    assert_eq!(
        (&line["level"], &line["method"], &line["path"], &line["status"]),
        (&json!("INFO"), &json!("GET"), &json!("/api/v1/events"), &json!(200)),
        "{line}"
    );
    for field in ["timestamp", "target", "message"] {
        assert!(line[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {line}");
    }
    assert!(line["took_ms"].is_f64(), "{line}");
}

/// Whoever allows it is told what it means, at every start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_may_lose_commits_is_refused_or_shouted_about() {
    let Some(database) = TemporaryDatabase::create().await else { return };
    let mut connection = database.options().connect().await.unwrap();
    let unsafe_now = format!("ALTER DATABASE {} SET synchronous_commit = off", database.name());
    sqlx::raw_sql(AssertSqlSafe(unsafe_now)).execute(&mut connection).await.unwrap();

    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let settings = vec![
        embedded(home.path()),
        ("USHER_DATABASE_URL", database.url()),
        ("USHER_DEMO", "off".into()),
        ("USHER_LOG_FORMAT", "json".into()),
        ("USHER_LOG", "error".into()),
    ];
    let refusing = ServerProcess::new(settings.clone()).logging_to(&home.path().join("refusal"));
    assert!(!refusing.command().status().unwrap().success());
    let refusal = std::fs::read_to_string(home.path().join("refusal")).unwrap();
    assert!(refusal.contains("synchronous_commit is off"), "{refusal}");

    let allowed = [settings, vec![("USHER_ALLOW_UNSAFE_DURABILITY", "on".into())]].concat();
    let mut server = ServerProcess::new(allowed).logging_to(&log);
    for start in 1..=2 {
        server.start_and_read();
        server.kill();
        let shouts = lines(&log)
            .iter()
            .filter(|line| line["level"] == "ERROR" && line["problem"] == "synchronous_commit is off")
            .filter(|line| line["message"].as_str().is_some_and(|text| text.starts_with("UNSAFE DURABILITY")))
            .count();
        assert_eq!(shouts, start);
    }
}
