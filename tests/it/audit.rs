//! The audit agrees with a store that nobody has tampered with, and finds each kind of tampering.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use usher::audit::{Report, audit};
use usher_tests::server::{Home, TestServer};

/// Two orders, one of them paid, in the demo's arena.
async fn sold() -> Home {
    let server = TestServer::start_with(|config| config.first_start.demo = true).await;
    let buyer = server.attendee().await;
    let events = server.get(None, "/events").await.expect(200);
    let event = events["items"][0]["id"].as_str().unwrap().to_owned();
    for is_paid in [true, false] {
        let wants = json!({"items": [{"best_available": {"quantity": 2}}]});
        let hold = server.post(Some(&buyer), &format!("/events/{event}/holds"), wants).await.expect(201);
        let order = json!({"event_id": event, "hold_id": hold["id"]});
        let order = server.post(Some(&buyer), "/orders", order).await.expect(201);
        let pay = format!("/orders/{}/pay", order["id"].as_str().unwrap());
        if is_paid {
            let paid: Value = server.post(Some(&buyer), &pay, json!({"method": "mock"})).await.expect(200);
            assert_eq!(paid["tickets"].as_array().unwrap().len(), 2);
        }
    }
    server.stop().await
}

async fn audited(home: &Home) -> Report {
    let store = persistence::Store::connect(&persistence::StoreConfig::embedded(home.data_dir())).await.unwrap();
    let report = audit(&store).await.unwrap();
    store.close().await;
    report
}

async fn tampered(home: &Home, sql: &'static str) -> Report {
    let file = home.data_dir().join("usher.sqlite3");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let touched = sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected();
    assert!(touched > 0, "{sql}");
    connection.close().await.unwrap();
    audited(home).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_sold_agrees_and_a_trace_of_tampering_does_not() {
    let home = sold().await;
    let report = audited(&home).await;
    assert!(report.is_clean(), "{:?}", report.findings());
    assert_eq!((report.events, report.orders, report.tickets), (1, 2, 2));
    assert!(report.records > 0 && report.payments == 1 && report.outbox == 2 && report.ledger == 1, "{report:?}");

    for (sql, finding) in [
        ("UPDATE orders SET total_minor = total_minor + 1 WHERE status = 'paid'", "in the tables"),
        ("UPDATE tickets SET state = 'checked_in'", "in the tables"),
        ("DELETE FROM payments", "0 payments in the tables, 1 by the journal"),
        ("DELETE FROM outbox", "is not in the tables"),
        ("DELETE FROM tickets", "0 tickets in the tables, 2 by the journal"),
        ("UPDATE events SET status = 'draft'", "it is draft in the tables, published by the journal"),
        (
            "INSERT INTO ledger_entries SELECT zeroblob(16), event_id, order_id, payment_id, user_id, withdrawal_id, lsn, 1,
                'refunded', 'sales', 'refunds_due', 1, currency, at FROM ledger_entries",
            "I6: sales of order",
        ),
        (
            "INSERT INTO ledger_entries SELECT randomblob(16), event_id, order_id, payment_id, user_id, withdrawal_id, NULL, 0,
                'refund_paid', 'refunds_due', 'provider', 1, currency, at FROM ledger_entries WHERE kind = 'captured'",
            "I6: the ledger says that 1 of order",
        ),
        ("UPDATE leases SET last_lsn = last_lsn + 1", "the journal's head says"),
    ] {
        let report = tampered(&home, sql).await;
        let findings = report.findings();
        assert!(findings.iter().any(|found| found.problem.contains(finding)), "{sql}: {findings:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ledger_takes_no_correction_and_a_missing_entry_is_found() {
    let home = sold().await;
    let file = home.data_dir().join("usher.sqlite3");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    for sql in ["UPDATE ledger_entries SET amount_minor = 1", "DELETE FROM ledger_entries"] {
        let refused = sqlx::query(sql).execute(&mut connection).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    sqlx::query("DROP TRIGGER ledger_entries_loses_no_rows").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let report = tampered(&home, "DELETE FROM ledger_entries").await;
    for finding in ["is not in the ledger", "were captured of order"] {
        assert!(report.findings().iter().any(|found| found.problem.contains(finding)), "{:?}", report.findings());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_record_is_found_and_named() {
    let home = sold().await;
    let report = tampered(
        &home,
        "UPDATE journal SET records = CAST(substr(records, 1, length(records) - 2) || x'a55a' AS blob)
         WHERE first_lsn = (SELECT max(first_lsn) FROM journal)",
    )
    .await;
    assert!(!report.is_clean());
    assert!(report.findings().iter().any(|found| found.problem.contains("checksum")), "{:?}", report.findings());
}
