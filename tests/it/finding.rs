//! Finding events by what they say, where and when they are, what they cost and whether something is left.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};

use crate::show::{Show, faults, on_each_store, text};

pub async fn titles(server: &TestServer, session: Option<&Session>, query: &str) -> Vec<String> {
    let page = server.get(session, &format!("/events?{query}")).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|event| text(&event["title"])).collect()
}

async fn on_sale(server: &TestServer, words: Value) -> Show {
    Show::on_sale_with(server, words).await
}

#[tokio::test]
async fn what_is_asked_for_is_found() {
    on_each_store(async |server: &TestServer| {
        let jazz = json!({
            "title": "Jazz Night", "city": "Zürich", "country": "CH", "category": "Live Music", "tags": ["Open Air"],
            "coordinates": {"latitude": 47.3769, "longitude": 8.5417}, "starts_at": "2035-06-01T19:00:00Z",
        });
        let show = on_sale(server, jazz).await;
        on_sale(server, json!({"title": "Opera", "description": "No jazz at all.", "city": "Rome"})).await;
        let organizer = &show.organizer.id;
        let both = &["Jazz Night", "Opera"][..];
        let rows: Vec<(String, &[&str])> = vec![
            ("sort=title".into(), both),
            ("q=JAZZ".into(), both),
            ("q=%20".into(), &["Opera", "Jazz Night"]),
            ("q=!!!".into(), &[]),
            ("q=jazz&sort=date".into(), &["Opera", "Jazz Night"]),
            ("city=zurich".into(), both.split_at(1).0),
            ("country=ch".into(), both.split_at(1).0),
            ("category=live%20music".into(), both.split_at(1).0),
            ("tag=open-air".into(), both.split_at(1).0),
            ("near=47.4,8.5".into(), both.split_at(1).0),
            ("near=47.4,8.5&radius_km=1".into(), &[]),
            ("starts_from=2035-06-01T19:00:00Z".into(), both.split_at(1).0),
            ("starts_before=2035-06-01T21:00:00%2B02:00".into(), both.split_at(1).1),
            ("price_max=1999".into(), &[]),
            ("price_max=2000&currency=eur&sort=price".into(), both),
            ("price_min=2001&price_max=4499".into(), &[]),
            ("ticket_type=STANDING&sort=title".into(), both),
            ("ticket_type=standing&price_min=2001".into(), &[]),
            ("available=true&sort=title".into(), both),
            ("available=false&sort=title".into(), both),
            (format!("organizer={organizer}"), both.split_at(1).0),
            ("status=on_sale&sort=title".into(), both),
            ("status=upcoming&sort=title".into(), both),
            ("status=ended".into(), &[]),
            ("status=cancelled".into(), &[]),
            ("series=01a1fc90-e373-7093-b7e9-237b63ced171".into(), &[]),
        ];
        for (query, expected) in rows {
            assert_eq!(titles(server, None, &query).await, expected, "{query}");
        }
        let page = server.get(None, "/events?sort=title").await.expect(200);
        let first = &page["items"][0];
        assert_eq!(first["price_from"], json!({"amount_minor": 2_000, "currency": "EUR"}));
        assert_eq!(first["available"], true);
    })
    .await;
}

