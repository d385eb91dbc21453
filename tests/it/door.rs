//! What the door does beyond single scans: lists, undo, entries, search, occupancy. `gate.rs` has the scans, `offline.rs`
//! what devices do without a network, `scanners.rs` their keys.

use serde_json::{Value, json};
use usher_tests::server::{Answer, Session, TestServer};

use crate::show::{Show, faults, on_each_store, text};

/// A scan of whatever the ticket is named by.
async fn scan(server: &TestServer, show: &Show, who: &Session, body: Value) -> Answer {
    server.post(Some(who), &show.path("/gate/scans"), body).await
}

async fn undo(server: &TestServer, show: &Show, who: &Session, body: Value) -> Answer {
    server.post(Some(who), &show.path("/gate/scans/undo"), body).await
}

async fn list(server: &TestServer, show: &Show, body: Value) -> Value {
    server.post(Some(&show.organizer), &show.path("/check-in-lists"), body).await.expect(201)
}

async fn member(server: &TestServer, show: &Show, role: &str) -> Session {
    let account = server.attendee().await;
    let body = json!({"email": account.email, "role": role});
    server.post(Some(&show.organizer), &show.path("/staff"), body).await.expect(201);
    account
}

#[tokio::test]
async fn a_gate_lets_in_the_tickets_of_its_list_alone() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, door) = (server.attendee().await, member(server, &show, "door").await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}, {"area": "F", "quantity": 1}])).await;
        let code_at = |place: &str| {
            let tickets = paid["tickets"].as_array().unwrap();
            let found = tickets.iter().find(|ticket| ticket["seat"] == place || ticket["area"] == place);
            text(&found.expect("a ticket there")["code"])
        };
        let (seat, floor) = (code_at("A-1-1"), code_at("F"));
        let stalls = list(server, &show, json!({"name": "Stalls", "gate": "West", "tiers": [show.seats]})).await;
        let pit = list(server, &show, json!({"name": "Pit", "sections": ["F"]})).await;
        let at = async |code: &str, nonce: &str, direction: &str, list: &Value| {
            let body = json!({"code": code, "nonce": nonce, "direction": direction, "list": list["id"]});
            scan(server, &show, &door, body).await
        };
        assert_eq!(at(&seat, "1", "entry", &pit).await.expect(200)["reason"], "product");
        assert_eq!(at(&floor, "2", "entry", &stalls).await.expect(200)["reason"], "product");
        at(&seat, "3", "entry", &stalls).await.expect(201);
        // Whoever is inside may leave by any gate.
        at(&seat, "4", "exit", &pit).await.expect(201);

        // The next scan is by the list as it is then.
        let path = show.path(&format!("/check-in-lists/{}", text(&pit["id"])));
        let both = json!({"name": "Pit and stalls", "sections": ["F", "A"]});
        let changed = server.patch(Some(&show.organizer), &path, both).await.expect(200);
        assert_eq!((&changed["sections"], &changed["tiers"]), (&json!(["F", "A"]), &json!([])));
        at(&seat, "5", "entry", &pit).await.expect(201);
        let told = server.get(Some(&door), &show.path("/check-in-lists")).await.expect(200);
        let names: Vec<_> = told["items"].as_array().unwrap().iter().map(|list| text(&list["name"])).collect();
        assert_eq!(names, ["Stalls", "Pit and stalls"]);
        server.delete(Some(&show.organizer), &path).await.expect(204);
        at(&floor, "6", "entry", &pit).await.problem(404, "CHECK_IN_LIST_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn a_list_names_what_its_event_has() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let body = json!({"name": " ", "gate": "", "tiers": [show.seats, show.seats, uuid::Uuid::nil()],
            "sections": ["A", "X"]});
        let refused = server.post(Some(&show.organizer), &show.path("/check-in-lists"), body).await;
        let told = faults(&refused.problem(422, "VALIDATION_FAILED"));
        let told: Vec<(&str, &str)> = told.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
        let expected = [
            ("name", "LENGTH"),
            ("gate", "LENGTH"),
            ("tiers[1]", "DUPLICATE"),
            ("tiers[2]", "UNKNOWN"),
            ("sections[1]", "UNKNOWN"),
        ];
        assert_eq!(told, expected);
    })
    .await;
}

