//! A small event to sell: section `A` of three rows with ten seats, section `B` of one row whose block `guests` can be
//! withheld, and the standing area `F` for 50. One tier for all seats, one for the area.

use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};

pub struct Show {
    pub id: String,
    pub organizer: Session,
    pub seats: String,
    pub standing: String,
}

/// Runs the test on SQLite and, where there is one, on Postgres. After each, the books balance.
pub async fn on_each_store(test: impl AsyncFn(&TestServer)) {
    let server = TestServer::start().await;
    test(&server).await;
    server.stop().await.must_balance().await;
    if let Some(server) = TestServer::start_on_postgres().await {
        test(&server).await;
        server.stop().await.must_balance().await;
    }
}

pub fn words() -> Value {
    json!({"title": "A small show", "starts_at": "2035-05-01T19:00:00Z", "currency": "EUR"})
}

pub fn seat_map() -> Value {
    let numbers: Vec<String> = (1..=10).map(|number| number.to_string()).collect();
    let rows: Vec<Value> = (1..=3).map(|row| json!({"id": row.to_string(), "seats": numbers})).collect();
    json!({"sections": [
        {"id": "A", "name": "Stalls", "rows": rows, "category": "stalls"},
        {"id": "B", "name": "Balcony", "rows": [{"id": "1", "seats": numbers}], "category": "stalls", "block": "guests"},
        {"id": "F", "name": "Floor", "capacity": 50, "category": "floor"},
    ]})
}

pub fn tier(name: &str, category: &str, amount_minor: i64) -> Value {
    json!({"name": name, "price": {"amount_minor": amount_minor, "currency": "EUR"}, "categories": [category]})
}

impl Show {
    pub async fn on_sale(server: &TestServer) -> Self {
        Self::on_sale_with(server, json!({})).await
    }

    /// `rules` are put over the words of the event.
    pub async fn on_sale_with(server: &TestServer, rules: Value) -> Self {
        let show = Self::draft_with(server, rules).await;
        server.post(Some(&show.organizer), &show.path("/publish"), json!({})).await.expect(200);
        show
    }

    pub async fn draft_with(server: &TestServer, rules: Value) -> Self {
        let organizer = server.organizer().await;
        let mut words = words();
        for (field, value) in rules.as_object().expect("rules are an object") {
            words[field] = value.clone();
        }
        let id = text(&server.post(Some(&organizer), "/events", words).await.expect(201)["id"]);
        let path = |rest: &str| format!("/events/{id}{rest}");
        server.put(Some(&organizer), &path("/seat-map"), seat_map()).await.expect(200);
        let made = server.post(Some(&organizer), &path("/tiers"), tier("Seat", "stalls", 4_500)).await.expect(201);
        let seats = text(&made["id"]);
        let made = server.post(Some(&organizer), &path("/tiers"), tier("Standing", "floor", 2_000)).await.expect(201);
        let standing = text(&made["id"]);
        Self { id, organizer, seats, standing }
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/events/{}{rest}", self.id)
    }

    pub async fn availability(&self, server: &TestServer) -> Value {
        server.get(Some(&self.organizer), &self.path("/availability")).await.expect(200)
    }

    /// Of free, held, sold and blocked, in this order.
    pub async fn totals(&self, server: &TestServer) -> [u64; 4] {
        let totals = self.availability(server).await["totals"].clone();
        ["free", "held", "sold", "blocked"].map(|name| totals[name].as_u64().expect("a count"))
    }

    pub async fn hold(&self, server: &TestServer, buyer: &Session, items: Value) -> Value {
        server.post(Some(buyer), &self.path("/holds"), json!({"items": items})).await.expect(201)
    }

    pub async fn order(&self, server: &TestServer, buyer: &Session, items: Value) -> Value {
        let hold = self.hold(server, buyer, items).await;
        let body = json!({"event_id": self.id, "hold_id": hold["id"]});
        server.post(Some(buyer), "/orders", body).await.expect(201)
    }

    pub async fn buy(&self, server: &TestServer, buyer: &Session, items: Value) -> Value {
        let order = self.order(server, buyer, items).await;
        let path = format!("/orders/{}/pay", text(&order["id"]));
        server.post(Some(buyer), &path, json!({"method": "mock"})).await.expect(200)
    }
}

#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text, not {value}")).to_owned()
}

/// The `field` and `code` of each of a problem's errors.
pub fn faults(problem: &Value) -> Vec<(String, String)> {
    let errors = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| (text(&error["field"]), text(&error["code"]))).collect()
}

/// The ticket is offered and accepted.
pub async fn give(server: &TestServer, from: &Session, ticket: &str, to: &Session) {
    let offer = json!({"email": to.email});
    let offer = server.post(Some(from), &format!("/tickets/{ticket}/transfer"), offer).await.expect(201);
    let accept = format!("/ticket-transfers/{}/accept", offer["id"].as_str().unwrap_or_default());
    server.post(Some(to), &accept, json!({})).await.expect(200);
}
