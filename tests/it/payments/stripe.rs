use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use usher_tests::server::TestServer;
use usher_tests::stripe::{Fault, StripeApi, deliver};

use super::reports::reported;
use super::{by_stripe, checkout, on_each_store_with_stripe, path, refunds, status};
use crate::holds::until;
use crate::show::{Show, text};

/// FEATURES #59.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_paid_on_stripes_page_and_bought_when_stripe_says_so() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let begun = server.post(Some(&buyer), &path(&order, "/pay"), by_stripe()).await.expect(200);
        let session = stripe.session(&text(&begun["session_id"]));
        assert_eq!((&session["url"], &session["amount_total"]), (&begun["checkout_url"], &json!(9_000)));
        assert_eq!((&session["currency"], &session["client_reference_id"]), (&json!("eur"), &order["id"]));
        assert_eq!(session["metadata"]["usher_payment"], begun["payment_id"]);
        let page = format!("https://tickets.example/orders/{}", text(&order["id"]));
        assert_eq!(session["success_url"], json!(format!("{page}?session_id={{CHECKOUT_SESSION_ID}}")));
        assert_eq!(session["cancel_url"], json!(page));
        let waiting = server.get(Some(&buyer), &path(&order, "")).await.expect(200);
        assert_eq!((&waiting["status"], &waiting["expires_at"]), (&json!("pending_payment"), &begun["expires_at"]));

        // The browser comes back without having paid: the same page again.
        let again = server.post(Some(&buyer), &path(&order, "/pay"), by_stripe()).await.expect(200);
        assert_eq!((&again["checkout_url"], stripe.sessions()), (&begun["checkout_url"], 1));

        let event = stripe.pay(&text(&begun["session_id"]));
        assert_eq!(deliver(server, &event).await.status, 200);
        let paid = server.get(Some(&buyer), &path(&order, "")).await.expect(200);
        assert_eq!((&paid["status"], paid["tickets"].as_array().unwrap().len()), (&json!("paid"), 2));
        server.post(Some(&buyer), &path(&order, "/pay"), by_stripe()).await.problem(409, "ORDER_TRANSITION");
        assert_eq!(deliver(server, &event).await.status, 200);
        assert_eq!((show.totals(server).await, stripe.totals()), ([88, 0, 2, 0], (9_000, 0)));
        assert!(refunds(server, "").await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_has_one_page_however_often_and_at_once_it_is_asked_for() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let begun = join_all((0..8).map(|_| checkout(server, &buyer, &order))).await;
        assert!(begun.iter().all(|session| *session == begun[0]), "{begun:?}");
        assert_eq!(stripe.sessions(), 1);
        // Under a key, too, which is for one body.
        let pay = path(&order, "/pay");
        for _ in 0..2 {
            let keyed = server.post_keyed(Some(&buyer), &pay, "k", by_stripe()).await.expect(200);
            assert_eq!(keyed["session_id"], json!(begun[0]));
        }
        let reused = server.post_keyed(Some(&buyer), &pay, "k", json!({"method": "mock"})).await;
        reused.problem(422, "IDEMPOTENCY_KEY_REUSED");
        deliver(server, &stripe.pay(&begun[0])).await.expect(200);
        let paid = server.post_keyed(Some(&buyer), &pay, "k", by_stripe()).await.expect(200);
        assert_eq!(paid["session_id"], json!(begun[0]), "a key remembers what was answered");
        let stranger = server.attendee().await;
        server.post(Some(&stranger), &pay, by_stripe()).await.problem(404, "ORDER_NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stripe_that_fails_is_not_now_and_never_a_second_page() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let pay = path(&order, "/pay");
        for faults in [[Fault::Error, Fault::RateLimited], [Fault::AnswerLost, Fault::Error]] {
            stripe.fail(faults);
            let refused = server.post(Some(&buyer), &pay, by_stripe()).await;
            refused.problem(503, "PAYMENT_PROVIDER_UNAVAILABLE");
        }
        assert_eq!(status(server, &buyer, &order).await, "pending_payment");
        // The page that was made and not heard of is the one.
        stripe.fail([Fault::AnswerLost]);
        let session = checkout(server, &buyer, &order).await;
        assert_eq!(stripe.sessions(), 1);
        deliver(server, &stripe.pay(&session)).await.expect(200);
        assert_eq!(status(server, &buyer, &order).await, "paid");
    })
    .await;
}

