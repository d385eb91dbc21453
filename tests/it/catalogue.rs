//! What an organizer says about an event, and what becomes of it.

use std::time::Duration;

use engine::{Clock, SystemClock};
use inventory::TimeUs;
use serde_json::{Value, json};
use usher_tests::server::TestServer;

use crate::show::{Show, faults, on_each_store, text, words};

fn said() -> Value {
    json!({
        "title": "Summer Night", "description": "Under the stars.", "organization": "City Orchestra", "rating": "FSK 6",
        "location": "Waldbühne", "address": "Am Glockenturm 1", "city": "Berlin", "country": "DE",
        "coordinates": {"latitude": 52.515833, "longitude": 13.228611}, "category": "Concert",
        "tags": ["Open Air", "classical", "open-air"], "timezone": "Europe/Berlin",
        "starts_at": "2035-05-01T19:00:00Z", "ends_at": "2035-05-01T22:00:00Z", "currency": "EUR",
    })
}

#[tokio::test]
async fn what_is_said_about_an_event_is_shown_and_found_by_its_slug() {
    on_each_store(async |server: &TestServer| {
        let organizer = server.organizer().await;
        let organizer = Some(&organizer);
        let made = server.post(organizer, "/events", said()).await.expect(201);
        let shown = server.get(organizer, &format!("/events/{}", text(&made["id"]))).await.expect(200);
        for (field, value) in said().as_object().unwrap() {
            match field.as_str() {
                "category" => assert_eq!(shown[field], "concert"),
                "tags" => assert_eq!(shown[field], json!(["open-air", "classical"])),
                _ => assert_eq!(shown[field], *value, "{field}"),
            }
        }
        assert_eq!(shown["slug"], "summer-night");
        assert_eq!((&shown["ended"], &shown["on_sale"]), (&json!(false), &json!(false)));
        let by_slug = server.get(organizer, "/events/summer-night").await.expect(200);
        assert_eq!(by_slug, shown);
        server.get(None, "/events/summer-night").await.problem(404, "EVENT_NOT_FOUND");
        server.get(None, "/events/winter-night").await.problem(404, "EVENT_NOT_FOUND");

        let path = format!("/events/{}", text(&made["id"]));
        let patch = json!({"title": "Winter Night", "tags": [], "country": "AT", "organization": ""});
        let patched = server.patch(organizer, &path, patch).await.expect(200);
        assert_eq!((&patched["title"], &patched["slug"]), (&json!("Winter Night"), &json!("summer-night")));
        assert_eq!((&patched["tags"], &patched["country"]), (&json!([]), &json!("AT")));
        assert_eq!(patched["city"], "Berlin");
        assert_eq!(server.get(organizer, "/events/summer-night").await.expect(200)["title"], "Winter Night");
    })
    .await;
}

