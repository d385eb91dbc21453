use persistence::CheckoutState;
use serde_json::json;
use usher_tests::server::TestServer;
use usher_tests::stripe::{Fault, StripeApi, deliver};
use uuid::Uuid;

use super::{
    by_stripe, checkout, due_and_kept, known, money, on_each_store_with_stripe, path, refunded, refunds, status,
};
use crate::holds::until;
use crate::show::{Show, faults, on_each_store, text};

fn seat(id: &str) -> serde_json::Value {
    json!([{"seat": id}])
}

/// FEATURES #58: whatever can go wrong at a gateway can be played.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mock_gateway_plays_what_a_request_asks_for() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let pay = |outcome: &str| json!({"method": "mock", "outcome": outcome});

        let order = show.order(server, &buyer, seat("A-1-1")).await;
        let begun = tokio::time::Instant::now();
        let paid = server.post(Some(&buyer), &path(&order, "/pay"), pay("slow")).await.expect(200);
        assert_eq!(paid["status"], "paid");
        assert!(begun.elapsed() >= std::time::Duration::from_secs(2));

        let order = show.order(server, &buyer, seat("A-1-2")).await;
        let declined = server.post(Some(&buyer), &path(&order, "/pay"), pay("declined")).await;
        declined.problem(402, "PAYMENT_DECLINED");
        let paid = server.post(Some(&buyer), &path(&order, "/pay"), pay("duplicate")).await.expect(200);
        assert_eq!((&paid["status"], paid["tickets"].as_array().unwrap().len()), (&json!("paid"), 1));
        let back = refunded(server, 1).await;
        assert_eq!((&back[0]["order_id"], &back[0]["amount"]), (&order["id"], &money(4_500)));
        assert_eq!((&back[0]["provider"], &back[0]["reason"]), (&json!("mock"), &json!("owed")));
        assert_eq!(due_and_kept(server, &show).await, (0, 9_000), "the third payment went back");
        assert_eq!(status(server, &buyer, &order).await, "paid");
        assert_eq!(show.totals(server).await, [88, 0, 2, 0]);
    })
    .await;
}

/// RELIABILITY T24: a charge whose answer was lost ends captured once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_whose_answer_was_lost_is_found_by_asking() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let lost = json!({"method": "mock", "outcome": "lost"});

        let order = show.order(server, &buyer, seat("A-1-1")).await;
        server.post(Some(&buyer), &path(&order, "/pay"), lost.clone()).await.problem(504, "OUTCOME_UNKNOWN");
        until(async || status(server, &buyer, &order).await == "paid").await;

        // Asked again under its key, the buyer need not wait for that.
        let order = show.order(server, &buyer, seat("A-1-2")).await;
        let pay = path(&order, "/pay");
        let first = server.post_keyed(Some(&buyer), &pay, "lost-1", lost.clone()).await;
        first.problem(504, "OUTCOME_UNKNOWN");
        let again = server.post_keyed(Some(&buyer), &pay, "lost-1", lost.clone()).await.expect(200);
        assert_eq!(again["status"], "paid");
        assert_eq!(server.post_keyed(Some(&buyer), &pay, "lost-1", lost).await.expect(200), again);

        let store = &server.app().state().store;
        let id = inventory::OrderId::from_uuid(Uuid::parse_str(&text(&order["id"])).unwrap());
        until(async || store.checkouts_next_due().await.unwrap().is_none()).await;
        assert_eq!(store.payment_list(id).await.unwrap().len(), 1);
        assert!(refunds(server, "").await.is_empty(), "nothing was paid twice");
        assert_eq!(show.totals(server).await, [88, 0, 2, 0]);
    })
    .await;
}

/// FEATURES #58: the money comes after the hold has ended, and buys what is still to be had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_payment_buys_what_is_left_or_goes_back() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale_with(server, json!({"hold_ttl_s": 1})).await;
        let (buyer, rival) = (server.attendee().await, server.attendee().await);
        let late = json!({"method": "mock", "outcome": "late"});
        let (first, second) =
            (show.order(server, &buyer, seat("A-1-1")).await, show.order(server, &buyer, seat("A-1-2")).await);
        let pay = async |order: &serde_json::Value, key: &str| {
            server.post_keyed(Some(&buyer), &path(order, "/pay"), key, late.clone()).await
        };
        pay(&first, "late-1").await.problem(504, "OUTCOME_UNKNOWN");
        pay(&second, "late-2").await.problem(504, "OUTCOME_UNKNOWN");
        pay(&second, "late-2").await.problem(504, "OUTCOME_UNKNOWN");

        until(async || show.totals(server).await == [90, 0, 0, 0]).await;
        assert_eq!(status(server, &buyer, &first).await, "expired");
        show.buy(server, &rival, seat("A-1-2")).await;

        until(async || status(server, &buyer, &first).await == "paid").await;
        let back = refunded(server, 1).await;
        assert_eq!((&back[0]["order_id"], &back[0]["amount"]), (&second["id"], &money(4_500)));
        assert_eq!(status(server, &buyer, &second).await, "expired");
        assert_eq!(pay(&first, "late-1").await.expect(200)["tickets"][0]["seat"], "A-1-1");
        pay(&second, "late-2").await.problem(410, "PAYMENT_TOO_LATE");
        assert_eq!(show.totals(server).await, [88, 0, 2, 0]);
        assert_eq!(refunds(server, "").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_costs_nothing_is_paid_without_a_gateway() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        let organizer = Some(&show.organizer);
        let free = json!({"price": {"amount_minor": 0, "currency": "EUR"}});
        server.patch(organizer, &show.path(&format!("/tiers/{}", show.standing)), free).await.expect(200);
        server.post(organizer, &show.path("/publish"), json!({})).await.expect(200);
        let buyer = server.attendee().await;
        for body in [
            json!({"method": "mock"}),
            // No gateway is asked, so none declines; nor need it be configured.
            json!({"method": "mock", "outcome": "declined"}),
            json!({"method": "stripe"}),
        ] {
            let order = show.order(server, &buyer, json!([{"area": "F", "quantity": 1}])).await;
            let paid = server.post(Some(&buyer), &path(&order, "/pay"), body).await.expect(200);
            assert_eq!((&paid["status"], paid["tickets"].as_array().unwrap().len()), (&json!("paid"), 1));
        }
        let order = server.get(Some(&buyer), "/orders").await.expect(200)["items"][0].clone();
        server.post(organizer, &path(&order, "/refund"), json!({})).await.expect(200);
        assert!(refunds(server, "").await.is_empty(), "nothing goes back of nothing");
    })
    .await;
}

