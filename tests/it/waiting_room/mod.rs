//! Waiting rooms over HTTP.

mod admission;
mod bypass;
mod flow;
mod keeping;
mod memory;
mod restart;
mod rules;

use serde_json::{Value, json};
use usher_tests::server::{Answer, Session, TestServer};

use crate::show::{Show, text};

/// So many microseconds from now, as the API writes times.
pub fn in_us(server: &TestServer, us: i64) -> String {
    usher::time::utc(server.app().state().now().plus_us(us)).to_rfc3339()
}

impl Show {
    pub fn room(&self, rest: &str) -> String {
        self.path(&format!("/waiting-room{rest}"))
    }

    /// Active, with the rest as given.
    pub async fn open_room(&self, server: &TestServer, settings: Value) -> Value {
        let mut wanted = json!({"active": true});
        for (field, value) in settings.as_object().expect("settings are an object") {
            wanted[field] = value.clone();
        }
        server.put(Some(&self.organizer), &self.room("/settings"), wanted).await.expect(200)
    }

    pub async fn join(&self, server: &TestServer, account: &Session) -> Value {
        server.post(Some(account), &self.room(""), json!({})).await.expect(200)
    }

    pub async fn place(&self, server: &TestServer, account: &Session) -> Value {
        server.get(Some(account), &self.room("")).await.expect(200)
    }

    /// Waits until the account's place is in this state.
    pub async fn until(&self, server: &TestServer, account: &Session, state: &str) -> Value {
        let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            let place = self.place(server, account).await;
            if place["state"] == state {
                return place;
            }
            assert!(tokio::time::Instant::now() < deadline, "not {state} in 20 s: {place}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    pub async fn proof(&self, server: &TestServer) -> Value {
        server.get(None, &self.room("/proof")).await.expect(200)
    }

    pub async fn until_open(&self, server: &TestServer) -> Value {
        crate::holds::until(async || self.proof(server).await["opened"].is_object()).await;
        self.proof(server).await
    }

    pub async fn hold_with(&self, server: &TestServer, account: &Session, pass: &Value, quantity: u32) -> Answer {
        let body = json!({"items": [{"best_available": {"quantity": quantity}}], "pass": pass});
        server.post(Some(account), &self.path("/holds"), body).await
    }

    pub async fn pay(&self, server: &TestServer, account: &Session, hold: &Value) -> Value {
        let body = json!({"event_id": self.id, "hold_id": hold["id"]});
        let order = server.post(Some(account), "/orders", body).await.expect(201);
        let path = format!("/orders/{}/pay", text(&order["id"]));
        server.post(Some(account), &path, json!({"method": "mock"})).await.expect(200)
    }
}

pub async fn attendees(server: &TestServer, count: usize) -> Vec<Session> {
    let mut accounts = Vec::with_capacity(count);
    for _ in 0..count {
        accounts.push(server.attendee().await);
    }
    accounts
}

#[track_caller]
pub fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_else(|| panic!("a number, not {value}"))
}
