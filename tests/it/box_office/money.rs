//! Money at the counter: it is in the ledger, and goes back where it was taken.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};

use super::{clerk, money};
use crate::holds::until;
use crate::show::{Show, faults, on_each_store, text};

async fn sell(server: &TestServer, show: &Show, clerk: &Session, sale: Value) -> Value {
    server.post(Some(clerk), &show.path("/box-office/orders"), sale).await.expect(201)
}

async fn due(server: &TestServer, show: &Show, clerk: &Session) -> Vec<(Value, Value)> {
    let page = server.get(Some(clerk), &show.path("/box-office/orders?refund_due=true")).await.expect(200);
    let sales = page["items"].as_array().unwrap().iter();
    sales.map(|sale| (sale["order_id"].clone(), sale["refund_due"].clone())).collect()
}

async fn mails_to(server: &TestServer, recipient: &str) -> Vec<Value> {
    let page = server.get(Some(&server.admin().await), "/admin/mails?limit=200").await.expect(200);
    let mails = page["items"].as_array().unwrap().iter().filter(|mail| mail["recipient"] == recipient);
    mails.map(|mail| mail["kind"].clone()).collect()
}

/// Nothing is asked of a payment provider.
async fn asks_no_provider(server: &TestServer) {
    let refunds = server.get(Some(&server.admin().await), "/admin/payment-refunds").await.expect(200);
    assert_eq!(refunds["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_at_the_counter_is_paid_out_there_once() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (clerk, stranger) = (clerk(server, &show).await, server.attendee().await);
        let cash = json!({"items": [{"seat": "A-1-1"}, {"seat": "A-1-2"}], "payment": "cash"});
        let sold = sell(server, &show, &clerk, cash).await;
        sell(server, &show, &clerk, json!({"items": [{"seat": "A-1-3"}], "payment": "card_terminal"})).await;
        let comp = json!({"items": [{"seat": "A-1-4"}], "payment": "comp", "reason": "Guest"});
        sell(server, &show, &clerk, comp).await;
        let payouts = show.path(&format!("/box-office/orders/{}/payouts", text(&sold["id"])));
        let in_cash = json!({"payment": "cash"});
        server.post(Some(&clerk), &payouts, in_cash.clone()).await.problem(409, "NOTHING_DUE");

        let refund = format!("/orders/{}/refund", text(&sold["id"]));
        server.post(Some(&stranger), &refund, json!({})).await.problem(404, "ORDER_NOT_FOUND");
        let wallet = server.post(Some(&clerk), &refund, json!({"to": "wallet"})).await;
        assert_eq!(faults(&wallet.problem(422, "VALIDATION_FAILED")), [("to".to_owned(), "NOT_ALLOWED".to_owned())]);
        let one = json!({"tickets": [sold["tickets"][0]["id"]], "reason": "Ill"});
        let refunded = server.post(Some(&clerk), &refund, one).await.expect(200);
        assert_eq!((&refunded["status"], &refunded["refunded"]), (&json!("partially_refunded"), &money(4_500)));
        assert_eq!(due(server, &show, &clerk).await, [(sold["id"].clone(), money(4_500))]);
        asks_no_provider(server).await;

        server.post(Some(&stranger), &payouts, in_cash.clone()).await.problem(403, "ROLE_REQUIRED");
        let rows = [
            (json!({"payment": "comp"}), ("payment", "NOT_ALLOWED")),
            (json!({"payment": "external"}), ("reference", "REQUIRED")),
            (json!({"payment": "cash", "reference": ""}), ("reference", "LENGTH")),
        ];
        for (body, (field, code)) in rows {
            let refused = server.post(Some(&clerk), &payouts, body).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(faults(&refused), [(field.to_owned(), code.to_owned())]);
        }
        let paid = server.post_keyed(Some(&clerk), &payouts, "till-1", in_cash.clone()).await.expect(201);
        assert_eq!((&paid["amount"], &paid["paid_by"]), (&money(4_500), &json!(clerk.id)));
        let again = server.post_keyed(Some(&clerk), &payouts, "till-1", in_cash.clone()).await.expect(201);
        assert_eq!(again, paid);
        server.post(Some(&clerk), &payouts, in_cash.clone()).await.problem(409, "NOTHING_DUE");
        assert_eq!(due(server, &show, &clerk).await, []);

        server.post(Some(&show.organizer), &refund, json!({})).await.expect(200);
        // Both reach for the till: it is paid once.
        let both = tokio::join!(
            server.post(Some(&show.organizer), &payouts, in_cash.clone()),
            server.post(Some(&show.organizer), &payouts, in_cash),
        );
        let (paid, late) = if both.0.status == 201 { both } else { (both.1, both.0) };
        assert_eq!(paid.expect(201)["amount"], money(4_500));
        late.problem(409, "NOTHING_DUE");
        let takings = server.get(Some(&clerk), &show.path("/box-office/takings")).await.expect(200);
        let mut told: Vec<_> = takings["items"].as_array().unwrap().iter().map(told).collect();
        told.sort();
        let of = |session: &Session| session.id.clone();
        let mut expected = vec![
            (of(&clerk), "card_terminal".to_owned(), [1, 4_500, 0, 0]),
            (of(&clerk), "cash".to_owned(), [1, 9_000, 1, 4_500]),
            (of(&clerk), "comp".to_owned(), [1, 0, 0, 0]),
            (of(&show.organizer), "cash".to_owned(), [0, 0, 1, 4_500]),
        ];
        expected.sort();
        assert_eq!(told, expected);
        let later = show.path("/box-office/takings?from=2100-01-01T00:00:00Z");
        assert_eq!(server.get(Some(&clerk), &later).await.expect(200)["items"], json!([]));
        asks_no_provider(server).await;
    })
    .await;
}