/// Early prices that end at a time are shown while they last; those of the first so many never.
#[tokio::test]
async fn a_list_shows_what_is_to_be_paid_now() {
    on_each_store(async |server: &TestServer| {
        let money = |amount_minor: i64| json!({"amount_minor": amount_minor, "currency": "EUR"});
        let show = Show::draft_with(server, json!({"title": "Early"})).await;
        let now = || server.app().state().now().0;
        let ends_us = now() + 4_000_000;
        let ends_at = chrono::DateTime::from_timestamp_micros(ends_us).unwrap().to_rfc3339();
        let steps = [
            (&show.seats, json!([{"price": money(10), "first": 2}])),
            (&show.standing, json!([{"price": money(1_500), "until": ends_at}])),
        ];
        for (tier, steps) in steps {
            let path = show.path(&format!("/tiers/{tier}"));
            server.patch(Some(&show.organizer), &path, json!({"price_steps": steps})).await.expect(200);
        }
        server.post(Some(&show.organizer), &show.path("/publish"), json!({})).await.expect(200);
        let price = async || server.get(None, "/events").await.expect(200)["items"][0]["price_from"].clone();
        let early = price().await;
        let is_found_early = !titles(server, None, "price_max=1500&currency=EUR").await.is_empty();
        // A machine that was too slow for it has seen nothing.
        if now() < ends_us {
            assert_eq!((early, is_found_early), (money(1_500), true));
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        while price().await != money(2_000) {
            assert!(Instant::now() < deadline, "the early price is shown on and on");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(now() >= ends_us, "the price has ended before its time");
        assert_eq!(titles(server, None, "price_max=1999&currency=EUR").await, [""; 0]);
        assert_eq!(titles(server, None, "price_max=2000&currency=EUR").await, ["Early"]);
    })
    .await;
}

#[tokio::test]
async fn every_filter_that_cannot_be_right_is_named() {
    let server = TestServer::start().await;
    let long = "x".repeat(201);
    let rows = [
        ("limit=0", "limit", "OUT_OF_RANGE"),
        ("limit=201", "limit", "OUT_OF_RANGE"),
        ("limit=-1", "limit", "OUT_OF_RANGE"),
        ("limit=", "limit", "OUT_OF_RANGE"),
        ("mine=yes", "mine", "FORMAT"),
        ("available=1", "available", "FORMAT"),
        ("starts_from=2035-05-01", "starts_from", "FORMAT"),
        ("starts_from=2035-05-02T00:00:00Z&starts_before=2035-05-01T00:00:00Z", "starts_before", "OUT_OF_RANGE"),
        ("starts_from=2035-05-02T00:00:00Z&starts_before=2035-05-02T00:00:00Z", "starts_before", "OUT_OF_RANGE"),
        ("price_min=-1", "price_min", "OUT_OF_RANGE"),
        ("price_min=1.5", "price_min", "OUT_OF_RANGE"),
        ("price_min=2&price_max=1", "price_max", "OUT_OF_RANGE"),
        ("currency=XXX1", "currency", "UNKNOWN"),
        ("country=Germany", "country", "UNKNOWN"),
        ("city=", "city", "LENGTH"),
        ("near=52.5", "near", "FORMAT"),
        ("near=91,0", "near", "FORMAT"),
        ("near=NaN,0", "near", "FORMAT"),
        ("near=1,1&radius_km=501", "radius_km", "OUT_OF_RANGE"),
        ("radius_km=5", "radius_km", "REQUIRED"),
        ("organizer=me", "organizer", "FORMAT"),
        ("series=1", "series", "FORMAT"),
        ("status=open", "status", "UNKNOWN"),
        ("status=draft", "status", "REQUIRED"),
        ("sort=cheapest", "sort", "UNKNOWN"),
        ("sort=relevance", "sort", "REQUIRED"),
        (&format!("q={long}"), "q", "LENGTH"),
    ];
    for (query, field, code) in rows {
        let problem = server.get(None, &format!("/events?{query}")).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&problem), [(field.to_owned(), code.to_owned())], "{query}");
    }
    let problem = server.get(None, "/events?limit=0&sort=x&city=").await.problem(422, "VALIDATION_FAILED");
    assert_eq!(faults(&problem).len(), 3, "all of them at once");
    for query in ["unknown=1", "city=a&city=b", "tag=a%00b", "cursor=%00"] {
        server.get(None, &format!("/events?{query}")).await.problem(400, "QUERY_INVALID");
    }
}

