//! What tiers say beyond their price: steps, codes, terms, and how one is deleted.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer, send};

use crate::show::{Show, faults, on_each_store, text};

fn money(amount_minor: i64) -> Value {
    json!({"amount_minor": amount_minor, "currency": "EUR"})
}

fn early(first: u32) -> Value {
    json!({"name": "Early", "price": money(2_000), "areas": ["F"], "price_steps": [
        {"price": money(1_000), "first": first},
        {"price": money(1_500), "until": "2034-01-01T00:00:00Z"},
    ]})
}

/// `[quantity, price]` of each item.
fn prices(hold: &Value) -> Vec<(u64, i64)> {
    let items = hold["items"].as_array().unwrap().iter();
    items.map(|item| (item["quantity"].as_u64().unwrap(), item["price"]["amount_minor"].as_i64().unwrap())).collect()
}

async fn offer(server: &TestServer, show: &Show, id: &str) -> Value {
    let list = server.get(None, &show.path("/tiers")).await.expect(200);
    list["items"].as_array().unwrap().iter().find(|offer| offer["tier"]["id"] == id).unwrap().clone()
}

#[tokio::test]
async fn the_first_units_are_cheaper_and_a_released_hold_gives_them_back() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let tier = text(&server.post(organizer, &show.path("/tiers"), early(3)).await.expect(201)["id"]);
        let buyer = server.attendee().await;
        let place = |quantity: u32| json!([{"area": "F", "quantity": quantity, "tier": tier}]);

        let first = show.hold(server, &buyer, place(2)).await;
        assert_eq!(prices(&first), [(2, 1_000)]);
        let second = show.hold(server, &buyer, place(3)).await;
        assert_eq!((prices(&second), &second["total"]), (vec![(1, 1_000), (2, 1_500)], &money(4_000)));
        let now = offer(server, &show, &tier).await;
        assert_eq!((&now["price"], &now["price_until"]), (&money(1_500), &json!("2034-01-01T00:00:00Z")));

        server.delete(Some(&buyer), &show.path(&format!("/holds/{}", text(&first["id"])))).await.expect(204);
        let now = offer(server, &show, &tier).await;
        assert_eq!((&now["price"], &now["price_left"], &now["free"]), (&money(1_000), &json!(2), &json!(47)));
        // The price of a hold is fixed.
        let steps = json!({"price_steps": [], "price": money(9_000)});
        server.patch(organizer, &show.path(&format!("/tiers/{tier}")), steps).await.expect(200);
        let order = json!({"event_id": show.id, "hold_id": second["id"]});
        assert_eq!(server.post(Some(&buyer), "/orders", order).await.expect(201)["total"], money(4_000));
    })
    .await;
}

/// Counted where it is decided: however many ask at once, just so many get the price.
#[tokio::test]
async fn a_step_is_not_oversold_by_buyers_who_come_at_once() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let tier = text(&server.post(Some(&show.organizer), &show.path("/tiers"), early(7)).await.expect(201)["id"]);
        let mut buyers = Vec::new();
        for _ in 0..12 {
            buyers.push(server.attendee().await);
        }
        let items = json!([{"area": "F", "quantity": 2, "tier": tier}]);
        let holds =
            futures_util::future::join_all(buyers.iter().map(|buyer| show.hold(server, buyer, items.clone()))).await;
        let mut at: BTreeMap<i64, u64> = BTreeMap::new();
        for (quantity, price) in holds.iter().flat_map(prices) {
            *at.entry(price).or_default() += quantity;
        }
        assert_eq!(at, BTreeMap::from([(1_000, 7), (1_500, 17)]));
    })
    .await;
}