#[tokio::test]
async fn a_scan_is_undone_and_its_late_retry_admits_nobody() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, door) = (server.attendee().await, member(server, &show, "door").await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let (id, code) = (text(&paid["tickets"][0]["id"]), text(&paid["tickets"][0]["code"]));
        let entry = |nonce: &str| json!({"code": code, "nonce": nonce});
        let state = async || server.get(Some(&buyer), &format!("/tickets/{id}")).await.expect(200);

        undo(server, &show, &door, entry("1")).await.problem(404, "SCAN_NOT_FOUND");
        scan(server, &show, &door, entry("1")).await.expect(201);
        let undone = undo(server, &show, &door, json!({"code": code, "nonce": "1", "reason": "turned_away"})).await;
        let undone = undone.expect(200);
        assert_eq!((&undone["ticket_id"], &undone["direction"]), (&json!(id), &json!("entry")));
        assert_eq!(undo(server, &show, &door, entry("1")).await.expect(200), undone, "undone once");
        let ticket = state().await;
        assert_eq!((&ticket["state"], &ticket["scanned_at"]), (&json!("issued"), &Value::Null));
        assert_eq!(scan(server, &show, &door, entry("1")).await.expect(200)["reason"], "undone");

        // By its time, from anywhere.
        let entered = scan(server, &show, &door, entry("2")).await.expect(201);
        let at = |at: &Value| json!({"ticket_id": id, "scanned_at": at});
        let other = undo(server, &show, &show.organizer, at(&json!("2030-01-01T00:00:00Z"))).await;
        other.problem(409, "SCAN_NOT_LAST");
        undo(server, &show, &show.organizer, at(&entered["scanned_at"])).await.expect(200);
        undo(server, &show, &show.organizer, at(&entered["scanned_at"])).await.problem(409, "SCAN_NOT_LAST");
        assert_eq!(state().await["state"], "issued");

        scan(server, &show, &door, entry("3")).await.expect(201);
        scan(server, &show, &door, json!({"code": code, "nonce": "4", "direction": "exit"})).await.expect(201);
        undo(server, &show, &door, entry("3")).await.problem(409, "SCAN_NOT_LAST");
        undo(server, &show, &door, json!({"code": "x", "nonce": "3"})).await.problem(404, "TICKET_NOT_FOUND");
        undo(server, &show, &door, json!({"code": code})).await.problem(422, "VALIDATION_FAILED");
        let log = server.get(Some(&show.organizer), &show.path("/audit-log")).await.expect(200);
        let is_undo = |entry: &&Value| entry["action"] == "scan.undo";
        assert_eq!(log["items"].as_array().unwrap().iter().filter(is_undo).count(), 2, "{log}");
    })
    .await;
}

#[tokio::test]
async fn a_scan_and_its_undoing_at_once_leave_one_of_both() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, who) = (server.attendee().await, &show.organizer);
        let paid = show.buy(server, &buyer, json!([{"area": "F", "quantity": 6}])).await;
        for (at, ticket) in paid["tickets"].as_array().unwrap().iter().enumerate() {
            let code = text(&ticket["code"]);
            let nonce = format!("first-{at}");
            let first = json!({"code": code, "nonce": nonce});
            scan(server, &show, who, first.clone()).await.expect(201);
            // Undone, tried again by a device that has heard nothing, and shown at another gate.
            let (undone, retried, other) = tokio::join!(
                undo(server, &show, who, first.clone()),
                scan(server, &show, who, first.clone()),
                scan(server, &show, who, json!({"code": code, "nonce": format!("other-{at}")})),
            );
            undone.expect(200);
            assert!(matches!(retried.status, 200 | 201));
            let ticket = server.get(Some(&buyer), &format!("/tickets/{}", text(&ticket["id"]))).await.expect(200);
            let is_inside = ticket["state"] == "checked_in";
            assert_eq!(is_inside, other.status == 201, "{ticket} {}", other.text);
        }
    })
    .await;
}