#[tokio::test]
async fn every_word_at_fault_is_named_at_once() {
    let server = TestServer::start().await;
    let organizer = server.organizer().await;
    let mut body = said();
    for (field, value) in [
        ("organization", json!("x".repeat(201))),
        ("rating", json!("x".repeat(41))),
        ("address", json!("x".repeat(5_000))),
        ("city", json!("x".repeat(101))),
        ("country", json!("Germany")),
        ("coordinates", json!({"latitude": 91, "longitude": -181})),
        ("category", json!("?")),
        ("tags", json!(["x".repeat(41)])),
        ("starts_at", json!("2001-01-01T00:00:00Z")),
    ] {
        body[field] = value;
    }
    let problem = server.post(Some(&organizer), "/events", body).await.problem(422, "VALIDATION_FAILED");
    let expected = [
        ("organization", "LENGTH"),
        ("rating", "LENGTH"),
        ("address", "LENGTH"),
        ("city", "LENGTH"),
        ("country", "COUNTRY"),
        ("coordinates.latitude", "OUT_OF_RANGE"),
        ("coordinates.longitude", "OUT_OF_RANGE"),
        ("category", "CHARACTER"),
        ("tags[0]", "LENGTH"),
        ("starts_at", "OUT_OF_RANGE"),
    ];
    assert_eq!(faults(&problem), expected.map(|(field, code)| (field.to_owned(), code.to_owned())));

    let mut body = said();
    body["address"] = json!("a\u{0}b");
    let problem = server.post(Some(&organizer), "/events", body).await.problem(422, "VALIDATION_FAILED");
    assert_eq!(faults(&problem), [("address".to_owned(), "CHARACTER".to_owned())]);

    let mut body = said();
    body["tags"] = json!(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]);
    let problem = server.post(Some(&organizer), "/events", body).await.problem(422, "VALIDATION_FAILED");
    assert_eq!(faults(&problem), [("tags".to_owned(), "LENGTH".to_owned())]);
    for own in ["slug", "organizer_id", "status", "series_id", "deleted_at"] {
        let mut body = said();
        body[own] = json!("x");
        server.post(Some(&organizer), "/events", body).await.problem(422, "VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn an_organizer_announces_a_show_once_per_time() {
    on_each_store(async |server: &TestServer| {
        let (one, other) = (server.organizer().await, server.organizer().await);
        let first = server.post(Some(&one), "/events", words()).await.expect(201);
        server.post(Some(&one), "/events", words()).await.problem(409, "EVENT_TITLE_TAKEN");
        server.post(Some(&other), "/events", words()).await.expect(201);
        let mut later = words();
        later["starts_at"] = json!("2035-05-02T19:00:00Z");
        let later = server.post(Some(&one), "/events", later).await.expect(201);
        assert_ne!(later["slug"], first["slug"]);
        let path = format!("/events/{}", text(&later["id"]));
        let back = json!({"starts_at": words()["starts_at"]});
        server.patch(Some(&one), &path, back.clone()).await.problem(409, "EVENT_TITLE_TAKEN");
        let mut with_rules = back.clone();
        with_rules["holds_per_customer_max"] = json!(1);
        server.patch(Some(&one), &path, with_rules).await.problem(409, "EVENT_TITLE_TAKEN");
        let kept = server.get(Some(&one), &path).await.expect(200);
        assert_eq!(kept["policy"]["holds_per_customer_max"], 4, "all of a patch or nothing");
        let cancel = format!("/events/{}/cancel", text(&first["id"]));
        server.post(Some(&one), &cancel, json!({})).await.expect(200);
        server.patch(Some(&one), &path, back).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn once_sold_an_event_keeps_its_time_and_place() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);
        let path = show.path("");
        let there = json!({"latitude": 41.9, "longitude": 12.5});
        let moved = json!({"city": "Rome", "coordinates": there, "starts_at": "2035-05-03T19:00:00Z"});
        server.patch(organizer, &path, moved).await.expect(200);
        let order = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let moves = json!({
            "starts_at": "2035-05-04T19:00:00Z", "ends_at": "2035-05-05T19:00:00Z", "timezone": "Europe/Rome",
            "location": "Elsewhere", "city": "Paris", "coordinates": {"latitude": 48.85, "longitude": 2.35},
            "title": "Moved", "holds_per_customer_max": 1,
        });
        let problem = server.patch(organizer, &path, moves).await.problem(409, "EVENT_FIELD_FROZEN");
        let fields = ["starts_at", "ends_at", "timezone", "location", "city", "coordinates"];
        assert_eq!(faults(&problem), fields.map(|field| (field.to_owned(), "FROZEN".to_owned())));
        let nowhere = json!({"coordinates": null});
        let problem = server.patch(organizer, &path, nowhere).await.problem(409, "EVENT_FIELD_FROZEN");
        assert_eq!(faults(&problem), [("coordinates".to_owned(), "FROZEN".to_owned())]);
        let kept = server.get(organizer, &path).await.expect(200);
        assert_eq!((&kept["title"], &kept["city"]), (&json!("A small show"), &json!("Rome")));
        assert_eq!(kept["policy"]["holds_per_customer_max"], 4, "all of a patch or nothing");

        assert_eq!(kept["coordinates"], there);
        let mut words = json!({"title": "Renamed", "description": "New", "city": "Rome", "currency": "EUR"});
        words["coordinates"] = there;
        assert_eq!(server.patch(organizer, &path, words).await.expect(200)["title"], "Renamed");
        let problem =
            server.patch(organizer, &path, json!({"currency": "USD"})).await.problem(409, "EVENT_FIELD_FROZEN");
        assert_eq!(faults(&problem), [("currency".to_owned(), "FROZEN".to_owned())]);
        server
            .patch(organizer, &path, json!({"starts_at": "2020-01-01T00:00:00Z"}))
            .await
            .problem(422, "VALIDATION_FAILED");

        let refund = format!("/orders/{}/refund", text(&order["id"]));
        server.post(organizer, &refund, json!({})).await.expect(200);
        server.patch(organizer, &path, json!({"city": "Paris"})).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn an_event_is_deleted_for_all_but_admins_unless_it_is_sold() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, buyer, admin) = (Some(&show.organizer), server.attendee().await, server.admin().await);
        let other = server.organizer().await;
        server.delete(Some(&other), &show.path("")).await.problem(404, "EVENT_NOT_FOUND");
        let hold = show.hold(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        server.delete(organizer, &show.path("")).await.problem(409, "EVENT_SOLD");
        let released = server.delete(Some(&buyer), &show.path(&format!("/holds/{}", text(&hold["id"])))).await;
        assert_eq!(released.status, 204);
        let order = show.buy(server, &buyer, json!([{"seat": "A-1-2"}])).await;
        server.delete(organizer, &show.path("")).await.problem(409, "EVENT_SOLD");
        assert_eq!(server.get(None, &show.path("")).await.expect(200)["status"], "published", "nothing happened");
        server.post(organizer, &format!("/orders/{}/refund", text(&order["id"])), json!({})).await.expect(200);

        assert_eq!(server.delete(organizer, &show.path("")).await.status, 204);
        for session in [None, Some(&buyer), organizer] {
            for path in ["", "/availability", "/seat-map"] {
                server.get(session, &show.path(path)).await.problem(404, "EVENT_NOT_FOUND");
            }
        }
        for path in ["/publish", "/cancel"] {
            server.post(organizer, &show.path(path), json!({})).await.problem(404, "EVENT_NOT_FOUND");
        }
        server.patch(organizer, &show.path(""), json!({"title": "x"})).await.problem(404, "EVENT_NOT_FOUND");
        server.delete(organizer, &show.path("")).await.problem(404, "EVENT_NOT_FOUND");
        let mine = server.get(organizer, "/events?mine=true").await.expect(200);
        assert_eq!(mine["items"], json!([]));
        let seen = server.get(Some(&admin), &show.path("")).await.expect(200);
        assert_eq!(seen["status"], "cancelled");
        assert!(seen["deleted_at"].is_string());
    })
    .await;
}

