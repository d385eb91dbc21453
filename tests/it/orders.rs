//! Orders and their payments.

use serde_json::{Value, json};
use usher_tests::server::TestServer;

use crate::holds::until;
use crate::show::{Show, faults, on_each_store, text};

fn seat(id: &str) -> Value {
    json!([{"seat": id}])
}

#[tokio::test]
async fn an_order_is_placed_paid_and_found_again_with_its_tickets() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let hold = show.hold(server, &buyer, json!([{"seat": "A-1-1"}, {"area": "F", "quantity": 2}])).await;
        let attendees = json!([{"name": "Ada"}, {"name": "Bo", "email": "bo@example.org"}]);
        let body = json!({"event_id": show.id, "hold_id": hold["id"], "attendees": attendees});
        let order = server.post(Some(&buyer), "/orders", body.clone()).await.expect(201);
        assert_eq!((&order["status"], &order["total"]), (&json!("pending_payment"), &hold["total"]));
        assert_eq!((&order["attendees"], &order["expires_at"]), (&attendees, &hold["expires_at"]));
        server.post(Some(&buyer), "/orders", body).await.problem(409, "HOLD_HAS_ORDER");

        let path = format!("/orders/{}", text(&order["id"]));
        let pay = format!("{path}/pay");
        let paid =
            server.post(Some(&buyer), &pay, json!({"method": "mock", "amount": hold["total"]})).await.expect(200);
        assert_eq!((&paid["status"], paid["tickets"].as_array().unwrap().len()), (&json!("paid"), 3));
        let mut shown = server.get(Some(&buyer), &path).await.expect(200);
        assert_eq!(shown["event"]["title"], "A small show");
        shown.as_object_mut().unwrap().remove("event");
        assert_eq!(shown, paid);
        let tickets = server.get(Some(&buyer), &format!("{path}/tickets")).await.expect(200);
        assert_eq!(tickets["items"], paid["tickets"]);
        assert_eq!(show.totals(server).await, [87, 0, 3, 0]);
        server.post(Some(&buyer), &pay, json!({"method": "mock"})).await.problem(409, "ORDER_TRANSITION");
        server.post(Some(&buyer), &format!("{path}/cancel"), json!({})).await.problem(409, "ORDER_TRANSITION");
        assert_eq!(show.totals(server).await, [87, 0, 3, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_declined_payment_leaves_the_order_waiting_and_the_next_one_pays() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, seat("A-1-1")).await;
        let path = format!("/orders/{}", text(&order["id"]));
        let pay = format!("{path}/pay");
        let declined = json!({"method": "mock", "outcome": "declined"});
        server.post(Some(&buyer), &pay, declined).await.problem(402, "PAYMENT_DECLINED");
        let waiting = server.get(Some(&buyer), &path).await.expect(200);
        assert_eq!((&waiting["status"], waiting.get("tickets")), (&json!("pending_payment"), None));
        server.post(Some(&buyer), &pay, json!({"method": "mock"})).await.expect(200);
        assert_eq!(show.totals(server).await, [89, 0, 1, 0]);
    })
    .await;
}

/// RELIABILITY T21 in small: one key, one payment, one answer.
#[tokio::test]
async fn a_payment_repeated_under_its_key_is_the_same_payment() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, seat("A-1-1")).await;
        let pay = format!("/orders/{}/pay", text(&order["id"]));
        let body = json!({"method": "mock"});
        let first = server.post_keyed(Some(&buyer), &pay, "pay-1", body.clone()).await.expect(200);
        let again = server.post_keyed(Some(&buyer), &pay, "pay-1", body.clone()).await.expect(200);
        assert_eq!(first, again);
        let declined = json!({"method": "mock", "outcome": "declined"});
        let reused = server.post_keyed(Some(&buyer), &pay, "pay-1", declined).await;
        reused.problem(422, "IDEMPOTENCY_KEY_REUSED");
        let second = server.post_keyed(Some(&buyer), &pay, "pay-2", body).await;
        second.problem(409, "ORDER_TRANSITION");
        let other = show.order(server, &buyer, seat("A-1-2")).await;
        let pay = format!("/orders/{}/pay", text(&other["id"]));
        let declined = json!({"method": "mock", "outcome": "declined"});
        for _ in 0..2 {
            let again = server.post_keyed(Some(&buyer), &pay, "pay-3", declined.clone()).await;
            again.problem(402, "PAYMENT_DECLINED");
        }
        assert_eq!(show.totals(server).await, [88, 1, 1, 0]);
    })
    .await;
}

