//! Mails about what was bought: from the commit of the purchase to the mail server, through what may go wrong between.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inventory::{EventId, Lsn, OutboxKind};
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use usher::config::Config;
use usher_tests::server::{Session, TestServer};
use usher_tests::smtp::{Received, SmtpServer, by_smtp, free_port, on_both_stores};

use crate::show::{Show, give, text};

const PATIENCE: Duration = Duration::from_secs(30);

async fn mails_of(server: &TestServer, admin: &Session, kind: &str) -> Vec<Value> {
    let page = server.get(Some(admin), "/admin/mails?limit=200").await.expect(200);
    page["items"].as_array().unwrap().iter().filter(|mail| mail["kind"] == kind).cloned().collect()
}

/// Waits until so many mails of the kind are in the store, sent or not.
async fn queued(server: &TestServer, kind: &str, count: usize) -> Vec<Value> {
    let admin = server.admin().await;
    let queued = async {
        loop {
            let mails = mails_of(server, &admin, kind).await;
            if mails.len() >= count {
                return mails;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, queued).await.unwrap_or_else(|_| panic!("{count} mails of kind {kind}"))
}

/// Speaks to the database behind the server's back. How many rows it touched.
pub async fn behind_the_back(server: &TestServer, sql: &'static str) -> u64 {
    let config = usher::app::store_config(&server.app().state().config);
    if let Some(url) = &config.url {
        let mut connection = url.parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
        let touched = sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected();
        connection.close().await.unwrap();
        return touched;
    }
    let options = SqliteConnectOptions::new().filename(config.data_dir.join("usher.sqlite3")).busy_timeout(PATIENCE);
    let mut connection = options.connect().await.unwrap();
    let touched = sqlx::query(sql).execute(&mut connection).await.unwrap().rows_affected();
    connection.close().await.unwrap();
    touched
}

/// The picture of this Content-ID, as it was before it was encoded.
fn picture(mail: &Received, cid: &str) -> Vec<u8> {
    let (_, part) = mail.message.split_once(&format!("Content-ID: <{cid}>")).unwrap();
    let (head, body) = part.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("Content-Type: image/png") && head.contains("Content-Disposition: inline"), "{head}");
    let body: String = body.split("\r\n--").next().unwrap().split("\r\n").collect();
    STANDARD.decode(body).unwrap()
}

/// What the ticket's holder sees on his screen.
async fn shown_code(server: &TestServer, holder: &Session, ticket: &str) -> Vec<u8> {
    let request = server.request(reqwest::Method::GET, &format!("/tickets/{ticket}/qr?format=png"));
    let response = request.bearer_auth(&holder.access_token).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_is_confirmed_with_its_tickets_and_their_codes() {
    on_both_stores(|server, smtp| async move {
        let show =
            Show::on_sale_with(&server, json!({"location": "Opera", "city": "Graz", "timezone": "Europe/Vienna"}))
                .await;
        let buyer = server.attendee().await;
        let paid = show.buy(&server, &buyer, json!([{"seat": "A-1-1"}, {"area": "F", "quantity": 1}])).await;
        let mail = smtp.mails(&buyer.email, "Your tickets", 1).await.remove(0);
        assert_eq!(mail.header("Subject"), "Your tickets: A small show");
        assert!(mail.header("Content-Type").starts_with("multipart/alternative"), "{}", mail.message);
        assert!(mail.message.contains("multipart/related"), "{}", mail.message);
        let said = mail.text();
        for needle in [
            "A small show",
            "Tuesday, 1 May 2035, 21:00 (Europe/Vienna)",
            "Opera, Graz",
            "Total: 65.00 EUR",
            "Seat A-1-1, Seat",
            "Area F, Standing",
            &format!("https://tickets.example/orders/{}", text(&paid["id"])),
        ] {
            assert!(said.matches(needle).count() >= 2, "{needle} in both forms: {said}");
        }
        for (ix, ticket) in paid["tickets"].as_array().unwrap().iter().enumerate() {
            let cid = format!("ticket-{}@usher", ix + 1);
            assert!(said.contains(&format!("src=\"cid:{cid}\"")), "{said}");
            let seen = shown_code(&server, &buyer, &text(&ticket["id"])).await;
            assert_eq!(picture(&mail, &cid), seen, "the mail shows the code of ticket {ix}");
            assert!(!said.contains(&text(&ticket["code"])));
        }
        server.stop().await;
        assert_eq!(smtp.mails(&buyer.email, "Your tickets", 1).await.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_concerned_hears_of_transfers_refunds_and_cancellations_once() {
    on_both_stores(|server, smtp| async move {
        let show = Show::on_sale(&server).await;
        let (buyer, heir) = (server.attendee().await, server.attendee().await);
        let paid = show.buy(&server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let ticket = text(&paid["tickets"][0]["id"]);
        let old_code = shown_code(&server, &buyer, &ticket).await;
        give(&server, &buyer, &ticket, &heir).await;
        let received = smtp.mails(&heir.email, "A ticket for you", 1).await.remove(0);
        let code = picture(&received, "ticket-1@usher");
        assert_eq!(code, shown_code(&server, &heir, &ticket).await);
        assert_ne!(code, old_code);
        let given = smtp.mails(&buyer.email, "You have given a ticket away", 1).await.remove(0);
        let place = format!("Seat {}, Seat", text(&paid["tickets"][0]["seat"]));
        assert!(given.text().contains(&place) && !given.message.contains("image/png"), "{}", given.message);

        let open = show.order(&server, &buyer, json!([{"seat": "A-1-3"}])).await;
        server.post(Some(&buyer), &format!("/orders/{}/cancel", text(&open["id"])), json!({})).await.expect(200);
        smtp.mails(&buyer.email, "Your order was cancelled", 1).await;
        let refund = format!("/orders/{}/refund", text(&paid["id"]));
        server.post(Some(&show.organizer), &refund, json!({})).await.expect(200);
        let refunded = smtp.mails(&buyer.email, "Your refund", 1).await.remove(0);
        assert!(refunded.text().contains("Refunded so far: 90.00 EUR of 90.00 EUR"), "{}", refunded.text());
        server.stop().await;
        assert_eq!(smtp.mails(&heir.email, "A ticket for you", 1).await.len(), 1);
        assert_eq!(smtp.mails(&buyer.email, "You", 4).await.len(), 4);
    })
    .await;
}

/// Nobody listens where mails go: nobody who buys notices, and nothing is forgotten.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_is_away_for_a_whole_sale_loses_no_mail_and_slows_no_purchase() {
    const BUYERS: usize = 12;
    let sale = async |server: TestServer, port: u16| {
        let show = Show::on_sale(&server).await;
        let event = EventId::from_uuid(show.id.parse().unwrap());
        let mut buyers = Vec::new();
        for buyer in 0..BUYERS {
            let account = server.attendee().await;
            let begun = std::time::Instant::now();
            show.buy(&server, &account, json!([{"area": "F", "quantity": 1}])).await;
            assert!(begun.elapsed() < Duration::from_secs(5), "a purchase waited for its mail");
            // Whoever was told that he has paid has his mail queued: it is in the same commit.
            let outbox = server.app().state().store.outbox_list(event, Lsn::ZERO, 100).await.unwrap();
            let paid = outbox.iter().filter(|work| work.kind == OutboxKind::OrderPaid).count();
            assert_eq!(paid, buyer + 1);
            buyers.push(account);
        }
        queued(&server, "order_paid", BUYERS).await;
        let smtp = SmtpServer::start_at(port).await;
        for buyer in &buyers {
            smtp.mails(&buyer.email, "Your tickets", 1).await;
        }
        server.stop().await;
        let sent: Vec<Received> = smtp.received();
        assert_eq!(sent.iter().filter(|mail| mail.header("Subject").starts_with("Your tickets")).count(), BUYERS);
    };
    let away = |port: u16| {
        move |config: &mut Config| {
            by_smtp(port)(config);
            config.mail.attempts_max = 10_000;
        }
    };
    let port = free_port();
    Box::pin(sale(TestServer::start_with(away(port)).await, port)).await;
    let port = free_port();
    if let Some(server) = TestServer::start_on_postgres_with(away(port)).await {
        Box::pin(sale(server, port)).await;
    }
}

fn in_hours(server: &TestServer, hours: i64) -> String {
    usher::time::utc(server.app().state().now().plus_us(hours * 3_600 * 1_000_000)).to_rfc3339()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_holder_is_reminded_once_who_wants_to_be() {
    let reminded = async |server: TestServer, smtp: SmtpServer| {
        let soon = in_hours(&server, 20);
        let show = Show::on_sale_with(&server, json!({"starts_at": soon, "title": "A show tomorrow"})).await;
        let later = Show::on_sale_with(&server, json!({"starts_at": in_hours(&server, 30)})).await;
        let (keen, deaf, patient) = (server.attendee().await, server.attendee().await, server.attendee().await);
        for seat in ["A-1-1", "A-1-2"] {
            show.buy(&server, &keen, json!([{"seat": seat}])).await;
        }
        show.buy(&server, &deaf, json!([{"seat": "A-1-3"}])).await;
        later.buy(&server, &patient, json!([{"seat": "A-1-1"}])).await;
        assert_eq!(server.get(Some(&deaf), "/me").await.expect(200)["reminders"], true);
        let off = server.patch(Some(&deaf), "/me", json!({"reminders": false})).await.expect(200);
        assert_eq!((&off["reminders"], &off["name"]), (&json!(false), &json!("An attendee")));
        // The next look is the first one of the next run. Whatever was queued for nobody so far begins anew.
        behind_the_back(&server, "DELETE FROM notices").await;
        let port = smtp.port();
        let server = TestServer::start_in(server.stop().await, by_smtp(port)).await;
        let mail = smtp.mails(&keen.email, "Soon: A show tomorrow", 1).await.remove(0);
        assert!(mail.text().contains("Reminders can be switched off"), "{}", mail.text());
        until_done(&server).await;
        let server = TestServer::start_in(server.stop().await, by_smtp(port)).await;
        until_done(&server).await;
        server.stop().await;
        let reminders = |who: &Session| {
            let is_one = |mail: &&Received| mail.to == who.email && mail.header("Subject").starts_with("Soon");
            smtp.received().iter().filter(is_one).count()
        };
        assert_eq!([&keen, &deaf, &patient].map(reminders), [1, 0, 0]);
    };
    let smtp = SmtpServer::start().await;
    Box::pin(reminded(TestServer::start_with(by_smtp(smtp.port())).await, smtp)).await;
    let smtp = SmtpServer::start().await;
    if let Some(server) = TestServer::start_on_postgres_with(by_smtp(smtp.port())).await {
        Box::pin(reminded(server, smtp)).await;
    }
}

/// Until no notice waits any more.
async fn until_done(server: &TestServer) {
    let done = async {
        // Touches what is left, and changes nothing.
        while behind_the_back(server, "UPDATE notices SET kind = kind WHERE status = 'queued'").await > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, done).await.expect("all notices are done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holders_hear_once_of_changes_and_of_a_cancellation() {
    on_both_stores(|server, smtp| async move {
        let show = Show::on_sale(&server).await;
        let (holder, stranger) = (server.attendee().await, server.attendee().await);
        for seat in ["A-1-1", "A-1-2"] {
            show.buy(&server, &holder, json!([{"seat": seat}])).await;
        }
        show.order(&server, &stranger, json!([{"seat": "A-1-3"}])).await;
        for title in ["A bigger show", "A great show"] {
            server.patch(Some(&show.organizer), &show.path(""), json!({"title": title})).await.expect(200);
        }
        let words = json!({"description": "Only words"});
        server.patch(Some(&show.organizer), &show.path(""), words).await.expect(200);
        // As if the time in which changes are gathered were over.
        assert_eq!(behind_the_back(&server, "UPDATE notices SET due_at = 0 WHERE kind = 'changed'").await, 1);
        let mail = smtp.mails(&holder.email, "Changed: A great show", 1).await.remove(0);
        assert!(mail.text().contains("Title: A great show (was: A small show)"), "{}", mail.text());
        until_done(&server).await;
        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
        smtp.mails(&holder.email, "Cancelled: A great show", 1).await;
        until_done(&server).await;
        server.stop().await;
        for subject in ["Changed", "Cancelled"] {
            assert_eq!(smtp.mails(&holder.email, subject, 1).await.len(), 1, "{subject}");
        }
        assert!(
            smtp.received().iter().all(|mail| mail.to != stranger.email || mail.header("Subject").contains("Confirm"))
        );
    })
    .await;
}

/// The row is damaged by hand, since nothing else makes the work fail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_cannot_be_done_waits_for_an_admin() {
    on_both_stores(|server, smtp| async move {
        let (show, buyer, admin) = (Show::on_sale(&server).await, server.attendee().await, server.admin().await);
        show.buy(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
        smtp.mails(&buyer.email, "Your tickets", 1).await;
        let damage = "UPDATE outbox SET order_id = event_id, status = 'queued', attempts = 11, due_at = 0
            WHERE kind = 'order_paid'";
        assert_eq!(behind_the_back(&server, damage).await, 1);
        let parked = async {
            loop {
                let page = server.get(Some(&admin), "/admin/outbox").await.expect(200);
                if let Some(work) = page["items"].as_array().unwrap().first() {
                    return work.clone();
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let parked = tokio::time::timeout(PATIENCE, parked).await.expect("the work is given up");
        assert_eq!((&parked["kind"], &parked["last_error"]), (&json!("order_paid"), &json!("the order has no row")));
        assert_eq!((&parked["event_id"], &parked["attempts"]), (&json!(show.id), &json!(12)));

        let mend = "UPDATE outbox SET order_id = (SELECT id FROM orders) WHERE kind = 'order_paid'";
        behind_the_back(&server, mend).await;
        let retry = format!("/admin/outbox/{}/retry", text(&parked["id"]));
        server.post(Some(&admin), &retry, json!({})).await.expect(200);
        server.post(Some(&admin), &retry, json!({})).await.problem(404, "OUTBOX_NOT_FOUND");
        let done = "UPDATE outbox SET status = status WHERE kind = 'order_paid' AND status = 'done'";
        crate::holds::until(async || behind_the_back(&server, done).await == 1).await;
        // It had been done before: its mail is the same one.
        assert_eq!(mails_of(&server, &admin, "order_paid").await.len(), 1);
        server.stop().await;
    })
    .await;
}
