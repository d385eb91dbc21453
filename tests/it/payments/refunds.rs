use serde_json::json;
use usher_tests::server::TestServer;
use usher_tests::stripe::{Fault, StripeApi, deliver};

use super::{checkout, due_and_kept, money, on_each_store_with_stripe, path, refunded, refunds};
use crate::holds::until;
use crate::show::{Show, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refunded_goes_back_through_stripe_once_whatever_fails() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let session = checkout(server, &buyer, &order).await;
        deliver(server, &stripe.pay(&session)).await.expect(200);
        let paid = server.get(Some(&buyer), &path(&order, "")).await.expect(200);

        // Down; asked what there is, then done and unheard of; too busy to say; then heard of.
        stripe.fail([Fault::Error, Fault::Pass, Fault::AnswerLost, Fault::RateLimited]);
        let one = json!({"tickets": [paid["tickets"][0]["id"]], "amount": money(3_000)});
        server.post(organizer, &path(&order, "/refund"), one).await.expect(200);
        let made = refunded(server, 1).await;
        assert_eq!((&made[0]["amount"], &made[0]["note"]), (&money(3_000), &json!(null)));
        assert_eq!(due_and_kept(server, &show).await, (0, 6_000));
        server.post(organizer, &path(&order, "/refund"), json!({})).await.expect(200);
        let made = refunded(server, 2).await;
        assert!(made.iter().all(|refund| refund["payment_id"] == made[0]["payment_id"]), "{made:?}");
        let at_stripe: Vec<_> = stripe.refunds().iter().map(|refund| refund["amount"].clone()).collect();
        assert_eq!((at_stripe, stripe.totals()), (vec![json!(3_000), json!(6_000)], (9_000, 9_000)));

        // Stripe tells of what this server did itself: nothing new.
        deliver(server, &stripe.tell_of_charge(&session)).await.expect(200);
        assert_eq!(refunds(server, "").await.len(), 2);
        assert_eq!(due_and_kept(server, &show).await, (0, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_stripe_will_not_make_waits_for_an_admin() {
    on_each_store_with_stripe(async |server: &TestServer, stripe: &StripeApi| {
        let show = Show::on_sale(server).await;
        let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let session = checkout(server, &buyer, &order).await;
        deliver(server, &stripe.pay(&session)).await.expect(200);

        // Somebody was faster, on Stripe's own pages: it is listed, for the ticket is still good.
        deliver(server, &stripe.refund_by_hand(&session, 1_000)).await.expect(200);
        let listed = refunds(server, "?status=done").await;
        assert_eq!((&listed[0]["reason"], &listed[0]["amount"]), (&json!("elsewhere"), &money(1_000)));
        server.post(organizer, &path(&order, "/refund"), json!({})).await.expect(200);
        until(async || refunds(server, "?status=failed").await.len() == 1).await;
        let failed = refunds(server, "?status=failed").await.remove(0);
        assert!(text(&failed["note"]).contains("amount_too_large"), "{failed}");
        assert_eq!(due_and_kept(server, &show).await, (4_500, 4_500), "what was given back elsewhere was not owed");

        let admin = server.admin().await;
        let done = format!("/admin/payment-refunds/{}/done", text(&failed["id"]));
        let how = json!({"how": "3,500 on Stripe's pages"});
        server.post(Some(&buyer), &done, how.clone()).await.problem(403, "ROLE_REQUIRED");
        server.post(Some(&admin), &done, json!({"how": " "})).await.problem(422, "VALIDATION_FAILED");
        let settled = server.post(Some(&admin), &done, how.clone()).await.expect(200);
        assert_eq!((&settled["status"], &settled["note"]), (&json!("done"), &how["how"]));
        server.post(Some(&admin), &done, how).await.problem(409, "PAYMENT_REFUND_NOT_FAILED");
        assert_eq!(due_and_kept(server, &show).await, (0, 0));
        let nothing = "/admin/payment-refunds/019aa1b2-0000-7000-8000-000000000001/done";
        server.post(Some(&admin), nothing, json!({"how": "x"})).await.problem(404, "PAYMENT_REFUND_NOT_FOUND");
        let log = server.get(Some(&admin), "/admin/audit-log?action=payment_refund.done").await.expect(200);
        assert_eq!(log["items"].as_array().map(Vec::len), Some(1), "{log}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stripe_that_stays_away_leaves_the_refund_to_an_admin_and_his_word_makes_it_once() {
    let stripe = StripeApi::start().await;
    let settings = stripe.settings();
    let server = TestServer::start_with(|config| {
        settings(config);
        config.payments.attempts_max = 2;
    })
    .await;
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    let order = show.order(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
    let session = checkout(&server, &buyer, &order).await;
    deliver(&server, &stripe.pay(&session)).await.expect(200);
    stripe.fail([Fault::Error, Fault::Error]);
    server.post(Some(&show.organizer), &path(&order, "/refund"), json!({})).await.expect(200);
    until(async || refunds(&server, "?status=failed").await.len() == 1).await;
    let failed = refunds(&server, "?status=failed").await.remove(0);
    assert_eq!((&failed["attempts"], stripe.totals()), (&json!(2), (4_500, 0)));
    assert_eq!(due_and_kept(&server, &show).await, (4_500, 4_500));

    // What is owed outlives a restart, and is not owed anew by it.
    let settings = stripe.settings();
    let server = TestServer::start_in(server.stop().await, settings).await;
    let admin = server.admin().await;
    let retry = format!("/admin/payment-refunds/{}/retry", text(&failed["id"]));
    server.post(Some(&admin), &retry, json!({})).await.expect(200);
    refunded(&server, 1).await;
    assert_eq!((stripe.totals(), stripe.refunds().len()), ((4_500, 4_500), 1));
    assert_eq!(due_and_kept(&server, &show).await, (0, 0));
    server.stop().await.must_balance().await;
}
