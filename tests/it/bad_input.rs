//! Bad input: each kind has its own code, and nothing changes.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{TestServer, send};

use crate::holds::until;
use crate::show::{Show, faults, on_each_store, text};

fn named(count: usize) -> Value {
    (0..count).map(|_| json!({"seat": "A-1-1"})).collect()
}

/// What is asked of `POST /events/{id}/holds`, and the answer.
fn hold_rows(show: &Show, elsewhere: &Show) -> Vec<(&'static str, Value, u16, &'static str)> {
    let items = |items: Value| json!({"items": items});
    vec![
        ("nothing at all", json!({}), 422, "VALIDATION_FAILED"),
        ("no item", items(json!([])), 422, "HOLD_EMPTY"),
        ("an unknown field", json!({"items": [], "price": 1}), 422, "VALIDATION_FAILED"),
        ("an unknown field of an item", items(json!([{"seat": "A-1-1", "price": 1}])), 422, "VALIDATION_FAILED"),
        ("a text for a number", items(json!([{"area": "F", "quantity": "2"}])), 422, "VALIDATION_FAILED"),
        ("two kinds in one item", items(json!([{"seat": "A-1-1", "area": "F"}])), 422, "VALIDATION_FAILED"),
        ("no kind", items(json!([{}])), 422, "VALIDATION_FAILED"),
        ("an area without quantity", items(json!([{"area": "F"}])), 422, "VALIDATION_FAILED"),
        ("an unknown seat", items(json!([{"seat": "A-9-1"}])), 422, "SEAT_UNKNOWN"),
        ("no seat's name", items(json!([{"seat": "A-1-1-1"}])), 422, "SEAT_UNKNOWN"),
        ("a seat of another event", items(json!([{"seat": "Z-1-1"}])), 422, "SEAT_UNKNOWN"),
        ("an unknown area", items(json!([{"area": "A", "quantity": 1}])), 422, "AREA_UNKNOWN"),
        ("a tier of another event", items(json!([{"seat": "A-1-1", "tier": elsewhere.seats}])), 422, "TIER_UNKNOWN"),
        ("a tier of other places", items(json!([{"seat": "A-1-1", "tier": show.standing}])), 422, "TIER_NOT_FOR_PLACE"),
        (
            "an unknown section",
            items(json!([{"best_available": {"quantity": 1, "section": "Z"}}])),
            422,
            "SECTION_UNKNOWN",
        ),
        ("10,000 items", items(named(10_000)), 422, "ITEMS_TOO_MANY"),
        ("a seat twice", items(named(2)), 422, "SEAT_DUPLICATE"),
        ("a quantity of 0", items(json!([{"area": "F", "quantity": 0}])), 422, "QUANTITY_INVALID"),
        ("a negative quantity", items(json!([{"area": "F", "quantity": -3}])), 422, "QUANTITY_INVALID"),
        ("an overflowing quantity", items(json!([{"area": "F", "quantity": i64::MAX}])), 422, "QUANTITY_INVALID"),
        ("a quantity beyond 64 bits", items(json!([{"area": "F", "quantity": 1e30}])), 422, "VALIDATION_FAILED"),
        ("a negative party", items(json!([{"best_available": {"quantity": -1}}])), 422, "QUANTITY_INVALID"),
        (
            "a party larger than the house",
            items(json!([{"best_available": {"quantity": 4_294_967_297_i64}}])),
            422,
            "QUANTITY_INVALID",
        ),
        (
            "more than one hold may have",
            items(json!([{"area": "F", "quantity": 5}, {"area": "F", "quantity": 6}])),
            422,
            "UNITS_PER_HOLD_EXCEEDED",
        ),
        ("more than is left of an area", items(json!([{"area": "F", "quantity": 6}])), 409, "AREA_SOLD_OUT"),
        (
            "more than is left of seats",
            items(json!([{"best_available": {"quantity": 3, "section": "B"}}])),
            409,
            "NOT_ENOUGH_SEATS",
        ),
        ("a seat that somebody has", items(json!([{"seat": "B-1-1"}])), 409, "SEATS_TAKEN"),
    ]
}

