use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};
use usher_tests::stripe::{StripeApi, WEBHOOK_SECRET, deliver, deliver_as, sign};
use uuid::Uuid;

use super::{checkout, money, on_each_store_with_stripe, path, refunded, refunds, status};
use crate::holds::until;
use crate::show::{Show, text};

/// RELIABILITY T23 over HTTP; ten thousand forgeries are tried beside the code.
#[tokio::test]
async fn a_notice_that_stripe_has_not_signed_just_now_changes_nothing() {
    let stripe = StripeApi::start().await;
    let settings = stripe.settings();
    let server = TestServer::start_with(|config| {
        settings(config);
        config.payments.stripe_webhook_secrets.push("whsec_the_one_of_tomorrow".into());
    })
    .await;
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    let order = show.order(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
    let session = checkout(&server, &buyer, &order).await;
    let body = stripe.pay(&session).to_string();
    let good = sign(&body, WEBHOOK_SECRET, 0);
    for signature in [
        String::new(),
        "t=1,v1=00".to_owned(),
        good.replace("v1=", "v0="),
        sign(&body, WEBHOOK_SECRET, -302),
        sign(&body, WEBHOOK_SECRET, 302),
        sign(&body, "whsec_of_somebody_else", 0),
    ] {
        deliver_as(&server, body.clone(), &signature).await.problem(400, "SIGNATURE_INVALID");
    }
    deliver_as(&server, format!("{body} "), &good).await.problem(400, "SIGNATURE_INVALID");
    let large = format!("{{\"pad\":\"{}\"}}", "x".repeat(64 << 10));
    deliver_as(&server, large.clone(), &sign(&large, WEBHOOK_SECRET, 0)).await.problem(413, "BODY_TOO_LARGE");
    let no_event = "[]".to_owned();
    deliver_as(&server, no_event.clone(), &sign(&no_event, WEBHOOK_SECRET, 0)).await.problem(400, "JSON_MALFORMED");
    assert_eq!(status(&server, &buyer, &order).await, "pending_payment");

    // The secret of tomorrow signs already.
    let signature = sign(&body, "whsec_the_one_of_tomorrow", 0);
    deliver_as(&server, body, &signature).await.expect(200);
    assert_eq!(status(&server, &buyer, &order).await, "paid");
    server.stop().await;
}

#[tokio::test]
async fn without_a_secret_no_notice_is_believed() {
    let server = TestServer::start().await;
    let body = json!({"id": "evt_1", "type": "checkout.session.completed", "data": {"object": {}}}).to_string();
    for secret in ["", WEBHOOK_SECRET] {
        let signature = sign(&body, secret, 0);
        deliver_as(&server, body.clone(), &signature).await.problem(403, "WEBHOOK_OFF");
    }
    server.stop().await;
}

/// A payment whose checkout was begun before, as its session names it.
fn session_of(stripe: &StripeApi, order: &Value) -> String {
    stripe.foreign_session(json!({"usher_order": order["id"], "usher_payment": Uuid::from_u128(rand::random())}))
}

/// FEATURES section 2 (T), RELIABILITY T22: never silence.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_for_an_order_that_has_lapsed_buys_what_is_left_or_goes_back() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale_with(server, json!({"hold_ttl_s": 1})).await;
        let (buyer, rival) = (server.attendee().await, server.attendee().await);
        let order = async |buyer: &Session, items: Value, accepts: bool| {
            let hold = show.hold(server, buyer, items).await;
            let body = json!({"event_id": show.id, "hold_id": hold["id"], "accept_other_seats": accepts});
            server.post(Some(buyer), "/orders", body).await.expect(201)
        };
        let same = order(&buyer, json!([{"seat": "A-3-1"}]), false).await;
        let other = order(&buyer, json!([{"seat": "A-3-3"}]), true).await;
        let gone = order(&buyer, json!([{"seat": "A-3-5"}]), false).await;
        until(async || show.totals(server).await == [90, 0, 0, 0]).await;
        for seat in ["A-3-3", "A-3-5"] {
            show.buy(server, &rival, json!([{"seat": seat}])).await;
        }
        for order in [&same, &other, &gone] {
            let event = stripe.pay(&session_of(stripe, order));
            for _ in 0..2 {
                deliver(server, &event).await.expect(200);
            }
        }
        let bought = async |order: &Value| {
            let order = server.get(Some(&buyer), &path(order, "")).await.expect(200);
            (text(&order["status"]), order["tickets"][0]["seat"].as_str().map(str::to_owned))
        };
        assert_eq!(bought(&same).await, ("paid".to_owned(), Some("A-3-1".to_owned())));
        let (status, seat) = bought(&other).await;
        assert!(status == "paid" && seat.as_deref().is_some_and(|seat| seat != "A-3-3"), "{status} {seat:?}");
        assert_eq!(bought(&gone).await, ("expired".to_owned(), None));
        let back = refunded(server, 1).await;
        assert_eq!((&back[0]["order_id"], &back[0]["amount"]), (&gone["id"], &money(4_500)));
        assert_eq!(stripe.totals(), (13_500, 4_500));
        assert_eq!(show.totals(server).await, [86, 0, 4, 0]);
    })
    .await;
}

/// One account at the provider may serve several servers: what is not known here may be somebody's ticket there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_for_an_unknown_order_waits_for_an_admin_and_money_of_others_is_left_alone() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let foreign = stripe.foreign_session(json!({"shop": "hats"}));
        deliver(server, &stripe.pay(&foreign)).await.expect(200);
        let unheard = json!({"id": "evt_x", "type": "customer.created", "data": {"object": {"id": "cus_1"}}});
        deliver(server, &unheard).await.expect(200);
        assert!(refunds(server, "").await.is_empty());

        let unknown = stripe.foreign_session(json!({
            "usher_order": "019aa1b2-0000-7000-8000-000000000001", "usher_payment": "019aa1b2-0000-7000-8000-000000000002",
        }));
        let event = stripe.pay(&unknown);
        for _ in 0..3 {
            deliver(server, &event).await.expect(200);
        }
        let waiting = refunds(server, "?status=failed").await;
        assert_eq!((waiting.len(), &waiting[0]["reason"]), (1, &json!("order_unknown")));
        assert_eq!((&waiting[0]["amount"], stripe.totals().1), (&money(4_500), 0));
        let admin = server.admin().await;
        let retry = format!("/admin/payment-refunds/{}/retry", text(&waiting[0]["id"]));
        server.post(Some(&admin), &retry, json!({})).await.expect(200);
        refunded(server, 1).await;
        assert_eq!(stripe.totals(), (9_000, 4_500));
        server.post(Some(&admin), &retry, json!({})).await.problem(409, "PAYMENT_REFUND_NOT_FAILED");
    })
    .await;
}

/// The amount is ours; who pays another one gets it back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_is_not_the_orders_total_goes_back() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let event = stripe.pay(&session_of(stripe, &order));
        for _ in 0..2 {
            deliver(server, &event).await.expect(200);
        }
        let back = refunded(server, 1).await;
        assert_eq!((&back[0]["reason"], &back[0]["amount"]), (&json!("not_taken"), &money(4_500)));
        assert_eq!(stripe.totals(), (4_500, 4_500));
        assert_eq!(status(server, &buyer, &order).await, "pending_payment");
    })
    .await;
}