#[tokio::test]
async fn a_code_opens_its_tier_for_so_many_units() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let fans = json!({"name": "Fans", "price": money(500), "areas": ["F"], "needs_code": true});
        let fans = text(&server.post(organizer, &show.path("/tiers"), fans).await.expect(201)["id"]);
        let codes = show.path("/access-codes");
        let put = |max: u32| json!({"code": "abba", "label": "Fan club", "tiers": [fans], "units_max": max});
        let made = server.put(organizer, &codes, put(5)).await.expect(200);
        assert_eq!((&made["label"], &made["used"], &made["units_max"]), (&json!("Fan club"), &json!(0), &json!(5)));
        assert_eq!(made.get("code"), None);

        let (buyer, rival) = (server.attendee().await, server.attendee().await);
        let ask = async |buyer: &Session, quantity: u32, code: &str| {
            let items = json!([{"area": "F", "quantity": quantity, "tier": fans}]);
            server.post(Some(buyer), &show.path("/holds"), json!({"items": items, "access_codes": [code]})).await
        };
        let shown = async |query: &str| {
            let list = server.get(Some(&buyer), &show.path(&format!("/tiers{query}"))).await.expect(200);
            list["items"].as_array().unwrap().len()
        };
        assert_eq!((shown("").await, shown("?access_code=Abba").await, shown("?access_code=abba").await), (2, 2, 3));
        ask(&buyer, 1, "Abba").await.problem(422, "ACCESS_CODE_REQUIRED");
        let hold = ask(&buyer, 3, "abba").await.expect(201);
        ask(&rival, 3, "abba").await.problem(409, "ACCESS_CODE_SPENT");
        ask(&rival, 2, "abba").await.expect(201);
        server.put(organizer, &codes, put(4)).await.problem(422, "ACCESS_CODE_INVALID");
        server.delete(Some(&buyer), &show.path(&format!("/holds/{}", text(&hold["id"])))).await.expect(204);
        ask(&rival, 3, "abba").await.expect(201);

        let list = server.get(organizer, &codes).await.expect(200);
        assert_eq!((&list["items"][0]["used"], &list["items"].as_array().unwrap().len()), (&json!(5), &1));
        let mut closed = put(5);
        closed["open"] = json!(false);
        server.put(organizer, &codes, closed).await.expect(200);
        assert_eq!(shown("?access_code=abba").await, 2);

        server.get(Some(&buyer), &codes).await.problem(403, "ROLE_REQUIRED");
        let stranger = server.organizer().await;
        server.get(Some(&stranger), &codes).await.problem(404, "EVENT_NOT_FOUND");
        server.put(Some(&stranger), &codes, put(5)).await.problem(404, "EVENT_NOT_FOUND");
    })
    .await;
}

/// Both were told that it is done: a description that is sent at the same time does not open a tier again.
#[tokio::test]
async fn patches_of_one_tier_at_once_are_both_kept() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, tier) = (Some(&show.organizer), show.path(&format!("/tiers/{}", show.seats)));
        for round in 0..20 {
            server.patch(organizer, &tier, json!({"open": true})).await.expect(200);
            let words = json!({"description": round.to_string()});
            let (closed, described) = tokio::join!(
                server.patch(organizer, &tier, json!({"open": false})),
                server.patch(organizer, &tier, words.clone()),
            );
            closed.expect(200);
            described.expect(200);
            let now = server.patch(organizer, &tier, json!({})).await.expect(200);
            assert_eq!((&now["open"], &now["description"]), (&json!(false), &words["description"]));
        }
    })
    .await;
}

#[tokio::test]
async fn a_patch_repeated_under_its_key_is_answered_though_the_tier_is_gone() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, tier) = (&show.organizer, show.path(&format!("/tiers/{}", show.seats)));
        let patch = async |key: &str| {
            let request = server.request(reqwest::Method::PATCH, &tier).bearer_auth(&organizer.access_token);
            send(request.header("idempotency-key", key).json(&json!({"description": "New"}))).await
        };
        assert_eq!(patch("k1").await.expect(200)["description"], "New");
        server.delete(Some(organizer), &tier).await.expect(204);
        assert_eq!(patch("k1").await.expect(200)["description"], "New");
        patch("k2").await.problem(404, "TIER_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn a_code_is_closed_within_its_scope_when_a_tier_of_it_is_gone_or_open_to_all() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, codes) = (Some(&show.organizer), show.path("/access-codes"));
        let coded = async |name: &str| {
            let body = json!({"name": name, "price": money(1), "areas": ["F"], "needs_code": true});
            text(&server.post(organizer, &show.path("/tiers"), body).await.expect(201)["id"])
        };
        let (gone, open) = (coded("Gone").await, coded("Open").await);
        let put = |code: &str| json!({"code": code, "label": "Fans", "tiers": [gone, open], "open": false});
        server.put(organizer, &codes, put("abba")).await.expect(200);
        server.delete(organizer, &show.path(&format!("/tiers/{gone}"))).await.expect(204);
        server.patch(organizer, &show.path(&format!("/tiers/{open}")), json!({"needs_code": false})).await.expect(200);
        let kept = server.put(organizer, &codes, put("abba")).await.expect(200);
        assert_eq!((&kept["tiers"], &kept["open"]), (&json!([gone, open]), &json!(false)));
        let refused = server.put(organizer, &codes, put("other")).await.problem(422, "VALIDATION_FAILED");
        let named = [("tiers[0]", "UNKNOWN"), ("tiers[1]", "UNEXPECTED")];
        assert_eq!(faults(&refused), named.map(|(field, code)| (field.to_owned(), code.to_owned())));
    })
    .await;
}