/// The event begins and ends while the test looks on.
#[tokio::test]
async fn what_is_under_way_is_not_deleted_and_what_is_over_not_changed() {
    let server = TestServer::start().await;
    let clock = SystemClock::default();
    let starts_at = clock.now().plus_us(1_500_000);
    let ends_at = starts_at.plus_us(1_500_000);
    let dates = json!({"starts_at": usher::time::utc(starts_at), "ends_at": usher::time::utc(ends_at)});
    let show = Show::on_sale_with(&server, dates).await;
    let organizer = Some(&show.organizer);
    let until = async |field: &str, at: TimeUs| {
        let left_us = u64::try_from(at.since(clock.now())).unwrap_or(0);
        tokio::time::sleep(Duration::from_micros(left_us)).await;
        server.get(None, &show.path("")).await.expect(200)[field].clone()
    };
    assert_eq!(until("ended", starts_at).await, false);
    server.delete(organizer, &show.path("")).await.problem(409, "EVENT_STARTED");
    server.patch(organizer, &show.path(""), json!({"description": "It has begun."})).await.expect(200);
    assert_eq!(until("on_sale", ends_at).await, false);
    assert_eq!(until("ended", ends_at).await, true);
    server.patch(organizer, &show.path(""), json!({"title": "x"})).await.problem(410, "EVENT_ENDED");
    server.delete(organizer, &show.path("")).await.problem(409, "EVENT_STARTED");
}