/// With a section that the other shows do not have.
async fn with_gods(server: &TestServer) -> Show {
    let show = Show::draft_with(server, json!({})).await;
    let mut map = crate::show::seat_map();
    let gods = json!({"id": "Z", "name": "Gods", "rows": [{"id": "1", "seats": ["1"]}], "category": "stalls"});
    map["sections"].as_array_mut().unwrap().push(gods);
    server.put(Some(&show.organizer), &show.path("/seat-map"), map).await.expect(200);
    server.post(Some(&show.organizer), &show.path("/publish"), json!({})).await.expect(200);
    show
}

/// Leaves five places of the area and two seats of the balcony.
async fn nearly_sell_out(server: &TestServer, show: &Show) {
    for units in [10, 10, 10, 10, 5] {
        show.hold(server, &server.attendee().await, json!([{"area": "F", "quantity": units}])).await;
    }
    let seats: Vec<Value> = (1..=8).map(|number| json!({"seat": format!("B-1-{number}")})).collect();
    show.hold(server, &server.attendee().await, json!(seats)).await;
}

/// The second of two items, and how the fault in it is named.
fn items_at_fault(elsewhere: &Show) -> [(Value, &'static str); 10] {
    [
        (json!({"seat": "A-9-1"}), "items[1].seat"),
        (json!({"area": "Q", "quantity": 1}), "items[1].area"),
        (json!({"area": "F", "quantity": 0}), "items[1].quantity"),
        (json!({"area": "F", "quantity": 1, "tier": elsewhere.seats}), "items[1].tier"),
        (json!({"best_available": {"quantity": -1}}), "items[1].best_available.quantity"),
        (json!({"best_available": {"quantity": 1, "section": "Q"}}), "items[1].best_available.section"),
        (json!({"best_available": {"quantity": 1, "tier": elsewhere.seats}}), "items[1].best_available.tier"),
        // As a list, its fields would be guessed from their order.
        (json!(["A-1-1"]), "items[1]"),
        (json!({"best_available": [2]}), "items[1].best_available"),
        (json!({"seat": ["A-1-1"]}), "items[1].seat"),
    ]
}

#[tokio::test]
async fn a_hold_that_cannot_be_is_refused_with_its_own_code_and_changes_nothing() {
    on_each_store(async |server: &TestServer| {
        let (show, elsewhere) = (Show::on_sale(server).await, with_gods(server).await);
        let buyer = server.attendee().await;
        elsewhere.hold(server, &buyer, json!([{"seat": "Z-1-1"}])).await;
        nearly_sell_out(server, &show).await;
        let before = show.availability(server).await;
        for (what, body, status, code) in hold_rows(&show, &elsewhere) {
            let answer = server.post(Some(&buyer), &show.path("/holds"), body).await;
            assert_eq!((answer.status, &answer.body["code"]), (status, &json!(code)), "{what}: {}", answer.text);
            assert_eq!(show.availability(server).await, before, "{what} changed something");
        }
        for (item, field) in items_at_fault(&elsewhere) {
            let body = json!({"items": [{"area": "F", "quantity": 1}, item]});
            let answer = server.post(Some(&buyer), &show.path("/holds"), body).await;
            let fields: Vec<String> = faults(&answer.body).into_iter().map(|(field, _)| field).collect();
            assert_eq!(fields, [field], "{}", answer.text);
        }
        let unknown = json!({"items": [{"seat": "A-1-1"}, {"seat": "A-0-1"}, {"seat": "Q-1-1"}]});
        let problem = server.post(Some(&buyer), &show.path("/holds"), unknown).await.problem(422, "SEAT_UNKNOWN");
        let fields: Vec<String> = faults(&problem).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["items[1].seat", "items[2].seat"]);
    })
    .await;
}

