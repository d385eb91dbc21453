//! Money: by the mock gateway, by Stripe Checkout, by reports of another provider, and back again. Late, lost, doubled
//! and out of order.

mod by_mock;
mod lapsing;
mod notices;
mod refunds;
mod reports;
mod storm;
mod stripe;

use inventory::{EventId, OrderId};
use persistence::CheckoutState;
use serde_json::{Value, json};
use usher::config::Config;
use usher_tests::server::{Session, TestServer};
use usher_tests::stripe::StripeApi;

use crate::holds::until;
use crate::show::{Show, text};

/// Runs the test on SQLite and, where there is one, on Postgres, each with a Stripe of its own.
pub async fn on_each_store_with_stripe(test: impl AsyncFn(&TestServer, &StripeApi)) {
    let settings = |stripe: &StripeApi| {
        let of_stripe = stripe.settings();
        move |config: &mut Config| {
            of_stripe(config);
            config.payments.webhook_secret = Some(reports::SECRET.into());
            // A storm of full size lasts longer than a token.
            config.auth.access_ttl = config.auth.refresh_ttl;
        }
    };
    let stripe = StripeApi::start().await;
    let server = TestServer::start_with(settings(&stripe)).await;
    test(&server, &stripe).await;
    server.stop().await;
    let stripe = StripeApi::start().await;
    if let Some(server) = TestServer::start_on_postgres_with(settings(&stripe)).await {
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

/// What is known of the order's payments at providers, oldest first.
pub async fn known(server: &TestServer, order: &Value) -> Vec<CheckoutState> {
    let id = OrderId::from_uuid(text(&order["id"]).parse().unwrap());
    let known = server.app().state().store.checkout_list(id).await.unwrap();
    known.into_iter().map(|checkout| checkout.state).collect()
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

/// By the ledger of the show: what is owed by the way it came, and what providers have of it.
pub async fn due_and_kept(server: &TestServer, show: &Show) -> (i64, i64) {
    let event = EventId::from_uuid(show.id.parse().unwrap());
    let orders = server.app().state().store.ledger_balances(event, None, 1_000).await.unwrap();
    (orders.iter().map(|it| it.refunds_due_minor).sum(), orders.iter().map(|it| -it.provider_minor).sum())
}

pub fn money(amount_minor: i64) -> Value {
    json!({"amount_minor": amount_minor, "currency": "EUR"})
}