#[tokio::test]
async fn orders_are_not_paid_without_money_where_that_is_switched_off() {
    let server = TestServer::start_with(|config| config.payments.mock = Some(false)).await;
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    let order = show.order(&server, &buyer, seat("A-1-1")).await;
    for method in ["mock", "stripe"] {
        let refused = server.post(Some(&buyer), &path(&order, "/pay"), json!({"method": method})).await;
        let problem = refused.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&problem), [("method".to_owned(), "UNAVAILABLE".to_owned())]);
    }
    assert_eq!(status(&server, &buyer, &order).await, "pending_payment");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_at_stripe_is_closed_before_its_order_is_paid_otherwise() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let by_mock = json!({"method": "mock"});

        let order = show.order(server, &buyer, seat("A-1-1")).await;
        let page = checkout(server, &buyer, &order).await;
        let declined = json!({"method": "mock", "outcome": "declined"});
        server.post(Some(&buyer), &path(&order, "/pay"), declined).await.problem(402, "PAYMENT_DECLINED");
        assert_eq!(stripe.session(&page)["status"], "expired");
        // It waits still, and has another page now; Stripe is away for a moment.
        let page = checkout(server, &buyer, &order).await;
        stripe.fail([Fault::Error]);
        let pay = path(&order, "/pay");
        let away = server.post_keyed(Some(&buyer), &pay, "k", by_mock.clone()).await;
        away.problem(503, "PAYMENT_PROVIDER_UNAVAILABLE");
        assert_eq!(status(server, &buyer, &order).await, "pending_payment");
        let paid = server.post_keyed(Some(&buyer), &pay, "k", by_mock.clone()).await.expect(200);
        assert_eq!((&paid["status"], &stripe.session(&page)["status"]), (&json!("paid"), &json!("expired")));
        assert_eq!(server.post_keyed(Some(&buyer), &pay, "k", by_mock.clone()).await.expect(200), paid);
        assert_eq!(known(server, &order).await, [CheckoutState::Expired, CheckoutState::Expired]);

        // One of which nobody has heard is ended when the order is paid.
        let order = show.order(server, &buyer, seat("A-1-3")).await;
        stripe.fail([Fault::Error, Fault::Error]);
        let refused = server.post(Some(&buyer), &path(&order, "/pay"), by_stripe()).await;
        refused.problem(503, "PAYMENT_PROVIDER_UNAVAILABLE");
        server.post(Some(&buyer), &path(&order, "/pay"), by_mock).await.expect(200);
        until(async || known(server, &order).await == [CheckoutState::Failed]).await;
        assert_eq!((stripe.totals(), refunds(server, "").await.len()), ((0, 0), 0));
        assert_eq!(show.totals(server).await, [88, 0, 2, 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_paid_at_stripe_a_moment_ago_is_not_paid_again() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let by_mock = json!({"method": "mock"});

        let order = show.order(server, &buyer, seat("A-1-1")).await;
        let page = checkout(server, &buyer, &order).await;
        let event = stripe.pay(&page);
        server.post(Some(&buyer), &path(&order, "/pay"), by_mock.clone()).await.problem(409, "ORDER_TRANSITION");
        assert_eq!(status(server, &buyer, &order).await, "paid", "by Stripe");
        deliver(server, &event).await.expect(200);

        let order = show.order(server, &buyer, seat("A-1-3")).await;
        let page = checkout(server, &buyer, &order).await;
        let event = stripe.complete(&page);
        server.post(Some(&buyer), &path(&order, "/pay"), by_mock.clone()).await.problem(409, "PAYMENT_UNDER_WAY");
        deliver(server, &event).await.expect(200);
        server.post(Some(&buyer), &path(&order, "/pay"), by_mock.clone()).await.problem(409, "PAYMENT_UNDER_WAY");
        deliver(server, &stripe.arrive(&page, "checkout.session.async_payment_succeeded")).await.expect(200);
        assert_eq!(status(server, &buyer, &order).await, "paid");
        assert_eq!((stripe.totals(), refunds(server, "").await.len()), ((9_000, 0), 0));
        assert_eq!(show.totals(server).await, [88, 0, 2, 0]);
    })
    .await;
}
