//! Personal data, table by table: what names an account, what becomes of it when the account is erased, and where its
//! owner's export shows it.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Row, SqliteConnection};
use usher_tests::server::{Home, PASSWORD, Session, TestServer, send};

use crate::access::matrix::Document;
use crate::access::scene::link;
use crate::conformance::fixture::Fixture;
use crate::show::{self, Show, give, on_each_store, text};

/// What becomes of a row, or of a column, when the account that it names is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The database deletes it with the account's row.
    Cascade,
    /// `user_erase` deletes it.
    Deleted,
    /// It stays and names a row without a person.
    Kept,
}
use Fate::{Cascade, Deleted, Kept};

/// What the export does with it.
#[derive(Clone, Copy, Debug)]
enum Told {
    /// In this section, or in this part of the head.
    In(&'static str),
    /// Not, because of this.
    Not(&'static str),
}
use Told::{In, Not};

const OF_OTHERS: &str = "it tells of somebody else's object who has worked on it";
const SECRET: &str = "it is worth nothing but to who has the secret, which is not kept";

/// Every column that names an account. The rows behind those that are [`Kept`] belong to an order, an event or the books.
const NAMES_ACCOUNT: &[(&str, Fate, Told)] = &[
    ("api_keys.user_id", Cascade, In("api_keys")),
    ("box_office_holds.placed_by", Kept, Not(OF_OTHERS)),
    ("box_office_payouts.paid_by", Kept, Not(OF_OTHERS)),
    ("box_office_sales.sold_by", Kept, Not(OF_OTHERS)),
    ("attendees.holder_id", Deleted, In("named_attendees")),
    ("audit_log.actor_id", Kept, In("audit_entries")),
    ("calendar_feeds.user_id", Cascade, In("calendar_feed")),
    ("event_staff.added_by", Kept, Not(OF_OTHERS)),
    ("event_staff.user_id", Cascade, In("staff_roles")),
    ("event_titles.organizer_id", Kept, In("events")),
    ("events.organizer_id", Kept, In("events")),
    ("feedback.user_id", Cascade, In("feedback")),
    ("gate_conflicts.user_id", Kept, Not(OF_OTHERS)),
    ("gate_refusals.user_id", Kept, Not(OF_OTHERS)),
    ("identities.user_id", Cascade, In("identities")),
    ("image_files.owner_id", Kept, In("profile")),
    ("ledger_entries.user_id", Kept, In("wallet_entries")),
    ("link_tokens.user_id", Cascade, Not(SECRET)),
    ("login_challenges.user_id", Cascade, Not(SECRET)),
    ("orders.customer_id", Kept, In("orders")),
    ("outbox.asker_id", Kept, Not("work on an order, which is told of itself")),
    ("outbox.user_id", Kept, Not("work on an order, which is told of itself")),
    ("priority_passes.issued_by", Kept, Not(OF_OTHERS)),
    ("priority_passes.user_id", Deleted, In("priority_passes")),
    ("recovery_codes.user_id", Cascade, In("second_factor")),
    ("refresh_families.user_id", Cascade, In("sessions")),
    ("rsvps.user_id", Cascade, In("rsvps")),
    ("second_factors.user_id", Cascade, In("second_factor")),
    ("series.organizer_id", Kept, In("series")),
    ("ticket_transfers.accepted_by", Kept, In("tickets")),
    ("ticket_transfers.sender_id", Cascade, In("transfers_sent")),
    ("tickets.holder_id", Kept, In("tickets")),
    ("users.id", Kept, In("profile")),
    ("venues.owner_id", Deleted, In("venues")),
    ("waiting_places.user_id", Kept, In("waiting_places")),
    ("waitlist_entries.customer_id", Deleted, In("waitlist_entries")),
    ("wallets.user_id", Kept, In("wallet_entries")),
    ("webhooks.owner_id", Cascade, In("webhooks")),
    ("withdrawals.decided_by", Kept, Not(OF_OTHERS)),
    ("withdrawals.user_id", Kept, In("withdrawals")),
];

/// Columns that hold personal data itself: nothing of it is left behind, whatever the row.
const TELLS_OF_PERSON: &[&str] = &[
    "attendees.email",
    "attendees.email_key",
    "attendees.name",
    "attendees.name_key",
    "audit_log.ip",
    "audit_log.user_agent",
    "identities.email",
    "mails.recipient",
    "mails.recipient_key",
    "refresh_families.ip",
    "refresh_families.user_agent",
    "ticket_transfers.recipient",
    "ticket_transfers.recipient_key",
    "users.email",
    "users.email_key",
    "users.name",
    "users.name_key",
    "withdrawals.payout",
    "withdrawals.payout_holder",
    "withdrawals.payout_iban",
];

/// Names of id columns that name no account, in any table.
const OTHER_IDS: &[&str] = &[
    "after_id",
    "charge_id",
    "event_id",
    "family_id",
    "hold_id",
    "list_id",
    "notice_id",
    "object_id",
    "open_ticket_id",
    "order_id",
    "parked_id",
    "payment_id",
    "refund_id",
    "request_id",
    "scanner_id",
    "series_id",
    "session_id",
    "ticket_id",
    "tier_id",
    "venue_id",
    "webhook_id",
    "withdrawal_id",
];

async fn opened(home: &Home) -> SqliteConnection {
    SqliteConnectOptions::new().filename(home.data_dir().join("usher.sqlite3")).connect().await.unwrap()
}

/// `table.column` of everything but the index of words and the databases' own tables.
async fn columns(connection: &mut SqliteConnection) -> BTreeSet<String> {
    let sql = "SELECT tables.name || '.' || columns.name FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name NOT IN ('_sqlx_migrations', 'sqlite_sequence')
            AND tables.name NOT LIKE 'event_search%'";
    sqlx::query(sql).fetch_all(connection).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// A table that is made later is not forgotten: whatever may name an account has a line above.
#[tokio::test]
async fn every_column_that_may_name_an_account_has_its_fate() {
    let fixture = Fixture::sqlite().await;
    let file = fixture.config.data_dir.join("usher.sqlite3");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let columns = columns(&mut connection).await;
    let known: BTreeMap<&str, Fate> = NAMES_ACCOUNT.iter().map(|(column, fate, _)| (*column, *fate)).collect();
    for column in known.keys().chain(TELLS_OF_PERSON) {
        assert!(columns.contains(*column), "{column} is listed here and not in the schema");
    }
    for column in &columns {
        let (_, name) = column.split_once('.').unwrap();
        // Of a lease it names a node.
        let is_id = (name.ends_with("_id") || name.ends_with("_by")) && column != "leases.owner_id";
        let is_known = known.contains_key(column.as_str()) || OTHER_IDS.contains(&name);
        assert!(!is_id || is_known, "{column}: say in tests/it/personal_data.rs whether it names an account");
        let words = ["email", "recipient", "agent", "phone", "ip", "iban", "payout", "holder", "birthday"];
        let is_personal = name.split('_').any(|part| words.contains(&part));
        let is_other = is_id || name.ends_with("_at");
        let is_listed = TELLS_OF_PERSON.contains(&column.as_str());
        assert!(!is_personal || is_other || is_listed, "{column}: say in tests/it/personal_data.rs what becomes of it");
    }
    let sql = "SELECT tables.name || '.' || keys.\"from\" FROM sqlite_schema AS tables,
            pragma_foreign_key_list(tables.name) AS keys
        WHERE tables.type = 'table' AND keys.\"table\" = 'users' AND keys.on_delete = 'CASCADE'";
    let cascading: BTreeSet<String> =
        sqlx::query(sql).fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get(0)).collect();
    let said: BTreeSet<String> =
        known.iter().filter(|(_, fate)| **fate == Cascade).map(|(column, _)| (*column).to_owned()).collect();
    assert_eq!(cascading, said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_export_has_the_sections_that_columns_are_told_in() {
    let server = TestServer::start().await;
    let document = Document::of(&server).await.whole;
    let sections = document["components"]["schemas"]["Export"]["properties"].as_object().unwrap();
    for (column, _, told) in NAMES_ACCOUNT {
        match told {
            In(section) => {
                assert!(sections.contains_key(*section), "{column} is told in `{section}`, which is not there")
            }
            Not(reason) => assert!(!reason.is_empty()),
        }
    }
    server.stop().await;
}

const NAME: &str = "Ada Lovelace-Unmistakable";
const DEVICE: &str = "Analytical-Engine/1.0";
const REASON: &str = "Wheelchair";

/// Somebody who has left traces wherever there may be any, and where he has.
struct Traces {
    account: Session,
    show: Show,
    friend: Session,
    /// The event in whose waiting room he is.
    lining: String,
}

async fn by_device(server: &TestServer, session: &Session, method: Method, path: &str, body: Value) -> Value {
    let request = server.request(method, path).bearer_auth(&session.access_token).header("user-agent", DEVICE);
    let answer = send(request.json(&body)).await;
    assert!((200..300).contains(&answer.status), "{path}: {} {}", answer.status, answer.text);
    answer.body
}

impl Traces {
    async fn on(server: &TestServer) -> Self {
        let (show, friend, account) = (Show::on_sale(server).await, server.attendee().await, server.organizer().await);
        let call =
            async |method: Method, path: &str, body: Value| by_device(server, &account, method, path, body).await;
        call(Method::PATCH, "/me", json!({"name": NAME})).await;
        for password in ["wrong horse", PASSWORD] {
            let body = json!({"email": account.email, "password": password});
            send(server.request(Method::POST, "/auth/login").header("user-agent", DEVICE).json(&body)).await;
        }
        call(Method::POST, "/me/api-keys", json!({"name": "Till", "scopes": ["scan"], "password": PASSWORD})).await;
        let house = json!({"name": "The house", "city": "Graz", "country": "AT", "timezone": "Europe/Vienna"});
        let venue = call(Method::POST, "/venues", house).await;
        call(Method::PUT, &format!("/venues/{}/seat-maps/hall", text(&venue["id"])), show::seat_map()).await;
        call(Method::POST, "/webhooks", crate::access::table::webhook()).await;
        let draft = call(Method::POST, "/events", show::words()).await;
        let series = json!({"template": draft["id"], "sessions": [{"starts_at": "2036-06-01T19:00:00Z"}]});
        call(Method::POST, "/series", series).await;
        call(Method::POST, "/me/calendar-feed", json!({})).await;

        let order = show.buy(server, &account, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let ticket = text(&order["tickets"][0]["id"]);
        call(Method::PATCH, &format!("/tickets/{ticket}/attendee"), json!({"name": NAME, "email": account.email}))
            .await;
        let others = show.buy(server, &friend, json!([{"seat": "A-1-3"}])).await;
        let given = text(&others["tickets"][0]["id"]);
        give(server, &friend, &given, &account).await;
        call(Method::PATCH, &format!("/tickets/{given}/attendee"), json!({"name": "Byron", "email": "b@example.org"}))
            .await;
        let offer = format!("/tickets/{}/transfer", text(&order["tickets"][1]["id"]));
        call(Method::POST, &offer, json!({"email": friend.email})).await;
        call(Method::PUT, &show.path("/rsvp"), json!({"answer": "yes"})).await;

        let of_organizer =
            async |path: &str, body: Value| server.post(Some(&show.organizer), path, body).await.expect(201);
        of_organizer(&show.path("/staff"), json!({"email": account.email, "role": "door"})).await;
        let pass = json!({"reason": REASON, "user_id": account.id});
        of_organizer(&show.path("/waiting-room/priority-passes"), pass).await;
        let lining = Show::on_sale(server).await;
        let room = json!({"active": true});
        server.put(Some(&lining.organizer), &lining.path("/waiting-room/settings"), room).await.expect(200);
        call(Method::POST, &lining.path("/waiting-room"), json!({})).await;
        let list = show.path("/waitlist/settings");
        server.put(Some(&show.organizer), &list, json!({"active": true})).await.expect(200);
        let balcony = (1..=10).map(|number| json!({"seat": format!("B-1-{number}")})).collect();
        show.hold(server, &friend, balcony).await;
        let wish = json!({"tier": show.seats, "section": "B", "quantity": 2});
        call(Method::POST, &show.path("/waitlist"), wish).await;
        let refunded = show.buy(server, &account, json!([{"seat": "A-2-1"}])).await;
        let refund = format!("/orders/{}/refund", text(&refunded["id"]));
        server.post(Some(&show.organizer), &refund, json!({"to": "wallet"})).await.expect(200);
        let wanted = json!({
            "amount": {"amount_minor": 4_500, "currency": "EUR"},
            "payout": {"iban": "DE44500105175407324931", "holder": NAME},
        });
        let withdrawal = call(Method::POST, "/withdrawals", wanted).await;
        let decide = format!("/withdrawals/{}", text(&withdrawal["id"]));
        let admin = server.admin().await;
        server.patch(Some(&admin), &decide, json!({"status": "approved"})).await.expect(200);
        Self { account, show, friend, lining: lining.id }
    }
}

/// Each section shows what there is: one that always answered `[]` would be found here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_export_shows_every_trace() {
    on_each_store(async |server: &TestServer| {
        let traces = Traces::on(server).await;
        let (account, show) = (&traces.account, &traces.show);
        let state = server.app().state();
        let user = inventory::UserId::from_uuid(account.id.parse().unwrap());
        link(server, account).await;
        let event = inventory::EventId::from_uuid(show.id.parse().unwrap());
        state.store.feedback_put(event, user, 4, "Too loud", state.now()).await.unwrap();

        let export = server.get(Some(account), "/me/export").await.expect(200);
        for (section, shown) in export.as_object().unwrap() {
            assert!(!shown.as_array().is_some_and(Vec::is_empty), "{section} tells nothing");
        }
        let only = |section: &str| {
            assert_eq!(export[section].as_array().unwrap().len(), 1, "{section}: {}", export[section]);
            export[section][0].clone()
        };
        let venue = only("venues");
        assert_eq!((&venue["name"], &venue["seat_maps"]), (&json!("The house"), &json!(["hall"])));
        assert_eq!(only("identities")["subject"], json!(account.id));
        assert_eq!(only("feedback")["text"], "Too loud");
        let pass = only("priority_passes");
        assert_eq!((&pass["reason"], &pass["event_id"]), (&json!(REASON), &json!(show.id)));
        let staff = only("staff_roles");
        assert_eq!((&staff["event_id"], &staff["role"]), (&json!(show.id), &json!("door")));
        assert_eq!(only("waiting_places")["event_id"], json!(traces.lining));
        let waiting = only("waitlist_entries");
        assert_eq!((&waiting["event_id"], &waiting["status"]), (&json!(show.id), &json!("waiting")));
        assert_eq!(only("webhooks")["url"], crate::access::table::webhook()["url"]);
        assert_eq!(export["webhooks"][0].get("secret"), None);
        let withdrawal = only("withdrawals");
        assert_eq!((&withdrawal["status"], &withdrawal["amount"]["amount_minor"]), (&json!("approved"), &json!(4_500)));
        let booked: BTreeSet<String> =
            export["wallet_entries"].as_array().unwrap().iter().map(|entry| text(&entry["kind"])).collect();
        assert!(export["wallet_entries"].as_array().unwrap().len() >= 2 && booked.len() >= 2, "{booked:?}");
        assert_eq!(only("series")["words"]["title"], show::words()["title"]);
        let events = export["events"].as_array().unwrap();
        assert!(events.iter().all(|event| event["title"] == show::words()["title"]) && !events.is_empty());
        assert!(events.iter().all(|event| event["id"] != json!(show.id)), "one at which he only works");
        assert_eq!(only("transfers_sent")["email"], json!(traces.friend.email));
        assert_eq!(only("transfers_received")["email"], json!(account.email));
        assert_eq!(only("rsvps")["answer"], "yes");
        assert_eq!(only("api_keys")["name"], "Till");

        let named: Vec<&Value> = export["named_attendees"].as_array().unwrap().iter().collect();
        assert_eq!(named.len(), 2, "one of an order of his own, one of a friend's");
        let named: BTreeSet<String> = named
            .iter()
            .flat_map(|order| order["attendees"].as_array().unwrap())
            .map(|one| text(&one["name"]))
            .collect();
        assert_eq!(named, BTreeSet::from([NAME.to_owned(), "Byron".to_owned()]));

        let entries = export["audit_entries"].as_array().unwrap();
        let key = entries.iter().find(|entry| entry["action"] == "api_key.create").unwrap();
        assert_eq!((&key["ip"], &key["user_agent"]), (&json!("127.0.0.1"), &json!(DEVICE)));
        let whole = export["audit_entries"].to_string();
        assert!(!whole.contains(&show.organizer.id) && !whole.contains("priority_pass.issue"), "{whole}");
        serde_json::from_value::<wire::Export>(export).unwrap();
    })
    .await;
}

/// Searches the whole database for the person, not only where he is expected.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_person_is_left_behind() {
    let server = TestServer::start().await;
    let account = Traces::on(&server).await.account;
    let admin = server.admin().await;
    let found = server.get(Some(&admin), &format!("/admin/audit-log?actor={}", account.id)).await.expect(200);
    assert!(found.to_string().contains(DEVICE), "{found}");
    // Refused logins are written a moment later.
    let ends_at = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    let failed = format!("/admin/audit-log?object={}&action=login.failed", account.id);
    while !server.get(Some(&admin), &failed).await.expect(200).to_string().contains(DEVICE) {
        assert!(tokio::time::Instant::now() < ends_at, "the failed login is not in the log");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let erase = server.request(Method::DELETE, "/me").bearer_auth(&account.access_token);
    send(erase.header("user-agent", DEVICE).json(&json!({"password": PASSWORD}))).await.expect(204);
    let home = server.stop().await;

    let mut connection = opened(&home).await;
    let uuid: uuid::Uuid = account.id.parse().unwrap();
    let kept: BTreeSet<&str> =
        NAMES_ACCOUNT.iter().filter(|(_, fate, _)| *fate == Kept).map(|(column, ..)| *column).collect();
    for column in columns(&mut connection).await {
        let (table, name) = column.split_once('.').unwrap();
        for needle in [account.email.as_str(), NAME, DEVICE, REASON, "Byron"] {
            let sql =
                format!("SELECT COUNT(*) FROM \"{table}\" WHERE instr(lower(CAST(\"{name}\" AS text)), lower($1)) > 0");
            let rows: i64 =
                sqlx::query_scalar(AssertSqlSafe(sql)).bind(needle).fetch_one(&mut connection).await.unwrap();
            assert_eq!(rows, 0, "{column} still has {needle}");
        }
        let sql = format!("SELECT COUNT(*) FROM \"{table}\" WHERE \"{name}\" = $1");
        let rows: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).bind(uuid).fetch_one(&mut connection).await.unwrap();
        // For as long as its access tokens could be good: nodes must hear that they have ended.
        let is_kept = kept.contains(column.as_str()) || column == "refresh_families.user_id";
        assert!(rows == 0 || is_kept, "{column} still names the account");
    }
}
