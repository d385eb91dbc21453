//! Events, their seat maps, tiers and blocks.

use serde_json::{Value, json};
use usher_tests::server::TestServer;

use crate::show::{Show, faults, on_each_store, seat_map, text, tier, words};

#[tokio::test]
async fn an_organizer_takes_an_event_from_draft_to_sale_to_its_end() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({"hold_ttl_s": 60, "units_per_hold_max": 6})).await;
        let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);

        let draft = server.get(organizer, &show.path("")).await.expect(200);
        assert_eq!((&draft["status"], &draft["policy"]["hold_ttl_s"]), (&json!("draft"), &json!(60)));
        assert_eq!(draft["tiers"].as_array().unwrap().len(), 2);
        let published = server.post(organizer, &show.path("/publish"), json!({})).await.expect(200);
        assert_eq!(published["status"], "published");
        server.post(organizer, &show.path("/publish"), json!({})).await.problem(409, "EVENT_ALREADY_PUBLISHED");
        server.put(organizer, &show.path("/seat-map"), seat_map()).await.problem(409, "EVENT_ALREADY_PUBLISHED");

        let patch = json!({"title": "Renamed", "sale_window": {"ends_at": "2020-01-01T00:00:00Z"}});
        let patched = server.patch(organizer, &show.path(""), patch).await.expect(200);
        assert_eq!(patched["title"], "Renamed");
        let hold = json!({"items": [{"seat": "A-1-1"}]});
        server.post(Some(&buyer), &show.path("/holds"), hold.clone()).await.problem(410, "SALE_ENDED");

        let cancelled = server.post(organizer, &show.path("/cancel"), json!({})).await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        server.post(Some(&buyer), &show.path("/holds"), hold).await.problem(410, "EVENT_CANCELLED");
        server.patch(organizer, &show.path(""), json!({"title": "x"})).await.problem(410, "EVENT_CANCELLED");
    })
    .await;
}

#[tokio::test]
async fn a_draft_is_seen_and_changed_by_its_organizer_and_admins_alone() {
    let server = TestServer::start().await;
    let show = Show::draft_with(&server, json!({})).await;
    let (other, buyer, admin) = (server.organizer().await, server.attendee().await, server.admin().await);
    for stranger in [None, Some(&other), Some(&buyer)] {
        for path in ["", "/seat-map", "/availability"] {
            server.get(stranger, &show.path(path)).await.problem(404, "EVENT_NOT_FOUND");
        }
    }
    for (path, body) in [("/publish", json!({})), ("/cancel", json!({})), ("/tiers", tier("x", "stalls", 1))] {
        server.post(Some(&other), &show.path(path), body.clone()).await.problem(404, "EVENT_NOT_FOUND");
        server.post(Some(&buyer), &show.path(path), body).await.problem(403, "ROLE_REQUIRED");
    }
    server.put(Some(&other), &show.path("/seat-map"), seat_map()).await.problem(404, "EVENT_NOT_FOUND");
    server.patch(Some(&other), &show.path(""), json!({"title": "mine"})).await.problem(404, "EVENT_NOT_FOUND");
    server.post(Some(&buyer), "/events", words()).await.problem(403, "ROLE_REQUIRED");
    server.post(None, "/events", words()).await.problem(401, "TOKEN_MISSING");

    server.get(Some(&admin), &show.path("")).await.expect(200);
    assert_eq!(server.delete(Some(&show.organizer), &show.path("")).await.status, 204);
    server.get(Some(&show.organizer), &show.path("")).await.problem(404, "EVENT_NOT_FOUND");
}

