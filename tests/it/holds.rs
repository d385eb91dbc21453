//! Holds: place, extend, release, expire.

use serde_json::{Value, json};
use usher_tests::server::TestServer;

use crate::show::{Show, faults, on_each_store, text};

#[tokio::test]
async fn a_hold_keeps_seats_and_places_at_their_price_until_it_is_released() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let items = json!([{"seat": "A-1-5"}, {"area": "F", "quantity": 3}, {"best_available": {"quantity": 2}}]);
        let hold = show.hold(server, &buyer, items).await;
        assert_eq!(hold["total"], json!({"amount_minor": 3 * 4_500 + 3 * 2_000, "currency": "EUR"}));
        assert_eq!((&hold["adjacent"], hold["items"].as_array().unwrap().len()), (&json!(true), 4));
        assert_eq!(show.totals(server).await, [84, 6, 0, 0]);

        let path = show.path(&format!("/holds/{}", text(&hold["id"])));
        let extended = server.post(Some(&buyer), &format!("{path}/extend"), json!({})).await.expect(200);
        assert!(text(&extended["expires_at"]) > text(&hold["expires_at"]));

        let stranger = server.attendee().await;
        server.post(Some(&stranger), &format!("{path}/extend"), json!({})).await.problem(404, "HOLD_NOT_FOUND");
        server.delete(Some(&stranger), &path).await.problem(404, "HOLD_NOT_FOUND");
        assert_eq!(server.delete(Some(&buyer), &path).await.status, 204);
        assert_eq!(server.delete(Some(&buyer), &path).await.status, 204, "again");
        assert_eq!(show.totals(server).await, [90, 0, 0, 0]);
        server.post(Some(&buyer), &format!("{path}/extend"), json!({})).await.problem(410, "HOLD_RELEASED");
    })
    .await;
}

/// FEATURES 4.2: all or nothing, and every conflicting seat is named.
#[tokio::test]
async fn a_conflict_names_every_taken_seat_and_holds_nothing() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (first, second) = (server.attendee().await, server.attendee().await);
        show.hold(server, &first, json!([{"seat": "A-1-1"}, {"seat": "A-1-3"}])).await;
        let before = show.availability(server).await;
        let wanted = json!({"items": [{"seat": "A-1-1"}, {"seat": "A-1-2"}, {"seat": "A-1-3"}]});
        let refused = server.post(Some(&second), &show.path("/holds"), wanted).await.problem(409, "SEATS_TAKEN");
        let fields: Vec<String> = faults(&refused).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["items[0].seat", "items[2].seat"]);
        assert_eq!(refused["errors"][1]["message"], "A-1-3");
        assert_eq!(show.availability(server).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_hold_expires_by_itself_and_its_seats_come_back_once() {
    let server = TestServer::start().await;
    let show = Show::on_sale_with(&server, json!({"hold_ttl_s": 1})).await;
    let buyer = server.attendee().await;
    let hold = show.hold(&server, &buyer, json!([{"seat": "A-1-1"}, {"area": "F", "quantity": 2}])).await;
    assert_eq!(show.totals(&server).await[1], 3);
    until(async || show.totals(&server).await == [90, 0, 0, 0]).await;
    let path = show.path(&format!("/holds/{}", text(&hold["id"])));
    server.post(Some(&buyer), &format!("{path}/extend"), json!({})).await.problem(410, "HOLD_EXPIRED");
    server.delete(Some(&buyer), &path).await.problem(410, "HOLD_EXPIRED");
    let body = json!({"event_id": show.id, "hold_id": hold["id"]});
    server.post(Some(&buyer), "/orders", body).await.problem(410, "HOLD_EXPIRED");
    show.hold(&server, &server.attendee().await, json!([{"seat": "A-1-1"}])).await;
}

/// Waits for a level, not for an instant.
pub async fn until(reached: impl AsyncFn() -> bool) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while !reached().await {
        assert!(tokio::time::Instant::now() < deadline, "it was not reached in 20 s");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn the_same_key_is_the_same_hold_and_another_body_is_refused() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let (path, one) = (show.path("/holds"), json!({"items": [{"seat": "A-1-1"}]}));
        let first = server.post_keyed(Some(&buyer), &path, "hold-1", one.clone()).await.expect(201);
        let again = server.post_keyed(Some(&buyer), &path, "hold-1", one.clone()).await.expect(201);
        assert_eq!(first, again);
        let other = json!({"items": [{"seat": "A-1-2"}]});
        let reused = server.post_keyed(Some(&buyer), &path, "hold-1", other).await;
        reused.problem(422, "IDEMPOTENCY_KEY_REUSED");
        assert_eq!(show.totals(server).await, [89, 1, 0, 0]);
        let stranger = server.attendee().await;
        let theirs = server.post_keyed(Some(&stranger), &path, "hold-1", one).await;
        theirs.problem(409, "SEATS_TAKEN");
    })
    .await;
}