/// What can be asked about a hold and about an order that is not paid.
fn acts(show: &Show, hold: &str, order: &str) -> [(Method, String, Value, &'static str); 7] {
    let hold_path = show.path(&format!("/holds/{hold}"));
    let order_path = format!("/orders/{order}");
    [
        (Method::POST, format!("{hold_path}/extend"), json!({}), "HOLD"),
        (Method::DELETE, hold_path, Value::Null, "HOLD"),
        (Method::POST, "/orders".to_owned(), json!({"event_id": show.id, "hold_id": hold}), "HOLD"),
        (Method::GET, order_path.clone(), Value::Null, "ORDER"),
        (Method::POST, format!("{order_path}/pay"), json!({"method": "mock"}), "ORDER"),
        (Method::POST, format!("{order_path}/cancel"), json!({}), "ORDER"),
        (Method::POST, format!("{order_path}/refund"), json!({}), "ORDER"),
    ]
}

#[tokio::test]
async fn what_is_another_buyers_is_not_there_and_stays_as_it_is() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (owner, stranger) = (server.attendee().await, server.attendee().await);
        let hold = text(&show.hold(server, &owner, json!([{"seat": "A-1-1"}])).await["id"]);
        let order = text(&show.order(server, &owner, json!([{"seat": "A-1-2"}])).await["id"]);
        let seen = async || {
            let order = server.get(Some(&owner), &format!("/orders/{order}")).await.expect(200);
            (show.availability(server).await, order)
        };
        let before = seen().await;
        for (method, path, body, what) in acts(&show, &hold, &order) {
            let mut request = server.request(method.clone(), &path).bearer_auth(&stranger.access_token);
            if !body.is_null() {
                request = request.json(&body);
            }
            send(request).await.problem(404, &format!("{what}_NOT_FOUND"));
            assert_eq!(seen().await, before, "{method} {path} changed something");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_asked_of_an_expired_hold_changes_nothing() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale_with(server, json!({"hold_ttl_s": 1})).await;
        let owner = server.attendee().await;
        let hold = text(&show.hold(server, &owner, json!([{"seat": "A-1-1"}])).await["id"]);
        until(async || show.totals(server).await[1] == 0).await;
        let before = show.availability(server).await;
        let acts = acts(&show, &hold, "");
        for (method, path, body, _) in acts.into_iter().filter(|(.., what)| *what == "HOLD") {
            let mut request = server.request(method.clone(), &path).bearer_auth(&owner.access_token);
            if !body.is_null() {
                request = request.json(&body);
            }
            send(request).await.problem(410, "HOLD_EXPIRED");
            assert_eq!(show.availability(server).await, before, "{method} {path} changed something");
        }
    })
    .await;
}

#[tokio::test]
async fn money_of_another_currency_or_amount_pays_nothing() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let path = format!("/orders/{}/pay", text(&order["id"]));
        let before = show.availability(server).await;
        let rows = [
            (json!({"amount_minor": 4_500, "currency": "USD"}), "CURRENCY_MISMATCH"),
            (json!({"amount_minor": 4_500, "currency": "eur"}), "CURRENCY_MISMATCH"),
            (json!({"amount_minor": 4_499, "currency": "EUR"}), "AMOUNT_MISMATCH"),
            (json!({"amount_minor": -4_500, "currency": "EUR"}), "AMOUNT_MISMATCH"),
            (json!({"amount_minor": i64::MAX, "currency": "EUR"}), "AMOUNT_MISMATCH"),
        ];
        for (amount, code) in rows {
            let answer = server.post(Some(&buyer), &path, json!({"method": "mock", "amount": amount})).await;
            answer.problem(422, code);
            assert_eq!(show.availability(server).await, before);
        }
        let unknown = server.post(Some(&buyer), &path, json!({"method": "barter"})).await;
        assert_eq!(
            faults(&unknown.problem(422, "VALIDATION_FAILED")),
            [("method".to_owned(), "UNKNOWN_VALUE".to_owned())]
        );
    })
    .await;
}

