//! Discount codes as buyers and organizers meet them; how they are counted is proven in the core.

use serde_json::{Value, json};
use usher_tests::server::{Answer, Session, TestServer};

use crate::show::{Show, faults, on_each_store, text};

fn money(amount_minor: i64) -> Value {
    json!({"amount_minor": amount_minor, "currency": "EUR"})
}

async fn ask(server: &TestServer, show: &Show, buyer: &Session, items: Value, codes: Value) -> Answer {
    server.post(Some(buyer), &show.path("/holds"), json!({"items": items, "discount_codes": codes})).await
}

#[tokio::test]
async fn a_discount_follows_its_tickets_from_the_hold_to_the_refund() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, codes) = (Some(&show.organizer), show.path("/discount-codes"));
        let spring = json!({"code": "Spring", "label": "Spring sale", "percent_basis_points": 1_500,
            "tiers": [show.seats], "tickets_max": 3, "per_customer_max": 1});
        let made = server.put(organizer, &codes, spring.clone()).await.expect(200);
        assert_eq!((&made["uses"], &made["tickets"], made.get("code")), (&json!(0), &json!(0), None));
        assert_eq!((&made["percent_basis_points"], made.get("amount_off")), (&json!(1_500), None));

        let (buyer, rival) = (server.attendee().await, server.attendee().await);
        let items = json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}, {"area": "F", "quantity": 2}]);
        let hold = ask(server, &show, &buyer, items, json!(["sPRING"])).await.expect(201);
        let off = json!({"label": "Spring sale", "amount": money(675)});
        let prices: Vec<(&Value, Option<&Value>)> = hold["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| (&item["price"]["amount_minor"], item.get("discount")))
            .collect();
        assert_eq!(prices, [(&json!(3_825), Some(&off)), (&json!(3_825), Some(&off)), (&json!(2_000), None)]);
        assert_eq!(hold["total"], money(2 * 3_825 + 2 * 2_000));

        let two_seats = || json!([{"seat": "A-2-1"}, {"seat": "A-2-2"}]);
        let spent =
            ask(server, &show, &rival, two_seats(), json!(["spring"])).await.problem(409, "DISCOUNT_CODE_SPENT");
        assert_eq!(faults(&spent), [("discount_codes[0]".to_owned(), "DISCOUNT_CODE_SPENT".to_owned())]);
        let again = ask(server, &show, &buyer, json!([{"seat": "A-2-1"}]), json!(["spring"])).await;
        again.problem(409, "DISCOUNT_CODE_PER_CUSTOMER");

        let order = json!({"event_id": show.id, "hold_id": hold["id"]});
        let order = server.post(Some(&buyer), "/orders", order).await.expect(201);
        assert_eq!((&order["total"], &order["items"][0]["discount"]), (&hold["total"], &off));
        assert_eq!(order["items"][2].get("discount"), None);
        let path = format!("/orders/{}", text(&order["id"]));
        let paid = server.post(Some(&buyer), &format!("{path}/pay"), json!({"method": "mock"})).await.expect(200);
        let ticket = paid["tickets"].as_array().unwrap().iter().find(|it| it["seat"] == "A-1-1").unwrap();
        assert_eq!(ticket["price"], money(3_825));
        let refund = json!({"tickets": [ticket["id"]]});
        let refunded = server.post(organizer, &format!("{path}/refund"), refund).await.expect(200);
        assert_eq!(refunded["refunded"], money(3_825));

        let list = server.get(organizer, &codes).await.expect(200);
        assert_eq!((&list["items"][0]["uses"], &list["items"][0]["tickets"]), (&json!(1), &json!(1)));
        ask(server, &show, &rival, two_seats(), json!(["spring"])).await.expect(201);
        let mut fewer = spring;
        fewer["tickets_max"] = json!(2);
        server.put(organizer, &codes, fewer).await.problem(422, "DISCOUNT_CODE_INVALID");
    })
    .await;
}