/// What was answered before stays the answer, and what was ordered before can still be paid.
#[tokio::test]
async fn what_is_over_sells_nothing_more_and_is_not_published() {
    on_each_store(async |server: &TestServer| {
        let (draft, show) = (Show::draft_with(server, json!({})).await, Show::on_sale(server).await);
        let (organizer, buyer) = (Some(&draft.organizer), server.attendee().await);
        let (holds, seat) = (show.path("/holds"), |seat: &str| json!({"items": [{"seat": seat}]}));
        let held = server.post_keyed(Some(&buyer), &holds, "h1", seat("A-1-1")).await.expect(201);
        let of_hold = json!({"event_id": show.id, "hold_id": held["id"]});
        let order = server.post_keyed(Some(&buyer), "/orders", "o1", of_hold.clone()).await.expect(201);
        let late = show.hold(server, &buyer, json!([{"seat": "A-1-2"}])).await;

        let clock = SystemClock::default();
        let starts_at = clock.now().plus_us(2_000_000);
        let ends_at = starts_at.plus_us(200_000);
        let soon = json!({"starts_at": usher::time::utc(starts_at), "ends_at": usher::time::utc(ends_at)});
        server.patch(organizer, &draft.path(""), soon.clone()).await.expect(200);
        server.patch(Some(&show.organizer), &show.path(""), soon).await.expect(200);
        let left_us = u64::try_from(ends_at.since(clock.now())).unwrap_or(0);
        tokio::time::sleep(Duration::from_micros(left_us)).await;

        server.post(Some(&buyer), &holds, seat("A-1-3")).await.problem(410, "EVENT_ENDED");
        let of_late = json!({"event_id": show.id, "hold_id": late["id"]});
        server.post(Some(&buyer), "/orders", of_late).await.problem(410, "EVENT_ENDED");
        let offers = server.get(None, &show.path("/tiers")).await.expect(200);
        assert!(offers["items"].as_array().unwrap().iter().all(|offer| offer["on_sale"] == false), "{offers}");

        let again = server.post_keyed(Some(&buyer), &holds, "h1", seat("A-1-1")).await.expect(201);
        assert_eq!(again["id"], held["id"]);
        let again = server.post_keyed(Some(&buyer), "/orders", "o1", of_hold).await.expect(201);
        assert_eq!(again["id"], order["id"]);
        let pay = format!("/orders/{}/pay", text(&order["id"]));
        server.post(Some(&buyer), &pay, json!({"method": "mock"})).await.expect(200);

        server.post(organizer, &draft.path("/publish"), json!({})).await.problem(410, "EVENT_ENDED");
        server.post(Some(&buyer), &draft.path("/holds"), seat("A-1-1")).await.problem(404, "EVENT_NOT_FOUND");
        let later = json!({"starts_at": "2035-05-01T19:00:00Z", "ends_at": null});
        server.patch(organizer, &draft.path(""), later).await.expect(200);
        server.post(organizer, &draft.path("/publish"), json!({})).await.expect(200);
        server.post(Some(&buyer), &draft.path("/holds"), seat("A-1-1")).await.expect(201);
    })
    .await;
}

#[tokio::test]
async fn an_event_is_on_sale_while_a_window_and_an_open_tier_say_so() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let organizer = Some(&show.organizer);
    let on_sale = async || server.get(None, &show.path("")).await.expect(200)["on_sale"].clone();
    assert_eq!(on_sale().await, true);
    for tier in [&show.seats, &show.standing] {
        server.patch(organizer, &show.path(&format!("/tiers/{tier}")), json!({"open": false})).await.expect(200);
    }
    assert_eq!(on_sale().await, false);
    server.patch(organizer, &show.path(&format!("/tiers/{}", show.seats)), json!({"open": true})).await.expect(200);
    assert_eq!(on_sale().await, true);
    let over = json!({"sale_window": {"ends_at": "2020-01-01T00:00:00Z"}});
    server.patch(organizer, &show.path(""), over).await.expect(200);
    assert_eq!(on_sale().await, false);
}
