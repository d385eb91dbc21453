//! `usher worker`: the jobs as a process of their own, and what becomes of them when it is killed.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::RngExt;
use serde_json::json;
use usher_tests::process::{ServerProcess, WorkerProcess};
use usher_tests::server::TestServer;
use usher_tests::smtp::SmtpServer;

use crate::purchase_mails::behind_the_back;
use crate::show::Show;

const KILLS: usize = 4;
const BUYERS: usize = 24;
/// A worker runs for at least and at most this long before it is killed.
const ALIVE_MS: std::ops::Range<u64> = 300..1_500;

/// As if every lease of the killed worker had run out.
async fn end_leases(server: &TestServer) {
    for sql in
        ["UPDATE outbox SET due_at = 0 WHERE status = 'queued'", "UPDATE mails SET due_at = 0 WHERE status = 'queued'"]
    {
        behind_the_back(server, sql).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_is_killed_again_and_again_loses_no_mail_and_sends_few_twice() {
    let Some(server) = TestServer::start_on_postgres_with(|config| config.jobs.run = false).await else { return };
    let store = usher::app::store_config(&server.app().state().config);
    let directory = tempfile::tempdir().unwrap();
    let smtp = SmtpServer::start().await;
    let settings = [
        ("USHER_DATABASE_URL", store.url.clone().unwrap()),
        ("USHER_DATA_DIR", directory.path().display().to_string()),
        ("USHER_ALLOW_UNSAFE_DURABILITY", "on".to_owned()),
        ("USHER_LOG", "warn".to_owned()),
        ("USHER_MAIL_SMTP_HOST", "127.0.0.1".to_owned()),
        ("USHER_MAIL_SMTP_PORT", smtp.port().to_string()),
        ("USHER_MAIL_SMTP_TLS", "off".to_owned()),
    ];
    let show = Show::on_sale(&server).await;
    let mut buyers = Vec::new();
    for kill in 0..=KILLS {
        for _ in 0..BUYERS / (KILLS + 1) + 1 {
            let buyer = server.attendee().await;
            show.buy(&server, &buyer, json!([{"area": "F", "quantity": 1}])).await;
            buyers.push(buyer);
        }
        if kill < KILLS {
            let worker = WorkerProcess::start(&settings);
            tokio::time::sleep(Duration::from_millis(rand::rng().random_range(ALIVE_MS))).await;
            drop(worker);
            end_leases(&server).await;
        }
    }
    let worker = WorkerProcess::start(&settings);
    for buyer in &buyers {
        smtp.mails(&buyer.email, "Your tickets", 1).await;
    }
    assert!(tokio::task::block_in_place(|| worker.stop()), "the worker did not stop well");
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for mail in smtp.received() {
        if mail.header("Subject").starts_with("Your tickets") {
            *sent.entry(mail.header("Message-ID").to_owned()).or_default() += 1;
        }
    }
    assert_eq!(sent.len(), buyers.len(), "one mail for each purchase, whoever made it");
    let twice = sent.values().filter(|count| **count > 1).count();
    // A worker sends four at once, and only these can have been sent by one that could not say so any more.
    assert!(twice <= 4 * KILLS && sent.values().all(|count| *count <= 1 + KILLS), "{sent:?}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_store_has_no_worker_and_its_server_does_the_jobs() {
    let directory = tempfile::tempdir().unwrap();
    let server = ServerProcess::new(vec![("USHER_DATA_DIR", directory.path().display().to_string())]);
    assert!(!tokio::task::block_in_place(|| server.run("worker")), "a worker ran on the embedded store");
    let left_out = vec![("USHER_DATA_DIR", directory.path().display().to_string()), ("USHER_JOBS", "off".to_owned())];
    let server = ServerProcess::new(left_out);
    assert!(!tokio::task::block_in_place(|| server.run("config")), "nobody would have done the jobs");
}
