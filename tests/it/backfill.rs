//! A store with sales from before there was a ledger gets its entries, once.

use engine::{Journal, Snapshot};
use inventory::{EventId, Inventory, Lsn, Record};
use persistence::{LedgerEntry, Store};
use serde_json::{Value, json};
use usher::audit::{Backfilled, Report, audit, backfill};
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::server::{Home, Session, TestServer};

use crate::payments::refunded;
use crate::purchase_mails::behind_the_back;
use crate::show::{Show, text};

/// On SQLite and, where there is one, on Postgres.
async fn on_each_home(test: impl AsyncFn(Home)) {
    test(Home::embedded()).await;
    if let Some(database) = TemporaryDatabase::create().await {
        test(Home::on(database)).await;
    }
}

async fn refund(server: &TestServer, show: &Show, order: &Value, ticket: usize, amount_minor: i64) {
    let body = json!({"tickets": [order["tickets"][ticket]["id"]],
        "amount": {"amount_minor": amount_minor, "currency": "EUR"}});
    let path = format!("/orders/{}/refund", text(&order["id"]));
    server.post(Some(&show.organizer), &path, body).await.expect(200);
}

/// An order of three seats: of one less goes back than was paid, of another more. And one that nothing becomes of.
async fn sold(server: &TestServer) -> (Show, Session) {
    let show = Show::on_sale(server).await;
    let buyer = server.attendee().await;
    let items = json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}, {"seat": "A-1-3"}]);
    let order = show.buy(server, &buyer, items).await;
    refund(server, &show, &order, 0, 3_000).await;
    refund(server, &show, &order, 1, 5_000).await;
    refunded(server, 2).await;
    show.order(server, &buyer, json!([{"area": "F", "quantity": 1}])).await;
    show.buy(server, &buyer, json!([{"area": "F", "quantity": 2}])).await;
    (show, buyer)
}

/// As a build that kept no ledger would have left the store.
async fn forget_ledger(server: &TestServer) {
    if server.app().state().store.backend() == "sqlite" {
        behind_the_back(server, "DROP TRIGGER ledger_entries_loses_no_rows").await;
    } else {
        behind_the_back(server, "DROP TRIGGER ledger_entries_keeps_rows ON ledger_entries").await;
    }
    assert!(behind_the_back(server, "DELETE FROM ledger_entries").await > 0);
}

async fn opened(home: &Home) -> Store {
    Store::connect(&home.store_config()).await.unwrap()
}

async fn audited(store: &Store) -> Report {
    Box::pin(audit(store)).await.unwrap()
}

async fn backfilled(store: &Store) -> Backfilled {
    Box::pin(backfill(store)).await.unwrap()
}

async fn ledger(store: &Store, event: EventId) -> Vec<LedgerEntry> {
    store.ledger_list(event, Lsn::ZERO, 1_000).await.unwrap()
}

/// What is owed to buyers by the way it came.
async fn due(store: &Store, event: EventId) -> i64 {
    let orders = store.ledger_balances(event, None, 1_000).await.unwrap();
    orders.iter().map(|order| order.refunds_due_minor).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_journal_says_is_written_as_its_commits_would_have() {
    on_each_home(async |home: Home| {
        let server = TestServer::start_in(home, |_| {}).await;
        let (show, _) = sold(&server).await;
        let event = EventId::from_uuid(show.id.parse().unwrap());
        let before = ledger(&server.app().state().store, event).await;
        forget_ledger(&server).await;
        let home = server.stop().await;

        let store = opened(&home).await;
        let report = audited(&store).await;
        assert!(report.findings().iter().any(|found| found.problem.contains("is not in the ledger")), "{report:?}");
        let done = backfilled(&store).await;
        assert_eq!((done.entries, done.openings, done.refunds), (before.len() as u64, 0, 2));
        assert_eq!(ledger(&store, event).await, before);
        assert_eq!(due(&store, event).await, 0, "providers have given it back");
        let again = backfilled(&store).await;
        assert_eq!((again.entries, again.openings, again.refunds, again.problems.is_clean()), (0, 0, 0, true));
        assert!(audited(&store).await.is_clean());
        store.close().await;
    })
    .await;
}

/// The state of the event after all that its journal has.
async fn last_state(store: &Store, event: EventId) -> (Inventory, Lsn) {
    let (mut inventory, mut last) = (Inventory::new(event), Lsn::ZERO);
    for chunk in store.read(event, Lsn(1), usize::MAX).await.unwrap() {
        let mut at = 0;
        while let Some(record) = Record::decode(&chunk.records, &mut at).unwrap() {
            inventory.apply(&record);
            last = record.lsn;
        }
    }
    (inventory, last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_trimmed_journal_says_no_more_is_opened_by_what_its_orders_had_come_to() {
    on_each_home(async |home: Home| {
        let server = TestServer::start_in(home, |_| {}).await;
        let (show, buyer) = sold(&server).await;
        let event = EventId::from_uuid(show.id.parse().unwrap());
        let home = server.stop().await;
        let store = opened(&home).await;
        let (state, lsn) = last_state(&store, event).await;
        let epoch = store.open(event).await.unwrap().epoch;
        store.put_snapshot(event, epoch, Snapshot { lsn, bytes: state.snapshot() }).await.unwrap();
        store.trim(event, lsn).await.unwrap();
        store.close().await;
        drop(store);

        let server = TestServer::start_in(home, |_| {}).await;
        show.buy(&server, &buyer, json!([{"seat": "A-2-1"}])).await;
        forget_ledger(&server).await;
        let home = server.stop().await;

        let store = opened(&home).await;
        assert!(!audited(&store).await.is_clean());
        let done = backfilled(&store).await;
        // Captured twice, refunded, and kept of one ticket what was given beyond the price of the other.
        // What came after the trimming has its own entry, unless a snapshot was taken behind it.
        assert_eq!((done.entries + done.openings, done.problems.is_clean()), (5, true), "{done:?}");
        assert_eq!((done.refunds, due(&store, event).await), (2, 0));
        assert!(done.openings >= 4, "{done:?}");
        let again = backfilled(&store).await;
        assert_eq!((again.entries, again.openings, again.refunds), (0, 0, 0));
        let report = audited(&store).await;
        assert!(report.is_clean(), "{:?}", report.findings());
        store.close().await;
        drop(store);

        // It goes on from there.
        let server = TestServer::start_in(home, |_| {}).await;
        let order = show.buy(&server, &buyer, json!([{"seat": "A-2-3"}])).await;
        refund(&server, &show, &order, 0, 4_500).await;
        refunded(&server, 3).await;
        let home = server.stop().await;
        home.must_balance().await;
        let store = opened(&home).await;
        let late = backfilled(&store).await;
        assert_eq!((late.entries, late.openings, late.refunds), (0, 0, 0), "commits write their own");
        store.close().await;
    })
    .await;
}