#[tokio::test]
async fn a_cursor_continues_its_own_list_only() {
    let server = TestServer::start().await;
    for _ in 0..3 {
        Show::on_sale(&server).await;
    }
    let page = server.get(None, "/events?limit=1&sort=date").await.expect(200);
    let cursor = text(&page["next_cursor"]);
    // A page's size may change on the way.
    let rest = server.get(None, &format!("/events?sort=date&limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next_cursor"]), (2, &Value::Null));
    for other in ["sort=price", "", "sort=date&city=Rome", "sort=date&q=small"] {
        let path = format!("/events?{other}&cursor={cursor}");
        server.get(None, &path).await.problem(400, "CURSOR_OF_OTHER_QUERY");
    }
    for cursor in ["x", "AAAA", "%07"] {
        server.get(None, &format!("/events?cursor={cursor}")).await.problem(400, "CURSOR_INVALID");
    }
}

#[tokio::test]
async fn whether_something_is_left_is_known_at_once() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({"units_per_hold_max": 50})).await;
        let organizer = Some(&show.organizer);
        // The seats are not for everybody: what is left is the floor.
        let code = json!({"needs_code": true});
        server.patch(organizer, &show.path(&format!("/tiers/{}", show.seats)), code).await.expect(200);
        let floor = show.path(&format!("/tiers/{}", show.standing));
        server.patch(organizer, &floor, json!({"per_order_max": 50})).await.expect(200);
        server.post(organizer, &show.path("/publish"), json!({})).await.expect(200);
        let is_left = async || {
            let page = server.get(None, "/events").await.expect(200);
            let shown = page["items"][0]["available"].as_bool().unwrap();
            assert_eq!(titles(server, None, "available=true").await.len(), usize::from(shown));
            shown
        };
        let buyer = server.attendee().await;
        assert!(is_left().await);
        let most = show.hold(server, &buyer, json!([{"area": "F", "quantity": 49}])).await;
        assert!(is_left().await);
        let last = show.hold(server, &buyer, json!([{"area": "F", "quantity": 1}])).await;
        assert!(!is_left().await);
        let release = async |hold: &Value| {
            let path = show.path(&format!("/holds/{}", text(&hold["id"])));
            assert_eq!(server.delete(Some(&buyer), &path).await.status, 204);
        };
        release(&last).await;
        assert!(is_left().await);
        let order = show.buy(server, &buyer, json!([{"area": "F", "quantity": 1}])).await;
        assert!(!is_left().await);
        server.post(organizer, &format!("/orders/{}/refund", text(&order["id"])), json!({})).await.expect(200);
        assert!(is_left().await);
        release(&most).await;
        server.patch(organizer, &floor, json!({"open": false})).await.expect(200);
        assert!(!is_left().await, "closed");
        server.patch(organizer, &floor, json!({"open": true})).await.expect(200);
        assert!(is_left().await);
    })
    .await;
}

#[tokio::test]
async fn nobody_finds_what_is_not_public() {
    on_each_store(async |server: &TestServer| {
        let draft = Show::draft_with(server, json!({"title": "Secret plans"})).await;
        let other = server.organizer().await;
        let admin = server.admin().await;
        for query in ["", "q=secret", "sort=title", "status=published", "status=cancelled", "available=true"] {
            for session in [None, Some(&other), Some(&draft.organizer), Some(&admin)] {
                assert_eq!(titles(server, session, query).await, Vec::<String>::new(), "{query}");
            }
        }
        let organizer = format!("organizer={}", draft.organizer.id);
        assert_eq!(titles(server, Some(&other), &organizer).await, Vec::<String>::new());
        assert_eq!(titles(server, Some(&other), &format!("mine=true&{organizer}")).await, Vec::<String>::new());
        for query in ["mine=true", "mine=true&q=secret", "mine=true&status=draft&sort=price"] {
            assert_eq!(titles(server, Some(&draft.organizer), query).await, ["Secret plans"], "{query}");
            assert_eq!(titles(server, Some(&admin), query).await, ["Secret plans"], "{query}");
            assert_eq!(titles(server, Some(&other), query).await, Vec::<String>::new(), "{query}");
            server.get(None, &format!("/events?{query}")).await.problem(401, "TOKEN_MISSING");
        }
        server.delete(Some(&draft.organizer), &draft.path("")).await;
        assert_eq!(titles(server, Some(&draft.organizer), "mine=true&q=secret").await, Vec::<String>::new());
    })
    .await;
}