#[tokio::test]
async fn codes_that_cannot_be_used_say_why() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let (organizer, codes) = (Some(&show.organizer), show.path("/discount-codes"));
    let put = async |code: &str, more: Value| {
        let mut body = json!({"code": code, "label": code, "amount_off": money(500)});
        for (field, value) in more.as_object().unwrap() {
            body[field] = value.clone();
        }
        server.put(organizer, &codes, body).await.expect(200);
    };
    put("late", json!({"window": {"ends_at": "2020-01-01T00:00:00Z"}})).await;
    put("early", json!({"window": {"starts_at": "2034-01-01T00:00:00Z"}})).await;
    put("shut", json!({"open": false})).await;
    put("floor", json!({"tiers": [show.standing]})).await;
    put("free", json!({"amount_off": money(1_000_000)})).await;
    let buyer = server.attendee().await;
    let seat = || json!([{"seat": "A-1-1"}]);
    for (code, status, problem) in [
        ("none", 422, "DISCOUNT_CODE_UNKNOWN"),
        ("shut", 422, "DISCOUNT_CODE_UNKNOWN"),
        ("early", 409, "DISCOUNT_CODE_NOT_STARTED"),
        ("late", 410, "DISCOUNT_CODE_EXPIRED"),
        ("floor", 422, "DISCOUNT_CODE_NOT_APPLICABLE"),
    ] {
        let refused = ask(&server, &show, &buyer, seat(), json!(["free", code])).await.problem(status, problem);
        assert_eq!(faults(&refused), [("discount_codes[1]".to_owned(), problem.to_owned())]);
    }
    let many = vec!["free"; 9];
    let refused = ask(&server, &show, &buyer, seat(), json!(many)).await.problem(422, "VALIDATION_FAILED");
    assert_eq!(faults(&refused), [("discount_codes".to_owned(), "TOO_MANY".to_owned())]);
    // Nothing is left to pay, and it is paid all the same.
    let hold = ask(&server, &show, &buyer, seat(), json!(["free"])).await.expect(201);
    assert_eq!(hold["total"], money(0));
    let order = json!({"event_id": show.id, "hold_id": hold["id"]});
    let order = server.post(Some(&buyer), "/orders", order).await.expect(201);
    let pay = format!("/orders/{}/pay", text(&order["id"]));
    let paid = server.post(Some(&buyer), &pay, json!({"method": "mock"})).await.expect(200);
    assert_eq!((&paid["status"], &paid["items"][0]["discount"]["amount"]), (&json!("paid"), &money(4_500)));
    server.stop().await;
}

#[tokio::test]
async fn an_organizer_hears_what_is_wrong_with_a_code() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let (organizer, codes) = (Some(&show.organizer), show.path("/discount-codes"));
    let rows = [
        (json!({"code": "a", "label": "a"}), ("percent_basis_points", "EXACTLY_ONE")),
        (
            json!({"code": "a", "label": "a", "percent_basis_points": 1, "fixed_price": money(1)}),
            ("percent_basis_points", "EXACTLY_ONE"),
        ),
        (json!({"code": "a", "label": "a", "percent_basis_points": 10_001}), ("percent_basis_points", "OUT_OF_RANGE")),
        (json!({"code": "a", "label": "a", "amount_off": money(0)}), ("amount_off.amount_minor", "OUT_OF_RANGE")),
        (
            json!({"code": "a", "label": "a", "fixed_price": {"amount_minor": 1, "currency": "USD"}}),
            ("fixed_price.currency", "CURRENCY_MISMATCH"),
        ),
        (json!({"code": "", "label": "a", "fixed_price": money(0)}), ("code", "LENGTH")),
        (json!({"code": "a", "label": "", "fixed_price": money(0)}), ("label", "LENGTH")),
        (
            json!({"code": "a", "label": "a", "fixed_price": money(0), "per_customer_max": 0}),
            ("per_customer_max", "OUT_OF_RANGE"),
        ),
        (json!({"code": "a", "label": "a", "fixed_price": money(0), "tiers": [show.id]}), ("tiers[0]", "UNKNOWN")),
    ];
    for (body, (field, code)) in rows {
        let refused = server.put(organizer, &codes, body.clone()).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&refused), [(field.to_owned(), code.to_owned())], "{body}");
    }
    server.stop().await;
}