fn told(row: &Value) -> (String, String, [i64; 4]) {
    let number = |value: &Value| value.as_i64().unwrap();
    let sums = [&row["sales"], &row["taken"]["amount_minor"], &row["payouts"], &row["paid_out"]["amount_minor"]];
    (text(&row["user_id"]), text(&row["payment"]), sums.map(number))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_event_owes_the_counter_s_buyers_at_the_counter() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let clerk = clerk(server, &show).await;
        let email = format!("counter-{}", server.attendee().await.email);
        let buyer = json!({"name": "Ada", "email": email});
        let sale = json!({"items": [{"seat": "A-1-1"}], "payment": "cash", "buyer": buyer});
        let sold = sell(server, &show, &clerk, sale).await;
        let comp = json!({"items": [{"seat": "A-1-2"}], "payment": "comp", "reason": "Guest"});
        sell(server, &show, &clerk, comp).await;
        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
        let cancellation = show.path("/cancellation");
        until(async || server.get(Some(&show.organizer), &cancellation).await.expect(200)["status"] == "done").await;
        let progress = server.get(Some(&show.organizer), &cancellation).await.expect(200);
        assert_eq!(
            (&progress["orders"], &progress["refunded"], &progress["failed"]),
            (&json!(2), &json!(2), &json!(0))
        );
        assert_eq!(due(server, &show, &clerk).await, [(sold["id"].clone(), money(4_500))]);
        asks_no_provider(server).await;
        until(async || {
            let mails = mails_to(server, &email).await;
            ["event_cancelled", "order_refunded"].iter().all(|kind| mails.contains(&json!(kind)))
        })
        .await;
        let payouts = show.path(&format!("/box-office/orders/{}/payouts", text(&sold["id"])));
        let reference = json!({"payment": "external", "reference": "IBAN"});
        let paid = server.post(Some(&clerk), &payouts, reference).await.expect(201);
        assert_eq!((&paid["amount"], &paid["reference"]), (&money(4_500), &json!("IBAN")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets_of_the_counter_are_mailed_once_printed_and_listed() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (clerk, stranger) = (clerk(server, &show).await, server.attendee().await);
        let email = format!("walk-in-{}", stranger.email);
        let buyer = json!({"name": "Grace", "email": email});
        let sale = json!({"items": [{"seat": "A-1-1"}, {"seat": "A-1-2"}], "payment": "cash", "buyer": buyer});
        let orders = show.path("/box-office/orders");
        let sold = server.post_keyed(Some(&clerk), &orders, "sale-1", sale.clone()).await.expect(201);
        let again = server.post_keyed(Some(&clerk), &orders, "sale-1", sale).await.expect(201);
        assert_eq!(again, sold);
        assert_eq!(mails_to(server, &email).await, ["order_paid"]);
        assert_eq!(show.totals(server).await, [88, 0, 2, 0]);

        let (order, ticket) = (text(&sold["id"]), text(&sold["tickets"][0]["id"]));
        let seen = server.get(Some(&clerk), &format!("/orders/{order}")).await.expect(200);
        assert_eq!(seen["tickets"][0]["code"], sold["tickets"][0]["code"]);
        assert!(seen["tickets"][0]["code"].is_string(), "{seen}");
        let get = async |path: String, session: &Session| {
            let request = server.request(Method::GET, &path).bearer_auth(&session.access_token);
            request.send().await.unwrap().status().as_u16()
        };
        for path in [format!("/orders/{order}/tickets.pdf"), format!("/tickets/{ticket}/pdf")] {
            assert_eq!(get(path.clone(), &clerk).await, 200, "{path}");
            assert_eq!(get(path.clone(), &show.organizer).await, 200, "{path}");
            assert_eq!(get(path.clone(), &stranger).await, 404, "{path}");
        }
        for path in [format!("/tickets/{ticket}/qr"), format!("/tickets/{ticket}/print")] {
            assert_eq!(get(path.clone(), &clerk).await, 200, "{path}");
            assert_eq!(get(path.clone(), &stranger).await, 404, "{path}");
        }
        // Who stands at the door sees whose ticket it is, and not what opens it.
        let door = server.attendee().await;
        let role = json!({"email": door.email, "role": "door"});
        server.post(Some(&show.organizer), &show.path("/staff"), role).await.expect(201);
        assert_eq!(get(format!("/tickets/{ticket}/qr"), &door).await, 404);
        let shown = server.get(Some(&door), &format!("/tickets/{ticket}")).await.expect(200);
        assert_eq!(shown.get("code"), None);

        let guests = server.get(Some(&show.organizer), &show.path("/attendees")).await.expect(200);
        let names: Vec<_> = guests["items"].as_array().unwrap().iter().map(|guest| &guest["ticket_id"]).collect();
        assert_eq!(names.len(), 2, "{guests}");
        assert!(guests.to_string().contains("Grace"), "{guests}");
        let listed = server.get(Some(&clerk), &format!("/orders?event={}", show.id)).await.expect(200);
        assert_eq!(listed["items"][0]["id"], sold["id"]);
    })
    .await;
}