#[tokio::test]
async fn lists_show_what_is_public_page_by_page_and_ones_own_on_request() {
    on_each_store(async |server: &TestServer| {
        let mut published = Vec::new();
        for _ in 0..3 {
            published.push(Show::on_sale(server).await.id);
        }
        let draft = Show::draft_with(server, json!({})).await;
        let (mut seen, mut path) = (Vec::new(), "/events?limit=2".to_owned());
        loop {
            let page = server.get(None, &path).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|event| text(&event["id"])));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/events?limit=2&cursor={cursor}");
        }
        published.reverse();
        assert_eq!(seen, published, "newest first, each once, no draft");
        let mine = server.get(Some(&draft.organizer), "/events?mine=true").await.expect(200);
        assert_eq!((mine["items"].as_array().unwrap().len(), text(&mine["items"][0]["id"])), (1, draft.id));
        server.get(None, "/events?mine=true").await.problem(401, "TOKEN_MISSING");
    })
    .await;
}

#[tokio::test]
async fn the_same_key_creates_one_event_and_one_tier() {
    on_each_store(async |server: &TestServer| {
        let organizer = server.organizer().await;
        let organizer = Some(&organizer);
        let first = server.post_keyed(organizer, "/events", "event-1", words()).await.expect(201);
        let again = server.post_keyed(organizer, "/events", "event-1", words()).await.expect(201);
        assert_eq!(first["id"], again["id"]);
        let path = format!("/events/{}/tiers", text(&first["id"]));
        let one = server.post_keyed(organizer, &path, "tier-1", tier("One", "stalls", 100)).await.expect(201);
        let same = server.post_keyed(organizer, &path, "tier-1", tier("One", "stalls", 100)).await.expect(201);
        assert_eq!(one, same);
        let other = server.post_keyed(organizer, &path, "tier-1", tier("Two", "stalls", 100)).await;
        other.problem(422, "IDEMPOTENCY_KEY_REUSED");
        let event = server.get(organizer, &format!("/events/{}", text(&first["id"]))).await.expect(200);
        assert_eq!(event["tiers"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn every_field_at_fault_is_named() {
    let server = TestServer::start().await;
    let show = Show::draft_with(&server, json!({})).await;
    let organizer = Some(&show.organizer);
    let with = |field: &str, value: Value| {
        let mut words = words();
        words[field] = value;
        words
    };
    let rows = [
        (with("title", json!("")), "title", "LENGTH"),
        (with("title", json!("x".repeat(201))), "title", "LENGTH"),
        (with("currency", json!("eur")), "currency", "CURRENCY"),
        (with("currency", json!("ABC")), "currency", "CURRENCY"),
        (with("currency", json!("XXX")), "currency", "CURRENCY"),
        (with("starts_at", json!("2001-01-01T00:00:00Z")), "starts_at", "OUT_OF_RANGE"),
        (with("ends_at", json!("2035-04-30T00:00:00Z")), "ends_at", "OUT_OF_RANGE"),
        (with("hold_ttl_s", json!(0)), "hold_ttl_s", "OUT_OF_RANGE"),
        (with("hold_ttl_s", json!(1_501)), "hold_ttl_s", "OUT_OF_RANGE"),
        (with("units_per_hold_max", json!(101)), "units_per_hold_max", "OUT_OF_RANGE"),
        (with("timezone", json!("Europe Berlin")), "timezone", "TIMEZONE"),
        (with("timezone", json!("Europe/Atlantis")), "timezone", "TIMEZONE"),
        (with("timezone", json!("europe/berlin")), "timezone", "TIMEZONE"),
        (with("timezone", json!("")), "timezone", "TIMEZONE"),
    ];
    for (body, field, code) in rows {
        let problem = server.post(organizer, "/events", body).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&problem), [(field.to_owned(), code.to_owned())]);
    }
    let tiers = [
        (json!({"name": "x", "price": {"amount_minor": 1, "currency": "USD"}}), "price.currency", "CURRENCY_MISMATCH"),
        (json!({"name": "x", "price": {"amount_minor": -1, "currency": "EUR"}}), "price.amount_minor", "OUT_OF_RANGE"),
        (
            json!({"name": "x", "price": {"amount_minor": 1, "currency": "EUR"}, "sections": ["F"]}),
            "sections[0]",
            "UNKNOWN",
        ),
        (json!({"name": "x", "price": {"amount_minor": 1, "currency": "EUR"}, "areas": ["A"]}), "areas[0]", "UNKNOWN"),
    ];
    for (body, field, code) in tiers {
        let problem = server.post(organizer, &show.path("/tiers"), body).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&problem), [(field.to_owned(), code.to_owned())]);
    }
    let map = json!({"sections": [{"id": "A-1", "name": "", "rows": [{"id": "1", "seats": ["1", "1"]}]}]});
    let problem = server.put(organizer, &show.path("/seat-map"), map).await.problem(422, "VALIDATION_FAILED");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3, "{problem}");
}