#[tokio::test]
async fn a_sale_that_is_not_open_sells_nothing() {
    on_each_store(async |server: &TestServer| {
        let body = json!({"items": [{"seat": "A-1-1"}]});
        let buyer = server.attendee().await;
        let draft = Show::draft_with(server, json!({})).await;
        let early = Show::on_sale_with(server, json!({"sale_window": {"starts_at": "2034-01-01T00:00:00Z"}})).await;
        let late = Show::on_sale_with(server, json!({"sale_window": {"ends_at": "2024-01-01T00:00:00Z"}})).await;
        for (show, status, code) in
            [(&draft, 404, "EVENT_NOT_FOUND"), (&early, 409, "SALE_NOT_STARTED"), (&late, 410, "SALE_ENDED")]
        {
            let before = show.availability(server).await;
            server.post(Some(&buyer), &show.path("/holds"), body.clone()).await.problem(status, code);
            assert_eq!(show.availability(server).await, before);
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found_whatever_it_is_called() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let nobody = "01a1fc90-e373-7093-b7e9-237b63ced171";
        let events = server.app().state().directory.events();
        let rows = [
            (format!("/events/{nobody}"), "EVENT_NOT_FOUND"),
            (format!("/events/{nobody}/availability"), "EVENT_NOT_FOUND"),
            (format!("/orders/{nobody}"), "ORDER_NOT_FOUND"),
            (format!("/tickets/{nobody}"), "TICKET_NOT_FOUND"),
            (format!("/tickets/{nobody}/qr"), "TICKET_NOT_FOUND"),
            // Anything may be a slug.
            ("/events/not-a-uuid".to_owned(), "EVENT_NOT_FOUND"),
            ("/events/%00".to_owned(), "EVENT_NOT_FOUND"),
            ("/orders/not-a-uuid".to_owned(), "ROUTE_NOT_FOUND"),
        ];
        for (path, code) in rows {
            server.get(Some(&buyer), &path).await.problem(404, code);
        }
        let hold = json!({"items": [{"seat": "A-1-1"}]});
        server.post(Some(&buyer), &format!("/events/{nobody}/holds"), hold).await.problem(404, "EVENT_NOT_FOUND");
        let order = json!({"event_id": show.id, "hold_id": nobody});
        server.post(Some(&buyer), "/orders", order).await.problem(404, "HOLD_NOT_FOUND");
        assert_eq!(server.app().state().directory.events(), events, "asking for an unknown event opens none");
    })
    .await;
}

/// RELIABILITY T26: what the server owns cannot be set from outside.
#[tokio::test]
async fn server_owned_fields_in_a_body_are_refused() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let who = server.admin().await;
        let order = show.order(server, &who, json!([{"seat": "A-1-1"}])).await;
        let order = format!("/orders/{}", text(&order["id"]));
        let hold = show.hold(server, &who, json!([{"seat": "A-1-2"}])).await;
        let before = show.availability(server).await;
        let bodies = [
            (Method::POST, "/events".to_owned(), crate::show::words()),
            (Method::PATCH, show.path(""), json!({})),
            (Method::POST, show.path("/tiers"), crate::show::tier("x", "stalls", 1)),
            (Method::PATCH, show.path(&format!("/tiers/{}", show.seats)), json!({})),
            (Method::PUT, show.path("/seat-map"), crate::show::seat_map()),
            (Method::POST, show.path("/holds"), json!({"items": [{"seat": "A-1-3"}]})),
            (Method::POST, "/orders".to_owned(), json!({"event_id": show.id, "hold_id": hold["id"]})),
            (Method::POST, format!("{order}/pay"), json!({"method": "mock"})),
            (Method::POST, format!("{order}/refund"), json!({})),
            (Method::POST, show.path("/gate/scans"), json!({"code": "x", "nonce": "1"})),
        ];
        let owned =
            ["id", "status", "owner_id", "organizer_id", "customer", "role", "paid", "total", "seq", "remaining"];
        for (method, path, body) in bodies {
            for field in owned {
                let mut body = body.clone();
                body[field] = json!("mine");
                let request = server.request(method.clone(), &path).bearer_auth(&who.access_token).json(&body);
                let problem = send(request).await.problem(422, "VALIDATION_FAILED");
                assert_eq!(faults(&problem), [(field.to_owned(), "UNKNOWN_FIELD".to_owned())], "{method} {path}");
            }
        }
        assert_eq!(show.availability(server).await, before);
    })
    .await;
}

