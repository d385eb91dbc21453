//! A first start that dies again and again before it is done.

use std::time::Duration;

use serde_json::{Value, json};
use usher_tests::process::{ServerProcess, password_of};
use usher_tests::server::TestServer;

/// After the server listens. A first start takes longer than the first of them and less than the last.
const ALIVE_MS: [u64; 14] = [0, 5, 10, 15, 20, 30, 40, 60, 80, 110, 150, 200, 300, 500];
const READY_WITHIN: Duration = Duration::from_secs(60);

/// What is on sale, without what differs between any two servers.
fn on_sale(event: &Value, availability: &Value) -> Value {
    let tiers: Vec<Value> = event["tiers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tier| json!([tier["name"], tier["price"], tier["categories"], tier["per_order_max"]]))
        .collect();
    json!([event["title"], event["status"], event["currency"], event["policy"], tiers, availability["totals"]])
}

async fn read(url: &str) -> Value {
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

async fn demo_of(base: &str) -> Value {
    let events = read(&format!("{base}/api/v1/events")).await;
    let events = events["items"].as_array().unwrap().clone();
    assert_eq!(events.len(), 1, "{events:?}");
    let path = format!("{base}/api/v1/events/{}", events[0]["id"].as_str().unwrap());
    on_sale(&read(&path).await, &read(&format!("{path}/availability")).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_that_was_killed_is_finished_by_a_later_one() {
    let undisturbed = TestServer::start_with(|config| config.first_start.demo = true).await;
    let wanted = demo_of(&undisturbed.url("")).await;
    assert_eq!(wanted[5]["free"], 25_000);

    let home = tempfile::tempdir().unwrap();
    let settings =
        [("USHER_DATA_DIR", home.path().display().to_string()), ("USHER_ADMIN_PASSWORD", "correct horse".into())];
    let mut server = ServerProcess::new([settings.as_slice(), &[("USHER_LOG", "error".into())]].concat());
    for alive_ms in ALIVE_MS {
        server.start();
        tokio::time::sleep(Duration::from_millis(alive_ms)).await;
        server.kill();
    }
    server.start();
    ready(&server).await;
    assert_eq!(demo_of(&server.url()).await, wanted);
}

async fn ready(server: &ServerProcess) {
    let ready = tokio::time::timeout(READY_WITHIN, async {
        while !reqwest::get(format!("{}/health/ready", server.url())).await.is_ok_and(|it| it.status().is_success()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    ready.await.expect("the server is ready");
}

/// What is printed fails first, so that an account without a known password is never there.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_whose_password_nobody_saw_is_not_made() {
    let home = tempfile::tempdir().unwrap();
    let settings =
        vec![("USHER_DATA_DIR", home.path().join("store").display().to_string()), ("USHER_DEMO", "off".into())];
    let mut server = ServerProcess::new(settings).logging_to(&home.path().join("log"));
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let ended = server.command().stdout(full).status().unwrap();
    assert!(!ended.success(), "a password that nobody saw is a start that failed");
    let log = std::fs::read_to_string(home.path().join("log")).unwrap();
    assert!(log.contains("USHER_ADMIN_PASSWORD"), "{log}");

    let printed = server.start_and_read();
    let password = password_of("admin", &printed).expect("the next start prints one").to_owned();
    let login = json!({"email": "admin@usher.local", "password": password});
    let url = format!("{}/api/v1/auth/login", server.url());
    let answer = reqwest::Client::new().post(url).json(&login).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// As in a container that lacks them: only what asks others over TLS needs them, and nobody has set any of it up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_machine_without_certificate_authorities_serves() {
    let home = tempfile::tempdir().unwrap();
    let none = home.path().join("none.pem");
    std::fs::write(&none, "").unwrap();
    let mut server = ServerProcess::new(vec![
        ("USHER_DATA_DIR", home.path().join("store").display().to_string()),
        ("USHER_ADMIN_PASSWORD", "correct horse".into()),
        ("SSL_CERT_FILE", none.display().to_string()),
        ("SSL_CERT_DIR", home.path().join("nowhere").display().to_string()),
    ]);
    server.start();
    ready(&server).await;
}

#[tokio::test]
async fn a_first_start_without_a_demo_is_remembered() {
    let server = TestServer::start().await;
    assert_eq!(server.get(None, "/events").await.expect(200)["items"], json!([]));
    let home = server.stop().await;
    let server = TestServer::start_in(home, |config| config.first_start.demo = true).await;
    assert_eq!(server.get(None, "/events").await.expect(200)["items"], json!([]));
}

/// What is in them signs everybody's tokens and tickets.
#[cfg(unix)]
#[tokio::test]
async fn what_the_server_makes_is_for_nobody_else() {
    use std::os::unix::fs::PermissionsExt;

    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    let folder = data.clone();
    let server = TestServer::start_with(move |config| config.store.data_dir = folder).await;
    let ada = server.attendee().await;
    server.post(None, "/auth/forgot-password", json!({"email": ada.email})).await.expect(202);
    let mails = || std::fs::read_dir(data.join("mail")).unwrap().map(|file| file.unwrap().path());
    let written = async {
        while !mails().any(|path| path.extension().is_some_and(|extension| extension == "eml")) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), written).await.expect("a mail is written");
    server.stop().await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for path in [data.clone(), data.join("mail"), data.join("objects")] {
        assert_eq!(mode(&path), 0o700, "{}", path.display());
    }
    assert_eq!(mode(&data.join("usher.sqlite3")), 0o600);
    for mail in mails() {
        assert_eq!(mode(&mail), 0o600, "{}", mail.display());
    }
}