#[tokio::test]
async fn an_event_without_seat_map_or_tier_is_not_published() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let organizer = Some(&organizer);
    let id = text(&server.post(organizer, "/events", words()).await.expect(201)["id"]);
    let path = |rest: &str| format!("/events/{id}{rest}");
    server.get(organizer, &path("/seat-map")).await.problem(404, "SEAT_MAP_NOT_FOUND");
    server.post(organizer, &path("/publish"), json!({})).await.problem(409, "SEAT_MAP_MISSING");
    let size = server.put(organizer, &path("/seat-map"), seat_map()).await.expect(200);
    assert_eq!((&size["seats"], &size["places"], &size["areas"]), (&json!(40), &json!(50), &json!(1)));
    server.post(organizer, &path("/publish"), json!({})).await.problem(409, "TIER_MISSING");
    let shown = server.get(organizer, &path("/seat-map")).await.expect(200);
    assert_eq!(shown["sections"][0]["rows"], seat_map()["sections"][0]["rows"]);
}

#[tokio::test]
async fn a_seat_map_is_not_replaced_while_a_block_of_it_is_withheld() {
    let server = TestServer::start().await;
    let show = Show::draft_with(&server, json!({})).await;
    let organizer = Some(&show.organizer);
    server.post(organizer, &show.path("/blocks/guests/withhold"), json!({})).await.expect(200);
    server.put(organizer, &show.path("/seat-map"), seat_map()).await.problem(409, "BLOCKS_WITHHELD");
    assert_eq!(show.totals(&server).await, [80, 0, 0, 10]);
    server.post(organizer, &show.path("/blocks/guests/release"), json!({})).await.expect(200);
    server.put(organizer, &show.path("/seat-map"), seat_map()).await.expect(200);
}

#[tokio::test]
async fn a_map_of_a_hundred_thousand_seats_is_taken() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let id = text(&server.post(Some(&organizer), "/events", words()).await.expect(201)["id"]);
    let numbers: Vec<String> = (1..=100).map(|number| number.to_string()).collect();
    let rows: Vec<Value> = (1..=50).map(|row| json!({"id": row.to_string(), "seats": numbers})).collect();
    let sections: Vec<Value> =
        (1..=20).map(|id| json!({"id": format!("S{id}"), "name": "Section", "rows": rows})).collect();
    let path = format!("/events/{id}/seat-map");
    let size = server.put(Some(&organizer), &path, json!({"sections": sections})).await.expect(200);
    assert_eq!(size["seats"], 100_000);
}