#[tokio::test]
async fn an_event_says_how_often_a_ticket_enters() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale_with(server, json!({"entries_max": 2})).await;
        let policy = server.get(None, &show.path("")).await.expect(200)["policy"].clone();
        assert_eq!(policy["entries_max"], 2);
        let bad = server.patch(Some(&show.organizer), &show.path(""), json!({"entries_max": 0})).await;
        assert_eq!(faults(&bad.problem(422, "VALIDATION_FAILED"))[0].0, "entries_max");
        let buyer = server.attendee().await;
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let code = text(&paid["tickets"][0]["code"]);
        let at = async |nonce: &str, direction: &str| {
            scan(server, &show, &show.organizer, json!({"code": code, "nonce": nonce, "direction": direction})).await
        };
        for round in 0..2 {
            at(&format!("in-{round}"), "entry").await.expect(201);
            at(&format!("out-{round}"), "exit").await.expect(201);
        }
        assert_eq!(at("3", "entry").await.expect(200)["reason"], "rules");
        server.patch(Some(&show.organizer), &show.path(""), json!({"entries_max": 3})).await.expect(200);
        at("4", "entry").await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn who_comes_without_a_code_is_found_and_let_in() {
    on_each_store(async |server: &TestServer| {
        let (show, other) = (Show::on_sale(server).await, Show::on_sale(server).await);
        let (buyer, door) = (server.attendee().await, member(server, &show, "door").await);
        let hold = show.hold(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let named = json!([{"name": "Ada Lovelace"}, {"name": "Grace Hopper"}]);
        let body = json!({"event_id": show.id, "hold_id": hold["id"], "attendees": named});
        let order = text(&server.post(Some(&buyer), "/orders", body).await.expect(201)["id"]);
        server.post(Some(&buyer), &format!("/orders/{order}/pay"), json!({"method": "mock"})).await.expect(200);
        let find = async |q: &str| {
            let found = server.get(Some(&door), &show.path(&format!("/gate/tickets?q={q}"))).await.expect(200);
            found["items"].as_array().unwrap().clone()
        };
        let found = find("LOVELA").await;
        let names: Vec<_> = found.iter().map(|ticket| text(&ticket["name"])).collect();
        assert!(names.contains(&"Ada Lovelace".to_owned()), "{found:?}");
        assert_eq!(find(&order).await.len(), 2, "by the order");
        let ada = find("a-1-1").await;
        let ada = &ada[0];
        assert_eq!(
            (&ada["name"], &ada["seat"], &ada["state"]),
            (&json!("Ada Lovelace"), &json!("A-1-1"), &json!("issued"))
        );
        let mut fields: Vec<&str> = ada.as_object().unwrap().keys().map(String::as_str).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["name", "order_id", "seat", "state", "ticket_id", "tier_name"], "nothing more of a person");
        assert_eq!(find(&text(&ada["ticket_id"])).await.len(), 1, "by the ticket");
        let short = server.get(Some(&door), &show.path("/gate/tickets?q=a")).await;
        short.problem(422, "VALIDATION_FAILED");
        let elsewhere = other.path(&format!("/gate/tickets?q={order}"));
        let elsewhere = server.get(Some(&other.organizer), &elsewhere).await.expect(200);
        assert_eq!(elsewhere["items"], json!([]));

        let by_id = |nonce: &str| json!({"ticket_id": ada["ticket_id"], "nonce": nonce});
        assert_eq!(scan(server, &show, &door, by_id("1")).await.expect(201)["result"], "admitted");
        assert_eq!(scan(server, &show, &door, by_id("2")).await.expect(200)["reason"], "already_redeemed");
        let foreign = scan(server, &other, &other.organizer, by_id("1")).await;
        foreign.problem(404, "TICKET_NOT_FOUND");
        scan(server, &show, &door, json!({"nonce": "1"})).await.problem(422, "VALIDATION_FAILED");
    })
    .await;
}

#[tokio::test]
async fn those_inside_are_counted_by_tier_and_list() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let items = json!([{"seat": "A-1-1"}, {"seat": "B-1-1"}, {"area": "F", "quantity": 2}]);
        let paid = show.buy(server, &buyer, items).await;
        list(server, &show, json!({"name": "Balcony", "gate": "Up", "tiers": [show.seats], "sections": ["B"]})).await;
        let path = show.path("/gate/occupancy");
        let nobody = server.get(Some(&show.organizer), &path).await.expect(200);
        assert_eq!((&nobody["inside"], &nobody["entered"], &nobody["tiers"]), (&json!(0), &json!(0), &json!([])));
        for (at, ticket) in paid["tickets"].as_array().unwrap().iter().enumerate() {
            let body = json!({"code": ticket["code"], "nonce": at.to_string()});
            scan(server, &show, &show.organizer, body).await.expect(201);
            if ticket["seat"] == "A-1-1" {
                let body = json!({"code": ticket["code"], "nonce": "out", "direction": "exit"});
                scan(server, &show, &show.organizer, body).await.expect(201);
            }
        }
        let request = || server.request(reqwest::Method::GET, &path).bearer_auth(&show.organizer.access_token);
        let answer = request().send().await.unwrap();
        let tag = answer.headers()["etag"].clone();
        let told: Value = answer.json().await.unwrap();
        assert_eq!((&told["inside"], &told["left"], &told["entered"]), (&json!(3), &json!(1), &json!(4)));
        let tier = |id: &str| {
            let tiers = told["tiers"].as_array().unwrap();
            let tier = tiers.iter().find(|tier| tier["tier_id"] == id).unwrap().clone();
            (tier["inside"].clone(), tier["left"].clone())
        };
        assert_eq!((tier(&show.seats), tier(&show.standing)), ((json!(1), json!(1)), (json!(2), json!(0))));
        let balcony = &told["lists"][0];
        assert_eq!((&balcony["gate"], &balcony["inside"], &balcony["left"]), (&json!("Up"), &json!(1), &json!(0)));
        let same = request().header("if-none-match", tag).send().await.unwrap();
        assert_eq!(same.status(), 304);
    })
    .await;
}