/// A hold that is there is told of, whatever its request would be refused for now.
#[tokio::test]
async fn the_same_key_is_the_same_hold_though_a_room_was_switched_on_and_its_tier_deleted() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);
        let extra = json!({"name": "Extra", "price": {"amount_minor": 1, "currency": "EUR"}, "areas": ["F"]});
        let extra = text(&server.post(organizer, &show.path("/tiers"), extra).await.expect(201)["id"]);
        let (path, wanted) = (show.path("/holds"), json!({"items": [{"area": "F", "quantity": 2, "tier": extra}]}));
        let ask = async |key: &str| server.post_keyed(Some(&buyer), &path, key, wanted.clone()).await;
        let first = ask("hold-1").await.expect(201);

        server.delete(Some(&buyer), &format!("{path}/{}", text(&first["id"]))).await.expect(204);
        server.delete(organizer, &show.path(&format!("/tiers/{extra}"))).await.expect(204);
        assert_eq!(ask("hold-1").await.expect(201), first);
        ask("hold-2").await.problem(422, "TIER_UNKNOWN");

        show.open_room(server, json!({})).await;
        assert_eq!(ask("hold-1").await.expect(201), first);
        ask("hold-2").await.problem(425, "QUEUE_REQUIRED");
        let other = json!({"items": [{"seat": "A-1-2"}]});
        let reused = server.post_keyed(Some(&buyer), &path, "hold-1", other).await;
        reused.problem(422, "IDEMPOTENCY_KEY_REUSED");
    })
    .await;
}

#[tokio::test]
async fn limits_of_customer_order_and_quota_are_refused_by_their_names() {
    let server = TestServer::start().await;
    let rules = json!({"holds_per_customer_max": 2, "units_per_hold_max": 4, "units_per_customer_max": 5});
    let show = Show::draft_with(&server, rules).await;
    let limited = json!({"name": "Few", "price": {"amount_minor": 1, "currency": "EUR"}, "areas": ["F"], "quota": 3});
    let few = text(&server.post(Some(&show.organizer), &show.path("/tiers"), limited).await.expect(201)["id"]);
    server.post(Some(&show.organizer), &show.path("/publish"), json!({})).await.expect(200);
    let buyer = server.attendee().await;
    let ask = async |items: Value| server.post(Some(&buyer), &show.path("/holds"), json!({"items": items})).await;

    ask(json!([{"area": "F", "quantity": 5}])).await.problem(422, "UNITS_PER_HOLD_EXCEEDED");
    ask(json!([{"area": "F", "quantity": 4, "tier": few}])).await.problem(409, "QUOTA_EXHAUSTED");
    ask(json!([{"seat": "A-1-1", "tier": few}])).await.problem(422, "TIER_NOT_FOR_PLACE");
    ask(json!([{"area": "F", "quantity": 3, "tier": few}])).await.expect(201);
    ask(json!([{"area": "F", "quantity": 3}])).await.problem(409, "UNITS_PER_CUSTOMER_EXCEEDED");
    ask(json!([{"area": "F", "quantity": 1}])).await.expect(201);
    ask(json!([{"area": "F", "quantity": 1}])).await.problem(409, "HOLDS_PER_CUSTOMER_EXCEEDED");
}

/// The naked promise: many at once for one seat, exactly one gets it.
#[tokio::test]
async fn of_a_hundred_who_want_the_last_seat_one_gets_it() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyers = [server.attendee().await, server.attendee().await, server.attendee().await];
        let body = json!({"items": [{"seat": "A-3-10"}]});
        let path = show.path("/holds");
        let asked = (0..100).map(|at| server.post(Some(&buyers[at % 3]), &path, body.clone()));
        let mut answers = Vec::new();
        let mut asked: Vec<_> = asked.map(Box::pin).collect();
        std::future::poll_fn(|context| {
            asked.retain_mut(|answer| match answer.as_mut().poll(context) {
                std::task::Poll::Ready(answer) => {
                    answers.push(answer);
                    false
                }
                std::task::Poll::Pending => true,
            });
            if asked.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
        let winners = answers.iter().filter(|answer| answer.status == 201).count();
        let losers = answers.iter().filter(|answer| answer.body["code"] == "SEATS_TAKEN").count();
        assert_eq!((winners, losers), (1, 99));
        assert_eq!(show.totals(server).await, [89, 1, 0, 0]);
    })
    .await;
}
