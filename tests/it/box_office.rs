//! Sales at the venue: who may, what for, and that the house is never sold twice for it.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

mod money;

use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};

use crate::show::{Show, faults, on_each_store, text};

fn money(amount_minor: i64) -> Value {
    json!({"amount_minor": amount_minor, "currency": "EUR"})
}

async fn clerk(server: &TestServer, show: &Show) -> Session {
    let clerk = server.attendee().await;
    let role = json!({"email": clerk.email, "role": "box_office"});
    server.post(Some(&show.organizer), &show.path("/staff"), role).await.expect(201);
    clerk
}

#[tokio::test]
async fn a_clerk_keeps_places_for_a_reason_and_sells_them() {
    on_each_store(async |server: &TestServer| {
        // Not on sale yet for anybody else.
        let rules = json!({"sale_window": {"starts_at": "2034-05-01T19:00:00Z"}});
        let show = Show::on_sale_with(server, rules).await;
        let (clerk, buyer) = (clerk(server, &show).await, server.attendee().await);
        let holds = show.path("/box-office/holds");
        let seats = json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}]);
        let press = json!({"items": seats, "reason": "Press seats", "label": "Daily News"});
        server.post(Some(&buyer), &holds, press.clone()).await.problem(403, "ROLE_REQUIRED");
        let kept = server.post(Some(&clerk), &holds, press.clone()).await.expect(201);
        assert_eq!((&kept["total"], &kept["label"]), (&money(9_000), &json!("Daily News")));
        let refused = server.post(Some(&clerk), &holds, press).await.problem(409, "SEATS_TAKEN");
        assert_eq!(faults(&refused)[0].0, "items[0].seat");
        let floor = json!({"items": [{"area": "F", "quantity": 3}], "reason": "Crew"});
        let crew = server.post(Some(&clerk), &holds, floor).await.expect(201);

        let list = server.get(Some(&show.organizer), &holds).await.expect(200);
        let shown: Vec<_> = list["items"].as_array().unwrap().iter().map(|hold| &hold["reason"]).collect();
        assert_eq!(shown, [&json!("Press seats"), &json!("Crew")]);
        assert_eq!(list["items"][0]["placed_by"], json!(clerk.id));
        assert_eq!(show.totals(server).await, [85, 5, 0, 0]);

        let path = format!("{holds}/{}?reason=Rain", text(&crew["id"]));
        server.delete(Some(&buyer), &path).await.problem(403, "ROLE_REQUIRED");
        server.delete(Some(&clerk), &path).await.expect(204);
        server.delete(Some(&clerk), &path).await.expect(204);

        let orders = show.path("/box-office/orders");
        let sale = json!({"hold_id": kept["id"], "payment": "comp", "reason": "Press",
            "buyer": {"name": "Ada", "email": "ada@press.example"}});
        let sold = server.post(Some(&clerk), &orders, sale).await.expect(201);
        assert_eq!((&sold["status"], &sold["total"]), (&json!("paid"), &money(0)));
        assert_eq!(sold["items"][0]["discount"], json!({"amount": money(4_500)}));
        assert_eq!(sold["attendees"][0]["name"], "Ada");
        let code = text(&sold["tickets"][0]["code"]);
        let scan = json!({"code": code, "nonce": "1"});
        server.post(Some(&show.organizer), &show.path("/gate/scans"), scan).await.expect(201);

        assert_eq!(server.get(Some(&clerk), &holds).await.expect(200)["items"], json!([]));
        let sales = server.get(Some(&clerk), &orders).await.expect(200);
        let first = &sales["items"][0];
        assert_eq!((&first["payment"], &first["reason"]), (&json!("comp"), &json!("Press")));
        assert_eq!(first["order_id"], sold["id"]);
        assert_eq!(show.totals(server).await, [88, 0, 2, 0]);

        let log = server.get(Some(&show.organizer), &show.path("/audit-log")).await.expect(200);
        let done = |action: &str| {
            let mut entries = log["items"].as_array().unwrap().iter();
            let found = entries.find(|entry| entry["action"] == action).unwrap_or_else(|| panic!("{action}: {log}"));
            assert_eq!(found["actor_id"], json!(clerk.id), "{found}");
            found["new"].clone()
        };
        assert_eq!(done("box_office.hold")["reason"], "Crew");
        assert_eq!(done("box_office.release")["reason"], "Rain");
        assert_eq!(done("box_office.sale")["reason"], "Press");
    })
    .await;
}