/// The key remembers what was answered, not what has become of it.
#[tokio::test]
async fn an_order_asked_for_again_is_answered_as_at_first_whatever_became_of_it() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let hold = show.hold(server, &buyer, seat("A-1-1")).await;
        let body = json!({"event_id": show.id, "hold_id": hold["id"]});
        let first = server.post_keyed(Some(&buyer), "/orders", "order-1", body.clone()).await.expect(201);
        let path = format!("/orders/{}", text(&first["id"]));
        server.post(Some(&buyer), &format!("{path}/cancel"), json!({})).await.expect(200);
        let again = server.post_keyed(Some(&buyer), "/orders", "order-1", body).await.expect(201);
        assert_eq!((&again, &again["status"]), (&first, &json!("pending_payment")));
        assert_eq!(server.get(Some(&buyer), &path).await.expect(200)["status"], "cancelled");
    })
    .await;
}

/// FEATURES section 2 (T): the expiry returned no stock, and a late webhook issued tickets all the same.
#[tokio::test]
async fn a_late_payment_gets_its_seats_if_they_are_free_and_its_money_back_if_not() {
    let server = TestServer::start().await;
    let show = Show::on_sale_with(&server, json!({"hold_ttl_s": 1})).await;
    let buyer = server.attendee().await;
    let first = show.order(&server, &buyer, seat("A-1-1")).await;
    let second = show.order(&server, &buyer, seat("A-1-2")).await;
    until(async || show.totals(&server).await == [90, 0, 0, 0]).await;
    let path = |order: &Value, rest: &str| format!("/orders/{}{rest}", text(&order["id"]));
    let expired = server.get(Some(&buyer), &path(&first, "")).await.expect(200);
    assert_eq!(expired["status"], "expired");

    let pay = json!({"method": "mock"});
    let paid = server.post_keyed(Some(&buyer), &path(&first, "/pay"), "late", pay.clone()).await.expect(200);
    assert_eq!((&paid["status"], &paid["tickets"][0]["seat"]), (&json!("paid"), &json!("A-1-1")));
    let again = server.post_keyed(Some(&buyer), &path(&first, "/pay"), "late", pay.clone()).await.expect(200);
    assert_eq!(paid, again, "a retry of a late payment");

    let rival = server.attendee().await;
    show.buy(&server, &rival, seat("A-1-2")).await;
    for _ in 0..2 {
        let late = server.post_keyed(Some(&buyer), &path(&second, "/pay"), "too-late", pay.clone()).await;
        late.problem(410, "PAYMENT_TOO_LATE");
    }
    assert_eq!(server.get(Some(&buyer), &path(&second, "")).await.expect(200)["status"], "expired");
    assert_eq!(show.totals(&server).await, [88, 0, 2, 0]);
}

#[tokio::test]
async fn a_cancelled_order_gives_its_places_back_once() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    let order = show.order(&server, &buyer, json!([{"area": "F", "quantity": 5}])).await;
    assert_eq!(show.totals(&server).await, [85, 5, 0, 0]);
    let path = format!("/orders/{}", text(&order["id"]));
    let cancelled = server.post(Some(&buyer), &format!("{path}/cancel"), json!({})).await.expect(200);
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(show.totals(&server).await, [90, 0, 0, 0]);
    server.post(Some(&buyer), &format!("{path}/cancel"), json!({})).await.problem(409, "ORDER_TRANSITION");
    server.post(Some(&buyer), &format!("{path}/pay"), json!({"method": "mock"})).await.problem(409, "ORDER_TRANSITION");
    assert_eq!(show.totals(&server).await, [90, 0, 0, 0]);
}

