use serde_json::{Value, json};
use usher_tests::server::{Answer, Session, TestServer, send};

use super::{due_and_kept, money, path, refunds, status};
use crate::holds::until;
use crate::show::{Show, text};

pub const SECRET: &str = "between the two of us";

async fn on_each_store_with_a_secret(test: impl AsyncFn(&TestServer)) {
    let settings = |config: &mut usher::config::Config| config.payments.webhook_secret = Some(SECRET.into());
    let server = TestServer::start_with(settings).await;
    test(&server).await;
    server.stop().await;
    if let Some(server) = TestServer::start_on_postgres_with(settings).await {
        test(&server).await;
        server.stop().await;
    }
}

async fn report(server: &TestServer, order: &Value, secret: Option<&str>, body: Value) -> Answer {
    let request = server.request(reqwest::Method::POST, &path(order, "/status")).json(&body);
    send(match secret {
        Some(secret) => request.header("x-webhook-secret", secret),
        None => request,
    })
    .await
}

/// Another provider has taken the money.
pub async fn reported(server: &TestServer, order: &Value) {
    report(server, order, Some(SECRET), json!({"status": "PAID"})).await.expect(204);
}

/// FEATURES #60 (D).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_provider_reports_that_an_order_is_paid_or_not() {
    on_each_store_with_a_secret(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let paid = json!({"status": "PAID"});
        for (secret, body) in [(None, &paid), (Some(""), &paid), (Some("between the two of u"), &paid)] {
            report(server, &order, secret, body.clone()).await.problem(401, "WEBHOOK_SECRET_INVALID");
        }
        let bad = json!({"status": "MAYBE"});
        report(server, &order, Some(SECRET), bad).await.problem(422, "VALIDATION_FAILED");
        let less = json!({"status": "PAID", "amount": money(4_499)});
        report(server, &order, Some(SECRET), less).await.problem(422, "AMOUNT_MISMATCH");
        let unknown = json!({"id": "019aa1b2-0000-7000-8000-000000000001"});
        report(server, &unknown, Some(SECRET), paid.clone()).await.problem(404, "ORDER_NOT_FOUND");
        let rejected = json!({"status": "REJECTED", "reason": "card expired"});
        report(server, &order, Some(SECRET), rejected.clone()).await.expect(204);
        assert_eq!(status(server, &buyer, &order).await, "pending_payment");

        for _ in 0..3 {
            report(server, &order, Some(SECRET), paid.clone()).await.expect(204);
        }
        assert_eq!(status(server, &buyer, &order).await, "paid");
        // It comes late, and changes nothing.
        report(server, &order, Some(SECRET), rejected).await.expect(204);
        assert_eq!(status(server, &buyer, &order).await, "paid");
        assert_eq!(show.totals(server).await, [89, 0, 1, 0]);
        assert!(refunds(server, "").await.is_empty());
    })
    .await;
}

/// What cannot be refunded from here is not forgotten either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_payment_at_a_provider_that_cannot_be_asked_waits_for_an_admin() {
    on_each_store_with_a_secret(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let order = show.order(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        for reference in ["first", "second", "first", "second"] {
            let paid = json!({"status": "PAID", "reference": reference, "amount": money(4_500)});
            report(server, &order, Some(SECRET), paid).await.expect(204);
        }
        until(async || refunds(server, "?status=failed").await.len() == 1).await;
        let waiting = refunds(server, "").await;
        assert_eq!((waiting.len(), &waiting[0]["provider"]), (1, &json!("webhook")));
        assert_eq!(waiting[0]["reason"], "owed");
        assert_eq!(due_and_kept(server, &show).await, (4_500, 9_000));
        let admin = server.admin().await;
        let done = format!("/admin/payment-refunds/{}/done", text(&waiting[0]["id"]));
        server.post(Some(&admin), &done, json!({"how": "there"})).await.expect(200);
        assert_eq!(due_and_kept(server, &show).await, (0, 4_500));
        assert_eq!(show.totals(server).await, [89, 0, 1, 0]);
    })
    .await;
}

/// FEATURES #58, with a waitlist: whose money comes when his places are gone has it back, and is the first to be offered others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_that_buys_nothing_any_more_waits_before_all_others() {
    on_each_store_with_a_secret(async |server: &TestServer| {
        let show = Show::on_sale_with(server, json!({"hold_ttl_s": 1})).await;
        let organizer = Some(&show.organizer);
        let two = json!({"quota": 2});
        server.patch(organizer, &show.path(&format!("/tiers/{}", show.standing)), two).await.expect(200);
        server.put(organizer, &show.path("/waitlist/settings"), json!({"active": true})).await.expect(200);
        let (late, rival, eve) = (server.attendee().await, server.attendee().await, server.attendee().await);
        let floor = json!([{"area": "F", "quantity": 2}]);
        let order = show.order(server, &late, floor.clone()).await;
        until(async || status(server, &late, &order).await == "expired").await;
        let sold = show.buy(server, &rival, floor).await;
        let list = show.path("/waitlist");
        let wish = json!({"tier": show.standing, "area": "F", "quantity": 1});
        assert_eq!(server.post(Some(&eve), &list, wish.clone()).await.expect(201)["position"], 1);

        let entry = async |who: &Session| server.get(Some(who), &list).await.expect(200)["entry"].clone();
        for _ in 0..2 {
            reported(server, &order).await;
            let rescued = entry(&late).await;
            assert_eq!((&rescued["status"], &rescued["priority"]), (&json!("waiting"), &json!(true)), "{rescued}");
            assert_eq!((&rescued["area"], &rescued["quantity"]), (&json!("F"), &json!(2)));
            assert_eq!((&rescued["position"], &entry(&eve).await["position"]), (&json!(1), &json!(2)));
        }
        server.post(Some(&late), &list, wish).await.problem(409, "WAITLIST_JOINED");

        server.post(organizer, &path(&sold, "/refund"), json!({"to": "wallet"})).await.expect(200);
        let offered = entry(&late).await;
        assert_eq!((&offered["status"], &entry(&eve).await["status"]), (&json!("offered"), &json!("waiting")));
        let body = json!({"event_id": show.id, "hold_id": offered["offer"]["hold_id"]});
        let second = server.post(Some(&late), "/orders", body).await.expect(201);
        let paid = server.post(Some(&late), &path(&second, "/pay"), json!({"method": "mock"})).await.expect(200);
        assert_eq!((paid["tickets"].as_array().unwrap().len(), &paid["total"]), (2, &money(4_000)));
        assert_eq!((&entry(&late).await["status"], show.totals(server).await[2]), (&json!("accepted"), 2));
        assert_eq!(status(server, &late, &order).await, "expired");
    })
    .await;
}

#[tokio::test]
async fn without_a_secret_no_report_is_believed() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let buyer = server.attendee().await;
    let order = show.order(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
    for secret in [None, Some(""), Some(SECRET)] {
        report(&server, &order, secret, json!({"status": "PAID"})).await.problem(403, "WEBHOOK_OFF");
    }
    assert_eq!(status(&server, &buyer, &order).await, "pending_payment");
    server.stop().await;
}