#[tokio::test]
async fn a_sale_at_the_counter_is_asked_for_once_and_priced_by_the_house() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let clerk = clerk(&server, &show).await;
    let orders = show.path("/box-office/orders");
    let sell = async |body: Value| server.post(Some(&clerk), &orders, body).await;
    let seat = |id: &str| json!([{"seat": id}]);
    let sold = sell(json!({"items": seat("A-1-1"), "payment": "cash"})).await.expect(201);
    assert_eq!((&sold["total"], sold["items"][0].get("discount")), (&money(4_500), None));
    let cheap = json!({"items": seat("A-1-2"), "payment": "card_terminal", "price": money(1_000), "reason": "Damaged"});
    let sold = sell(cheap).await.expect(201);
    assert_eq!((&sold["total"], &sold["items"][0]["discount"]["amount"]), (&money(1_000), &money(3_500)));
    sell(json!({"items": seat("A-1-3"), "payment": "cash", "price": money(4_501), "reason": "Greed"}))
        .await
        .problem(422, "PRICE_ABOVE_TIER");
    sell(json!({"items": seat("A-1-1"), "payment": "cash"})).await.problem(409, "SEATS_TAKEN");

    let rows = [
        (json!({"payment": "cash"}), ("items", "EXACTLY_ONE")),
        (json!({"items": seat("A-1-3"), "hold_id": show.id, "payment": "cash"}), ("items", "EXACTLY_ONE")),
        (json!({"items": seat("A-1-3"), "payment": "comp"}), ("reason", "REQUIRED")),
        (json!({"items": seat("A-1-3"), "payment": "comp", "reason": "x", "price": money(1)}), ("price", "UNEXPECTED")),
        (json!({"items": seat("A-1-3"), "payment": "cash", "price": money(1)}), ("reason", "REQUIRED")),
        (json!({"items": seat("A-1-3"), "payment": "external"}), ("reference", "REQUIRED")),
        (json!({"items": seat("A-1-3"), "payment": "cash", "blocks": ["none"]}), ("blocks[0]", "UNKNOWN")),
        (json!({"items": seat("A-1-3"), "payment": "cash", "buyer": {"name": ""}}), ("buyer.name", "LENGTH")),
    ];
    for (body, (field, code)) in rows {
        let refused = sell(body.clone()).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&refused), [(field.to_owned(), code.to_owned())], "{body}");
    }
    server.stop().await;
}

#[tokio::test]
async fn withheld_seats_are_sold_where_their_block_is_named() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let clerk = clerk(&server, &show).await;
    server.post(Some(&show.organizer), &show.path("/blocks/guests/withhold"), json!({})).await.expect(200);
    let orders = show.path("/box-office/orders");
    let mut sale = json!({"items": [{"seat": "B-1-1"}], "payment": "external", "reference": "Invoice 7"});
    server.post(Some(&clerk), &orders, sale.clone()).await.problem(409, "SEATS_TAKEN");
    sale["blocks"] = json!(["guests"]);
    let sold = server.post(Some(&clerk), &orders, sale).await.expect(201);
    assert_eq!(show.totals(&server).await, [80, 0, 1, 9]);
    let refund = format!("/orders/{}/refund", text(&sold["id"]));
    server.post(Some(&show.organizer), &refund, json!({})).await.expect(200);
    assert_eq!(show.totals(&server).await, [80, 0, 0, 10], "back to its block");
    server.stop().await;
}