#[tokio::test]
async fn a_refund_voids_its_tickets_frees_their_places_and_never_exceeds_what_was_paid() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}, {"seat": "A-1-3"}])).await;
        let path = format!("/orders/{}/refund", text(&paid["id"]));
        let one = json!({"tickets": [paid["tickets"][0]["id"]]});
        server.post(Some(&buyer), &path, one.clone()).await.problem(409, "REFUND_NOT_PROMISED");
        let other = server.organizer().await;
        server.post(Some(&other), &path, one.clone()).await.problem(404, "ORDER_NOT_FOUND");
        let money = |amount_minor: i64, currency: &str| json!({"amount_minor": amount_minor, "currency": currency});
        for (amount, code) in [
            (money(13_501, "EUR"), "REFUND_EXCEEDS"),
            (money(-1, "EUR"), "REFUND_EXCEEDS"),
            (money(i64::MAX, "EUR"), "REFUND_EXCEEDS"),
            (money(1, "USD"), "CURRENCY_MISMATCH"),
        ] {
            server.post(organizer, &path, json!({"amount": amount})).await.problem(422, code);
        }
        assert_eq!(show.totals(server).await, [87, 0, 3, 0]);

        let partly = server.post(organizer, &path, one.clone()).await.expect(200);
        assert_eq!((&partly["status"], &partly["refunded"]), (&json!("partially_refunded"), &money(4_500, "EUR")));
        server.post(organizer, &path, one).await.problem(409, "TICKET_VOID");
        let ticket =
            server.get(Some(&buyer), &format!("/tickets/{}", text(&paid["tickets"][0]["id"]))).await.expect(200);
        assert_eq!((&ticket["state"], ticket.get("code")), (&json!("voided"), None));
        let rest = server.post(organizer, &path, json!({})).await.expect(200);
        assert_eq!((&rest["status"], &rest["refunded"]), (&json!("refunded"), &money(13_500, "EUR")));
        assert_eq!(show.totals(server).await, [90, 0, 0, 0]);
        server.post(organizer, &path, json!({})).await.problem(409, "ORDER_TRANSITION");
    })
    .await;
}

#[tokio::test]
async fn an_order_is_seen_by_its_customer_and_those_who_run_the_event_alone() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let (buyer, stranger) = (server.attendee().await, server.attendee().await);
    let (rival, admin) = (server.organizer().await, server.admin().await);
    let order = show.order(&server, &buyer, seat("A-1-1")).await;
    let id = text(&order["id"]);
    for path in [format!("/orders/{id}"), format!("/orders/{id}/tickets")] {
        for someone in [&buyer, &show.organizer, &admin] {
            server.get(Some(someone), &path).await.expect(200);
        }
        for nobody in [&stranger, &rival] {
            server.get(Some(nobody), &path).await.problem(404, "ORDER_NOT_FOUND");
        }
        server.get(None, &path).await.problem(401, "TOKEN_MISSING");
    }
    for nobody in [&stranger, &rival, &show.organizer, &admin] {
        for (verb, body) in [("pay", json!({"method": "mock"})), ("cancel", json!({}))] {
            let path = format!("/orders/{id}/{verb}");
            server.post(Some(nobody), &path, body).await.problem(404, "ORDER_NOT_FOUND");
        }
    }
    let hold = show.hold(&server, &buyer, seat("A-1-2")).await;
    let theft = json!({"event_id": show.id, "hold_id": hold["id"]});
    server.post(Some(&stranger), "/orders", theft).await.problem(404, "HOLD_NOT_FOUND");
    let of_event = format!("/orders?event={}", show.id);
    let seen = server.get(Some(&show.organizer), &of_event).await.expect(200);
    assert_eq!(text(&seen["items"][0]["id"]), id);
    server.get(Some(&rival), &of_event).await.problem(404, "EVENT_NOT_FOUND");
    server.get(Some(&stranger), &of_event).await.problem(403, "ROLE_REQUIRED");
    let own = server.get(Some(&buyer), "/orders").await.expect(200);
    assert_eq!(own["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.get(Some(&stranger), "/orders").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn attendees_are_checked_before_anything_is_ordered() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    let hold = show.hold(&server, &buyer, seat("A-1-1")).await;
    let before = show.availability(&server).await;
    let rows = [
        (json!([{"name": "A"}, {"name": "B"}]), "attendees", "TOO_MANY"),
        (json!([{"name": ""}]), "attendees[0].name", "LENGTH"),
        (json!([{"name": "A", "email": "nobody"}]), "attendees[0].email", "EMAIL"),
        (json!([{"name": "A", "price": 1}]), "attendees[0].price", "UNKNOWN_FIELD"),
    ];
    for (attendees, field, code) in rows {
        let body = json!({"event_id": show.id, "hold_id": hold["id"], "attendees": attendees});
        let problem = server.post(Some(&buyer), "/orders", body).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&problem), [(field.to_owned(), code.to_owned())]);
    }
    assert_eq!(show.availability(&server).await, before);
}