#[tokio::test]
async fn what_stripe_does_not_take_is_refused_and_another_method_pays() {
    let stripe = StripeApi::start().await;
    let server = TestServer::start_with(stripe.settings()).await;
    let show = Show::draft_with(&server, json!({})).await;
    let organizer = Some(&show.organizer);
    let cheap = json!({"price": {"amount_minor": 10, "currency": "EUR"}});
    server.patch(organizer, &show.path(&format!("/tiers/{}", show.standing)), cheap).await.expect(200);
    server.post(organizer, &show.path("/publish"), json!({})).await.expect(200);
    let buyer = server.attendee().await;
    let order = show.order(&server, &buyer, json!([{"area": "F", "quantity": 1}])).await;
    for _ in 0..2 {
        server.post(Some(&buyer), &path(&order, "/pay"), by_stripe()).await.problem(422, "PAYMENT_REFUSED");
    }
    server.post(Some(&buyer), &path(&order, "/pay"), json!({"method": "mock"})).await.expect(200);
    server.stop().await;
}

/// FEATURES #60, and its lessons: money taken, order stuck, because a notice was lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_of_which_no_notice_comes_is_found_by_asking() {
    let settings = |stripe: &StripeApi| {
        let settings = stripe.settings();
        move |config: &mut usher::config::Config| {
            settings(config);
            config.payments.check_after = Duration::from_millis(50);
        }
    };
    let stripe = StripeApi::start().await;
    let server = TestServer::start_with(settings(&stripe)).await;
    found_by_asking(server, stripe).await;
    let stripe = StripeApi::start().await;
    if let Some(server) = TestServer::start_on_postgres_with(settings(&stripe)).await {
        found_by_asking(server, stripe).await;
    }
}

async fn found_by_asking(server: TestServer, stripe: StripeApi) {
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    let paid = show.order(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
    let open = show.order(&server, &buyer, json!([{"seat": "A-1-2"}])).await;
    let session = checkout(&server, &buyer, &paid).await;
    let left_open = checkout(&server, &buyer, &open).await;
    stripe.fail([Fault::Error, Fault::RateLimited, Fault::AnswerLost]);
    stripe.pay(&session);
    until(async || status(&server, &buyer, &paid).await == "paid").await;
    assert_eq!(status(&server, &buyer, &open).await, "pending_payment");
    assert_eq!(stripe.session(&left_open)["status"], "open");
    assert_eq!(show.totals(&server).await, [88, 1, 1, 0]);
    // What nobody wants any more cannot be paid any more.
    server.post(Some(&buyer), &path(&open, "/cancel"), json!({})).await.expect(200);
    until(async || stripe.session(&left_open)["status"] == "expired").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_takes_its_time_buys_when_it_arrives_and_not_before() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let session = checkout(server, &buyer, &order).await;
        deliver(server, &stripe.complete(&session)).await.expect(200);
        assert_eq!(status(server, &buyer, &order).await, "pending_payment");
        deliver(server, &stripe.arrive(&session, "checkout.session.async_payment_succeeded")).await.expect(200);
        assert_eq!(status(server, &buyer, &order).await, "paid");

        let order = show.order(server, &buyer, json!([{"seat": "A-1-2"}])).await;
        let session = checkout(server, &buyer, &order).await;
        deliver(server, &stripe.complete(&session)).await.expect(200);
        let failed = stripe.tell(&session, "checkout.session.async_payment_failed");
        deliver(server, &failed).await.expect(200);
        assert_eq!(status(server, &buyer, &order).await, "pending_payment");
        // The order waits for another payment: on another page.
        let second = checkout(server, &buyer, &order).await;
        assert_ne!(second, session);
        deliver(server, &stripe.pay(&second)).await.expect(200);
        assert_eq!(status(server, &buyer, &order).await, "paid");
        assert_eq!((show.totals(server).await, stripe.totals()), ([88, 0, 2, 0], (9_000, 0)));
    })
    .await;
}

/// The payment and the end of its order cross each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_paid_while_it_is_cancelled_or_paid_otherwise_gives_the_money_back() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;

        let cancelled = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let session = checkout(server, &buyer, &cancelled).await;
        let event = stripe.pay(&session);
        server.post(Some(&buyer), &path(&cancelled, "/cancel"), json!({})).await.expect(200);
        deliver(server, &event).await.expect(200);
        super::refunded(server, 1).await;
        assert_eq!(status(server, &buyer, &cancelled).await, "cancelled");

        let twice = show.order(server, &buyer, json!([{"seat": "A-1-2"}])).await;
        let session = checkout(server, &buyer, &twice).await;
        let event = stripe.pay(&session);
        reported(server, &twice).await;
        deliver(server, &event).await.expect(200);
        super::refunded(server, 2).await;
        assert_eq!(status(server, &buyer, &twice).await, "paid");
        assert_eq!(stripe.totals(), (9_000, 9_000));
        assert_eq!(show.totals(server).await, [89, 0, 1, 0]);
        let back = refunds(server, "").await;
        assert!(back.iter().all(|refund| refund["provider"] == "stripe" && refund["reason"] == "owed"), "{back:?}");
    })
    .await;
}