#[tokio::test]
async fn blocks_and_hidden_tiers_are_sold_when_and_to_whom_the_organizer_wants() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);
    let buyer = Some(&buyer);
    let guests = json!({"items": [{"seat": "B-1-1"}]});

    let before = show.totals(&server).await;
    let block = server.post(organizer, &show.path("/blocks/guests/withhold"), json!({})).await.expect(200);
    assert_eq!((&block["name"], &block["withheld"]), (&json!("guests"), &json!(true)));
    assert_eq!(show.totals(&server).await, [before[0] - 10, 0, 0, 10]);
    let refused = server.post(buyer, &show.path("/holds"), guests.clone()).await.problem(409, "SEATS_TAKEN");
    assert_eq!(faults(&refused), [("items[0].seat".to_owned(), "SEAT_TAKEN".to_owned())]);
    server.post(organizer, &show.path("/blocks/guests/release"), json!({})).await.expect(200);
    assert_eq!(show.totals(&server).await, before);
    server.post(buyer, &show.path("/holds"), guests).await.expect(201);
    server.post(organizer, &show.path("/blocks/nobody/release"), json!({})).await.problem(404, "BLOCK_UNKNOWN");
    server.post(buyer, &show.path("/blocks/guests/release"), json!({})).await.problem(403, "ROLE_REQUIRED");

    let mut presale = tier("Presale", "stalls", 100);
    presale["access_code"] = json!("friends");
    let presale = text(&server.post(organizer, &show.path("/tiers"), presale).await.expect(201)["id"]);
    let count = async |path: &str| server.get(buyer, path).await.expect(200)["tiers"].as_array().unwrap().len();
    assert_eq!(count(&show.path("")).await, 2, "the hidden tier is not shown");
    assert_eq!(count(&show.path("?access_code=friends")).await, 3);
    assert_eq!(count(&show.path("?access_code=Friends")).await, 2);
    assert_eq!(count(&show.path("/availability")).await, 2);
    let mut wanted = json!({"items": [{"seat": "A-1-1", "tier": presale}]});
    server.post(buyer, &show.path("/holds"), wanted.clone()).await.problem(422, "ACCESS_CODE_REQUIRED");
    wanted["access_codes"] = json!(["friends"]);
    let hold = server.post(buyer, &show.path("/holds"), wanted).await.expect(201);
    assert_eq!(hold["total"]["amount_minor"], 100);

    let closed = server.patch(organizer, &show.path(&format!("/tiers/{presale}")), json!({"open": false})).await;
    assert_eq!(closed.expect(200)["open"], false);
    let unknown = show.path("/tiers/01a1fc90-e373-7093-b7e9-237b63ced171");
    server.patch(organizer, &unknown, json!({"open": false})).await.problem(404, "TIER_NOT_FOUND");
}

#[tokio::test]
async fn availability_names_the_state_of_every_seat_at_one_sequence_number() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let buyer = server.attendee().await;
        let hold = show.hold(server, &buyer, json!([{"seat": "A-2-3"}, {"area": "F", "quantity": 4}])).await;
        show.buy(server, &buyer, json!([{"seat": "A-2-4"}])).await;
        let path = show.path("/availability?seats=true&section=A");
        let now = server.get(None, &path).await.expect(200);
        assert_eq!(now["sections"][0]["rows"][1], json!({"id": "2", "seats": "ffhsffffff"}));
        assert_eq!(now["sections"].as_array().unwrap().len(), 1);
        assert!(now["seq"].as_u64() > hold["seq"].as_u64());
        assert_eq!(now["totals"], json!({"free": 84, "held": 5, "sold": 1, "blocked": 0}));
        let all = server.get(None, &show.path("/availability")).await.expect(200);
        assert_eq!(
            all["sections"][2],
            json!({"id": "F", "area": true, "free": 46, "held": 4, "sold": 0, "blocked": 0})
        );
        assert!(all["sections"][0].get("rows").is_none());
        let unknown = server.get(None, &show.path("/availability?section=Z")).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&unknown), [("section".to_owned(), "UNKNOWN".to_owned())]);
    })
    .await;
}

/// Each round, two organizers change one rule each at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_change_different_rules_at_once_do_not_undo_each_other() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        let (organizer, path) = (Some(&show.organizer), show.path(""));
        for round in 1..=20 {
            let (one, other) = tokio::join!(
                server.patch(
                    organizer,
                    &path,
                    json!({"holds_per_customer_max": round, "title": format!("Round {round}")})
                ),
                server.patch(organizer, &path, json!({"units_per_hold_max": round, "timezone": "Europe/Berlin"})),
            );
            one.expect(200);
            other.expect(200);
            let event = server.get(organizer, &path).await.expect(200);
            let policy = &event["policy"];
            let rules = [&policy["holds_per_customer_max"], &policy["units_per_hold_max"]];
            assert_eq!(rules, [&json!(round), &json!(round)], "round {round}");
            let words = [&event["title"], &event["timezone"]];
            assert_eq!(words, [&json!(format!("Round {round}")), &json!("Europe/Berlin")]);
        }
    })
    .await;
}
