//! Money: by the mock gateway, by Stripe Checkout, by reports of another provider, and back again. Late, lost, doubled
//! and out of order.

mod by_mock;
mod lapsing;
mod notices;
mod refunds;
mod reports;
mod storm;
mod stripe;

use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};
use usher_tests::stripe::StripeApi;

use crate::holds::until;
use crate::show::text;

/// Runs the test on SQLite and, where there is one, on Postgres, each with a Stripe of its own.
pub async fn on_each_store_with_stripe(test: impl AsyncFn(&TestServer, &StripeApi)) {
    let stripe = StripeApi::start().await;
    let server = TestServer::start_with(stripe.settings()).await;
    test(&server, &stripe).await;
    server.stop().await;
    let stripe = StripeApi::start().await;
    if let Some(server) = TestServer::start_on_postgres_with(stripe.settings()).await {
        test(&server, &stripe).await;
        server.stop().await;
    }
}

pub fn path(order: &Value, rest: &str) -> String {
    format!("/orders/{}{rest}", text(&order["id"]))
}

pub fn by_stripe() -> Value {
    json!({"method": "stripe"})
}

/// The name of the session where the order is paid.
pub async fn checkout(server: &TestServer, buyer: &Session, order: &Value) -> String {
    let begun = server.post(Some(buyer), &path(order, "/pay"), by_stripe()).await.expect(200);
    text(&begun["session_id"])
}

pub async fn status(server: &TestServer, buyer: &Session, order: &Value) -> String {
    text(&server.get(Some(buyer), &path(order, "")).await.expect(200)["status"])
}

/// Refunds at providers as admins see them, newest first.
pub async fn refunds(server: &TestServer, query: &str) -> Vec<Value> {
    let admin = server.admin().await;
    let page = server.get(Some(&admin), &format!("/admin/payment-refunds{query}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// Waits until so many refunds are made and none waits.
pub async fn refunded(server: &TestServer, count: usize) -> Vec<Value> {
    let admin = server.admin().await;
    let of = async |status: &str| {
        let path = format!("/admin/payment-refunds?status={status}&limit=200");
        server.get(Some(&admin), &path).await.expect(200)["items"].as_array().unwrap().clone()
    };
    until(async || of("done").await.len() == count && of("queued").await.is_empty()).await;
    of("done").await
}

pub fn money(amount_minor: i64) -> Value {
    json!({"amount_minor": amount_minor, "currency": "EUR"})
}
