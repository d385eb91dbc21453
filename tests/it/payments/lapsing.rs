//! Pages at the provider whose time is over, or whose order or event has ended, and of which no notice comes.

use inventory::{EventId, OrderId, PaymentId, TimeUs};
use persistence::{Checkout, CheckoutState, PaymentProvider};
use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};
use usher_tests::stripe::{StripeApi, deliver};
use uuid::Uuid;

use super::{checkout, known, money, on_each_store_with_stripe, path, refunded, refunds, status};
use crate::holds::until;
use crate::show::{Show, text};

/// Everything that waits to be asked about is asked about now.
async fn ask(server: &TestServer, show: &Show) {
    let state = server.app().state();
    let event = EventId::from_uuid(show.id.parse().unwrap());
    state.store.checkouts_due_of_event(event, state.now()).await.unwrap();
    state.gateways.wake();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_an_event_closes_the_pages_of_its_orders_at_once_and_returns_what_was_paid_there() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let (show, other) = (Show::on_sale(server).await, Show::on_sale(server).await);
        let buyer = server.attendee().await;
        let open = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let open_page = checkout(server, &buyer, &open).await;
        let paid = show.order(server, &buyer, json!([{"seat": "A-1-3"}])).await;
        let paid_page = checkout(server, &buyer, &paid).await;
        let elsewhere = other.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let left_alone = checkout(server, &buyer, &elsewhere).await;
        // At the last moment, and nobody tells us.
        stripe.pay(&paid_page);

        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
        until(async || stripe.session(&open_page)["status"] == "expired").await;
        until(async || known(server, &open).await == [CheckoutState::Expired]).await;
        let back = refunded(server, 1).await;
        assert_eq!((&back[0]["order_id"], &back[0]["amount"]), (&paid["id"], &money(4_500)));
        assert_eq!((known(server, &paid).await, stripe.totals()), (vec![CheckoutState::Paid], (4_500, 4_500)));
        assert_eq!(stripe.session(&left_alone)["status"], "open", "that of another event");
        deliver(server, &stripe.pay(&left_alone)).await.expect(200);
        assert_eq!(status(server, &buyer, &elsewhere).await, "paid");
        assert_eq!(show.totals(server).await[2], 0, "nothing of it is sold");
    })
    .await;
}

/// An order that has lapsed, with a page at Stripe that is open still, of which the server has heard nothing since.
async fn left_behind(server: &TestServer, stripe: &StripeApi, show: &Show, order: &Value) -> String {
    let payment = Uuid::from_u128(rand::random());
    let session = stripe.foreign_session(json!({"usher_order": order["id"], "usher_payment": payment}));
    let now = server.app().state().now();
    let checkout = Checkout {
        payment_id: PaymentId::from_uuid(payment),
        order_id: OrderId::from_uuid(text(&order["id"]).parse().unwrap()),
        event_id: EventId::from_uuid(show.id.parse().unwrap()),
        provider: PaymentProvider::Stripe,
        state: CheckoutState::Open,
        session_id: Some(session.clone()),
        charge_id: None,
        url: Some("https://checkout.stripe.example/x".to_owned()),
        amount_minor: 4_500,
        currency: "EUR".to_owned(),
        expires_at: now.plus_us(60 * 1_000_000),
        attempts: 0,
        // Until the test has done what it does at Stripe.
        due_at: TimeUs(i64::MAX),
        last_error: None,
        created_at: now,
    };
    assert!(server.app().state().store.checkout_insert(&checkout).await.unwrap());
    session
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_about_to_lapse_is_rescued_or_refunded_when_it_was_paid_and_expired_when_it_was_not() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale_with(server, json!({"hold_ttl_s": 1})).await;
        let (buyer, rival) = (server.attendee().await, server.attendee().await);
        let mut orders = Vec::new();
        for seat in ["A-3-1", "A-3-3", "A-3-5", "A-3-7"] {
            orders.push(show.order(server, &buyer, json!([{"seat": seat}])).await);
        }
        let [rescued, gone, unpaid, over] = &orders[..] else { panic!("four orders") };
        until(async || show.totals(server).await == [90, 0, 0, 0]).await;
        show.buy(server, &rival, json!([{"seat": "A-3-3"}])).await;

        let mut pages = Vec::new();
        for order in &orders {
            pages.push(left_behind(server, stripe, &show, order).await);
        }
        stripe.pay(&pages[0]);
        stripe.pay(&pages[1]);
        stripe.lapse(&pages[3]);
        ask(server, &show).await;

        until(async || status(server, &buyer, rescued).await == "paid").await;
        let seat = server.get(Some(&buyer), &path(rescued, "")).await.expect(200)["tickets"][0]["seat"].clone();
        assert_eq!(seat, "A-3-1");
        let back = refunded(server, 1).await;
        assert_eq!((&back[0]["order_id"], &back[0]["amount"]), (&gone["id"], &money(4_500)));
        // Nobody waits for it any more: it is closed there, so that nobody pays.
        until(async || stripe.session(&pages[2])["status"] == "expired").await;
        for (order, expected) in [
            (rescued, CheckoutState::Paid),
            (gone, CheckoutState::Paid),
            (unpaid, CheckoutState::Expired),
            (over, CheckoutState::Expired),
        ] {
            until(async || known(server, order).await == [expected]).await;
        }
        for order in [gone, unpaid, over] {
            assert_eq!(status(server, &buyer, order).await, "expired");
        }
        assert_eq!((stripe.totals(), show.totals(server).await), ((9_000, 4_500), [88, 0, 2, 0]));
        assert_eq!(refunds(server, "").await.len(), 1, "once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_page_has_lapsed_at_stripe_waits_on_and_is_paid_on_another() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let buyer: Session = server.attendee().await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let first = checkout(server, &buyer, &order).await;
        stripe.lapse(&first);
        ask(server, &show).await;
        until(async || known(server, &order).await == [CheckoutState::Expired]).await;
        assert_eq!(status(server, &buyer, &order).await, "pending_payment");
        let second = checkout(server, &buyer, &order).await;
        assert_ne!(second, first);
        // Told late, of the page that is over.
        deliver(server, &stripe.tell(&first, "checkout.session.expired")).await.expect(200);
        deliver(server, &stripe.pay(&second)).await.expect(200);
        assert_eq!(status(server, &buyer, &order).await, "paid");
        assert_eq!(
            (known(server, &order).await, stripe.totals()),
            (vec![CheckoutState::Expired, CheckoutState::Paid], (4_500, 0))
        );
    })
    .await;
}