#[tokio::test]
async fn faults_of_tiers_and_codes_are_told_at_once() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let organizer = Some(&show.organizer);
    let bad = json!({"name": "", "price": money(10), "description": "x".repeat(2_001),
        "refund_policy": {"refundable": true, "percent": 101},
        "price_steps": [{"price": money(10), "first": 1}, {"price": money(-1), "first": 2}, {"price": money(5)}]});
    let told = faults(&server.post(organizer, &show.path("/tiers"), bad).await.problem(422, "VALIDATION_FAILED"));
    let told: Vec<(&str, &str)> = told.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
    for fault in [
        ("name", "LENGTH"),
        ("description", "LENGTH"),
        ("refund_policy.percent", "OUT_OF_RANGE"),
        ("price_steps[0].price", "DUPLICATE"),
        ("price_steps[1].price.amount_minor", "OUT_OF_RANGE"),
        ("price_steps[2]", "REQUIRED"),
    ] {
        assert!(told.contains(&fault), "{fault:?} is not in {told:?}");
    }
    assert_eq!(told.len(), 6);
    let bad = json!({"code": "", "label": "", "tiers": [show.seats, "01a1fc90-e373-7093-b7e9-237b63ced171"],
        "window": {"starts_at": "2030-01-01T00:00:00Z", "ends_at": "2030-01-01T00:00:00Z"}});
    let told = faults(&server.put(organizer, &show.path("/access-codes"), bad).await.problem(422, "VALIDATION_FAILED"));
    let told: Vec<(&str, &str)> = told.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
    assert_eq!(
        told,
        [
            ("code", "LENGTH"),
            ("label", "LENGTH"),
            ("tiers[0]", "UNEXPECTED"),
            ("tiers[1]", "UNKNOWN"),
            ("window.ends_at", "OUT_OF_RANGE"),
        ]
    );
}

#[tokio::test]
async fn a_tier_is_deleted_only_while_nobody_has_anything_of_it() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let buyer = server.attendee().await;
        let path = show.path(&format!("/tiers/{}", show.standing));
        let paid = show.buy(server, &buyer, json!([{"area": "F", "quantity": 1}])).await;
        server.delete(organizer, &path).await.problem(409, "TIER_IN_USE");
        server.delete(Some(&server.organizer().await), &path).await.problem(404, "EVENT_NOT_FOUND");
        let refund = json!({"amount": money(2_000)});
        server.post(organizer, &format!("/orders/{}/refund", text(&paid["id"])), refund).await.expect(200);
        server.delete(organizer, &path).await.expect(204);
        server.delete(organizer, &path).await.problem(404, "TIER_NOT_FOUND");
        server.patch(organizer, &path, json!({"open": true})).await.problem(404, "TIER_NOT_FOUND");
        for view in ["", "/tiers", "/availability"] {
            let shown = server.get(organizer, &show.path(view)).await.expect(200).to_string();
            assert!(shown.contains(&show.seats) && !shown.contains(&show.standing), "{view}: {shown}");
        }
        let order = server.get(Some(&buyer), &format!("/orders/{}", text(&paid["id"]))).await.expect(200);
        assert_eq!(order["items"][0]["tier_name"], "Standing");
        let unpriced = json!({"items": [{"area": "F", "quantity": 1}]});
        server.post(Some(&buyer), &show.path("/holds"), unpriced).await.problem(422, "NOT_PRICED");
    })
    .await;
}

#[tokio::test]
async fn an_order_keeps_the_terms_it_was_bought_under_and_shows_what_a_confirmation_needs() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale_with(server, json!({"location": "Old hall", "timezone": "Europe/Berlin"})).await;
        let organizer = Some(&show.organizer);
        let tier = show.path(&format!("/tiers/{}", show.seats));
        let terms = json!({"description": "With a drink", "position": 3,
            "refund_policy": {"refundable": true, "percent": 80, "until": "2035-04-01T00:00:00Z"}});
        let patched = server.patch(organizer, &tier, terms).await.expect(200);
        assert_eq!((&patched["description"], &patched["position"]), (&json!("With a drink"), &json!(3)));
        let list = server.get(None, &show.path("/tiers")).await.expect(200);
        let names: Vec<&str> =
            list["items"].as_array().unwrap().iter().map(|offer| offer["tier"]["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Standing", "Seat"]);

        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}, {"area": "F", "quantity": 1}])).await;
        let harder = json!({"refund_policy": {"refundable": false, "percent": 0}});
        server.patch(organizer, &tier, harder).await.expect(200);
        let path = format!("/orders/{}", text(&order["id"]));
        server.post(Some(&buyer), &format!("{path}/pay"), json!({"method": "mock"})).await.expect(200);
        let shown = server.get(Some(&buyer), &path).await.expect(200);
        assert_eq!(
            shown["items"][0]["refund_policy"],
            json!({"refundable": true, "percent": 80, "until": "2035-04-01T00:00:00Z"})
        );
        assert_eq!(shown["items"][1].get("refund_policy"), None);
        let event = &shown["event"];
        assert_eq!((&event["title"], &event["location"]), (&json!("A small show"), &json!("Old hall")));
        assert_eq!(
            (&event["timezone"], &event["starts_at"]),
            (&json!("Europe/Berlin"), &json!("2035-05-01T19:00:00Z"))
        );
        assert_eq!(shown["tickets"].as_array().unwrap().len(), 2);
    })
    .await;
}