/// Postgres stores no NUL and refuses any question with one in it: neither may be taken for a defect of the server.
#[tokio::test]
async fn a_nul_is_refused_wherever_it_is_sent() {
    on_each_store(async |server: &TestServer| {
        let (show, admin) = (Show::on_sale(server).await, server.admin().await);
        let nul = "a\u{0}b";
        let bodies = [
            ("/auth/login".to_owned(), json!({"email": nul, "password": "x"}), "email"),
            ("/auth/codes/verify".to_owned(), json!({"email": nul, "code": "000000"}), "email"),
            (show.path("/staff"), json!({"email": nul, "role": "door"}), "email"),
            (show.path("/waiting-room/priority-passes"), json!({"reason": nul}), "reason"),
            (show.path("/holds"), json!({"items": [{"seat": nul}]}), "items[0].seat"),
        ];
        for (path, body, field) in bodies {
            let problem = server.post(Some(&admin), &path, body).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(faults(&problem), [(field.to_owned(), "CHARACTER".to_owned())], "{path}");
        }
        for path in [
            "/users?search=%00".to_owned(),
            "/admin/audit-log?object=a%00".to_owned(),
            "/admin/audit-log?action=%00".to_owned(),
            show.path("/attendees?search=%00"),
        ] {
            server.get(Some(&admin), &path).await.problem(400, "QUERY_INVALID");
        }
        let path = "/venues/01a1fc90-e373-7093-b7e9-237b63ced171/seat-maps/a%00b";
        server.get(Some(&admin), path).await.problem(404, "ROUTE_NOT_FOUND");
        server.delete(Some(&admin), path).await.problem(404, "ROUTE_NOT_FOUND");
    })
    .await;
}

/// Its organizer and staff see it before it is published. To everybody else it is nothing, whatever is asked of it.
#[tokio::test]
async fn a_draft_is_told_from_nothing_by_nobody_else() {
    on_each_store(async |server: &TestServer| {
        let draft = Show::draft_with(server, json!({})).await;
        let (stranger, admin) = (server.attendee().await, server.admin().await);
        for event in [draft.id.as_str(), "01a1fc90-e373-7093-b7e9-237b63ced171"] {
            for item in [json!({"seat": "A-1-1"}), json!({"seat": "Q-9-9"}), json!({"area": "F", "quantity": 0})] {
                let path = format!("/events/{event}/holds");
                let hold = server.post(Some(&stranger), &path, json!({"items": [item]})).await;
                hold.problem(404, "EVENT_NOT_FOUND");
            }
            let room = format!("/events/{event}/waiting-room");
            server.get(Some(&stranger), &room).await.problem(404, "EVENT_NOT_FOUND");
            server.post(Some(&stranger), &room, json!({})).await.problem(404, "EVENT_NOT_FOUND");
        }
        let hold = json!({"items": [{"seat": "A-1-1"}]});
        server.post(Some(&draft.organizer), &draft.path("/holds"), hold).await.problem(409, "EVENT_NOT_PUBLISHED");

        // An account that is no organizer any more has no drafts.
        let listed = async |path: &str| {
            let page = server.get(Some(&draft.organizer), path).await.expect(200);
            page["items"].as_array().map_or(0, Vec::len)
        };
        assert_eq!((listed("/events?mine=true").await, listed("/me/events").await), (1, 1));
        let account = format!("/users/{}", draft.organizer.id);
        server.patch(Some(&admin), &account, json!({"role": "attendee"})).await.expect(200);
        assert_eq!((listed("/events?mine=true").await, listed("/me/events").await), (0, 0));
    })
    .await;
}
