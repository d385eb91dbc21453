//! A copy of an event at another time: all that its organizer has said, and nothing of what was sold.

use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};

use crate::show::{Show, faults, on_each_store, text, tier};

const LATER: &str = "2035-11-20T20:00:00Z";

async fn clone(server: &TestServer, who: &Session, show: &Show, body: Value) -> Value {
    server.post(Some(who), &show.path("/clone"), body).await.expect(201)
}

/// Without ids and own quotas, which are of one event alone.
fn comparable(tier: &Value) -> Value {
    let mut tier = tier.clone();
    let id = text(&tier["id"]).replace('-', "");
    tier["id"] = json!("");
    for quota in tier["quotas"].as_array_mut().into_iter().flatten() {
        if quota["id"] == json!(id) {
            quota["id"] = json!("own");
        }
    }
    tier
}

/// In Berlin, in summer time, with all that a tier can say.
async fn rich(server: &TestServer) -> Show {
    let show = Show::draft_with(
        server,
        json!({
            "title": "Summer Night", "description": "Under the stars.", "city": "Berlin", "country": "DE",
            "category": "concert", "tags": ["open-air"], "timezone": "Europe/Berlin",
            "starts_at": "2035-10-20T18:00:00Z", "ends_at": "2035-10-20T21:00:00Z",
            "sale_window": {"starts_at": "2026-01-01T09:00:00Z", "ends_at": "2035-10-20T17:00:00Z"},
            "hold_ttl_s": 300, "holds_per_customer_max": 3, "units_per_customer_max": 9,
            "doors_from": "2035-10-20T16:00:00Z", "reentry": false,
        }),
    )
    .await;
    let organizer = Some(&show.organizer);
    let mut early = tier("Early", "stalls", 3_000);
    for (field, value) in [
        ("position", json!(0)),
        ("quota", json!(40)),
        ("shared_quotas", json!([{"id": "house", "limit": 60}])),
        (
            "price_steps",
            json!([
                {"price": {"amount_minor": 1_000, "currency": "EUR"}, "first": 2, "until": "2035-09-01T08:00:00Z"},
                {"price": {"amount_minor": 2_000, "currency": "EUR"}, "first": 5},
            ]),
        ),
        ("refund_policy", json!({"refundable": true, "percent": 80, "until": "2035-10-13T18:00:00Z"})),
        ("needs_code", json!(true)),
        ("per_customer_max", json!(4)),
        ("description", json!("For friends")),
    ] {
        early[field] = value;
    }
    let early = text(&server.post(organizer, &show.path("/tiers"), early).await.expect(201)["id"]);
    let gone = server.post(organizer, &show.path("/tiers"), tier("Gone", "stalls", 9_000)).await.expect(201);
    assert_eq!(server.delete(organizer, &show.path(&format!("/tiers/{}", text(&gone["id"])))).await.status, 204);
    let code = json!({"code": "FRIENDS", "label": "Friends", "tiers": [early], "units_max": 5});
    server.put(organizer, &show.path("/access-codes"), code).await.expect(200);
    server.post(organizer, &show.path("/blocks/guests/withhold"), json!({})).await.expect(200);
    server.post(organizer, &show.path("/publish"), json!({})).await.expect(200);
    show
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clone_has_everything_but_the_sales() {
    on_each_store(async |server: &TestServer| {
        let show = rich(server).await;
        let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);
        show.buy(server, &buyer, json!([{"seat": "A-1-1", "tier": show.seats}])).await;
        let hold = json!({"items": [{"seat": "A-1-2"}], "access_codes": ["FRIENDS"]});
        server.post(Some(&buyer), &show.path("/holds"), hold).await.expect(201);
        server.put(organizer, &show.path("/rsvps"), json!({"yes_max": 0})).await.expect(200);

        let made = clone(server, &show.organizer, &show, json!({"starts_at": LATER})).await;
        let path = |rest: &str| format!("/events/{}{rest}", text(&made["id"]));
        let (old, new) = (
            server.get(organizer, &show.path("")).await.expect(200),
            server.get(organizer, &path("")).await.expect(200),
        );
        for field in
            ["title", "description", "city", "country", "category", "tags", "timezone", "currency", "organizer_id"]
        {
            assert_eq!(new[field], old[field], "{field}");
        }
        assert_eq!((&new["status"], &new["starts_at"]), (&json!("draft"), &json!(LATER)));
        assert_eq!(new["ends_at"], "2035-11-20T23:00:00Z", "as long as the original");
        assert_ne!(new["slug"], old["slug"]);
        assert_eq!(server.get(organizer, &format!("/events/{}", text(&new["slug"]))).await.expect(200), new);

        // From 20:00 summer time to 21:00 winter time, a month on: by the clock on the wall one hour more than by the sun.
        let policy = &new["policy"];
        assert_eq!(policy["sale_window"]["ends_at"], "2035-11-20T19:00:00Z");
        assert_eq!(policy["doors_from"], "2035-11-20T18:00:00Z");
        for field in ["hold_ttl_s", "holds_per_customer_max", "units_per_customer_max", "reentry"] {
            assert_eq!(policy[field], old["policy"][field], "{field}");
        }

        let seat_map = async |path: String| server.get(organizer, &path).await.expect(200);
        assert_eq!(seat_map(path("/seat-map")).await, seat_map(show.path("/seat-map")).await);
        let free = server.get(organizer, &path("/availability")).await.expect(200);
        assert_eq!(free["totals"], json!({"free": 80, "held": 0, "sold": 0, "blocked": 10}));

        let tiers = |event: &Value| event["tiers"].as_array().unwrap().iter().map(comparable).collect::<Vec<_>>();
        let (mut expected, tiers) = (tiers(&old), tiers(&new));
        assert_eq!(tiers.len(), 3, "no deleted tier comes along");
        let early = expected.iter_mut().find(|tier| tier["name"] == "Early").unwrap();
        early["price_steps"][0]["until"] = json!("2035-10-02T09:00:00Z");
        early["refund_policy"]["until"] = json!("2035-11-13T20:00:00Z");
        assert_eq!(tiers, expected);
        assert_ne!(new["tiers"][0]["id"], old["tiers"][0]["id"]);

        let codes = server.get(organizer, &path("/access-codes")).await.expect(200);
        let early = new["tiers"].as_array().unwrap().iter().find(|tier| tier["name"] == "Early").unwrap();
        assert_eq!(codes["items"][0]["used"], 0);
        assert_eq!(
            (&codes["items"][0]["label"], &codes["items"][0]["tiers"]),
            (&json!("Friends"), &json!([early["id"]]))
        );
        assert_eq!(
            server.get(organizer, &format!("/orders?event={}", text(&made["id"]))).await.expect(200)["items"],
            json!([])
        );

        // It sells, by its own codes and at its first price.
        server.post(organizer, &path("/publish"), json!({})).await.expect(200);
        server.put(Some(&buyer), &path("/rsvp"), json!({"answer": "yes"})).await.problem(409, "RSVP_FULL");
        let hold = json!({"items": [{"seat": "A-1-1", "tier": early["id"]}], "access_codes": ["FRIENDS"]});
        let hold = server.post(Some(&buyer), &path("/holds"), hold).await.expect(201);
        assert_eq!(hold["total"]["amount_minor"], 1_000);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clone_is_made_once_per_key_and_written_down() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let body = json!({"starts_at": LATER, "title": "Another"});
        let first = server.post_keyed(organizer, &show.path("/clone"), "k1", body.clone()).await.expect(201);
        let again = server.post_keyed(organizer, &show.path("/clone"), "k1", body).await.expect(201);
        assert_eq!(again, first);
        assert_eq!((&first["title"], &first["slug"]), (&json!("Another"), &json!("another")));
        let mine = server.get(organizer, "/events?mine=true").await.expect(200);
        assert_eq!(mine["items"].as_array().unwrap().len(), 2);
        let log = server.get(organizer, &format!("/events/{}/audit-log", text(&first["id"]))).await.expect(200);
        let entries = log["items"].as_array().unwrap();
        assert_eq!(entries.len(), 1, "{log}");
        assert_eq!((&entries[0]["action"], &entries[0]["new"]["original"]), (&json!("event.clone"), &json!(show.id)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_cloned_leaves_nothing_behind() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, rival, admin) = (Some(&show.organizer), server.organizer().await, server.admin().await);
        let past = json!({"starts_at": "2001-01-01T00:00:00Z", "ends_at": "2000-01-01T00:00:00Z", "title": " "});
        let problem = server.post(organizer, &show.path("/clone"), past).await.problem(422, "VALIDATION_FAILED");
        let fields = ["title", "starts_at", "ends_at"].map(str::to_owned);
        assert_eq!(faults(&problem).into_iter().map(|(field, _)| field).collect::<Vec<_>>(), fields);
        server.post(organizer, &show.path("/clone"), json!({})).await.problem(422, "VALIDATION_FAILED");
        let same = json!({"starts_at": "2035-05-01T19:00:00Z"});
        server.post(organizer, &show.path("/clone"), same.clone()).await.problem(409, "EVENT_TITLE_TAKEN");
        server
            .post(Some(&rival), &show.path("/clone"), json!({"starts_at": LATER}))
            .await
            .problem(404, "EVENT_NOT_FOUND");
        let all = server.get(Some(&admin), "/events?mine=true").await.expect(200);
        assert_eq!(all["items"].as_array().unwrap().len(), 1);

        // What is cancelled can take place at another time, or at the same.
        server.post(organizer, &show.path("/cancel"), json!({})).await.expect(200);
        let made = clone(server, &admin, &show, same).await;
        assert_eq!(made["organizer_id"], json!(show.organizer.id), "an admin clones for its organizer");
        assert_eq!(server.delete(organizer, &format!("/events/{}", text(&made["id"]))).await.status, 204);
        let gone = format!("/events/{}/clone", text(&made["id"]));
        server.post(organizer, &gone, json!({"starts_at": LATER})).await.problem(404, "EVENT_NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_room_is_cloned_with_a_line_of_its_own() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);
        let room =
            json!({"active": true, "rate_per_minute": 77, "shoppers_max": 5, "opens_at": "2035-04-01T10:00:00Z"});
        server.put(organizer, &show.path("/waiting-room/settings"), room).await.expect(200);
        server.post(Some(&buyer), &show.path("/waiting-room"), json!({})).await.expect(200);
        let made = clone(server, &show.organizer, &show, json!({"starts_at": "2035-06-01T19:00:00Z"})).await;
        let path = |rest: &str| format!("/events/{}{rest}", text(&made["id"]));
        let copied = server.get(organizer, &path("/waiting-room/settings")).await.expect(200);
        assert_eq!(copied["opens_at"], "2035-05-02T10:00:00Z");
        assert_eq!(
            (&copied["active"], &copied["rate_per_minute"], &copied["shoppers_max"]),
            (&json!(true), &json!(77), &json!(5))
        );
        server.post(organizer, &path("/publish"), json!({})).await.expect(200);
        let hold = json!({"items": [{"seat": "A-1-1"}]});
        server.post(Some(&buyer), &path("/holds"), hold).await.problem(425, "QUEUE_REQUIRED");
        server.get(Some(&buyer), &path("/waiting-room")).await.problem(404, "WAITING_PLACE_NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waitlist_is_cloned_without_those_who_wait() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, holder, ann) = (Some(&show.organizer), server.attendee().await, server.attendee().await);
        let made = clone(server, &show.organizer, &show, json!({"starts_at": LATER, "title": "Plain"})).await;
        let path = |made: &Value, rest: &str| format!("/events/{}{rest}", text(&made["id"]));
        let off = server.get(organizer, &path(&made, "/waitlist/settings")).await.expect(200);
        assert_eq!((&off["active"], off.get("closes_at")), (&json!(false), None));

        let on = json!({"active": true, "offer_minutes": 90, "closes_at": "2035-05-01T10:30:00Z"});
        server.put(organizer, &show.path("/waitlist/settings"), on).await.expect(200);
        let balcony = (1..=10).map(|number| json!({"seat": format!("B-1-{number}")})).collect();
        show.hold(server, &holder, balcony).await;
        let wish = json!({"tier": show.seats, "section": "B", "quantity": 2});
        server.post(Some(&ann), &show.path("/waitlist"), wish).await.expect(201);
        let made = clone(server, &show.organizer, &show, json!({"starts_at": "2035-06-01T19:00:00Z"})).await;
        let copied = server.get(organizer, &path(&made, "/waitlist/settings")).await.expect(200);
        assert_eq!(copied, json!({"active": true, "offer_minutes": 90, "closes_at": "2035-06-01T10:30:00Z"}));
        let entries = server.get(organizer, &path(&made, "/waitlist/entries")).await.expect(200);
        assert_eq!(entries["items"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cloned_picture_outlives_the_original() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let picture = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/it/pictures/logo.png")).unwrap();
        let upload =
            server.request(reqwest::Method::POST, &show.path("/images")).bearer_auth(&show.organizer.access_token);
        let upload = upload.header("content-type", "image/png").body(picture);
        let image = usher_tests::server::send(upload).await.expect(201);
        let made = clone(server, &show.organizer, &show, json!({"starts_at": LATER})).await;
        let copy = &made["images"][0];
        assert_ne!(copy["id"], image["id"]);
        let path = show.path(&format!("/images/{}", text(&image["id"])));
        assert_eq!(server.delete(organizer, &path).await.status, 204);
        let fetch = async |url: &Value| reqwest::get(server.url(&text(url))).await.unwrap();
        for size in ["small", "medium", "large"] {
            let fetched = fetch(&copy["urls"][size]).await;
            assert_eq!(fetched.status(), 200, "{size}");
            assert_eq!(fetched.headers()["content-type"], "image/png");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_door_the_till_and_the_guests_go_by_comes_along() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let steps = json!([{"hours_before": 336, "percent": 100}, {"hours_before": 48, "percent": 50}]);
        let terms = json!({"refund_policy": {"refundable": true, "steps": steps}});
        server.patch(organizer, &show.path(&format!("/tiers/{}", show.seats)), terms).await.expect(200);
        let gone = server.post(organizer, &show.path("/tiers"), tier("Gone", "stalls", 9_000)).await.expect(201);
        let gone = text(&gone["id"]);
        let spring = json!({"code": "Spring", "label": "Spring sale", "percent_basis_points": 1_500,
            "tiers": [show.seats], "tickets_max": 3});
        server.put(organizer, &show.path("/discount-codes"), spring).await.expect(200);
        server.put(organizer, &show.path("/attendees/cut-off"), json!({"minutes_before": 90})).await.expect(200);
        for list in [
            json!({"name": "West", "gate": "West gate", "tiers": [show.seats, gone], "sections": ["A"]}),
            json!({"name": "All"}),
            json!({"name": "Nobody's", "tiers": [gone]}),
        ] {
            server.post(organizer, &show.path("/check-in-lists"), list).await.expect(201);
        }
        assert_eq!(server.delete(organizer, &show.path(&format!("/tiers/{gone}"))).await.status, 204);
        let buyer = server.attendee().await;
        let hold = json!({"items": [{"seat": "A-1-1"}], "discount_codes": ["spring"]});
        server.post(Some(&buyer), &show.path("/holds"), hold).await.expect(201);

        let once = clone(server, &show.organizer, &show, json!({"starts_at": LATER})).await;
        // And of a copy again.
        let twice = json!({"starts_at": "2036-05-01T19:00:00Z"});
        let path = format!("/events/{}/clone", text(&once["id"]));
        let twice = server.post(organizer, &path, twice).await.expect(201);
        for made in [once, twice] {
            let get = async |rest: &str| {
                let path = format!("/events/{}{rest}", text(&made["id"]));
                server.get(organizer, &path).await.expect(200)
            };
            let tiers = get("").await["tiers"].as_array().unwrap().clone();
            let seats = tiers.iter().find(|tier| tier["name"] == "Seat").unwrap();
            assert_eq!(seats["refund_policy"]["steps"], steps);
            let codes = get("/discount-codes").await["items"].clone();
            assert_eq!((&codes[0]["label"], &codes[0]["uses"]), (&json!("Spring sale"), &json!(0)));
            assert_eq!(codes[0]["tiers"], json!([seats["id"]]));
            assert_eq!(get("/attendees/cut-off").await["minutes_before"], 90);
            let lists = get("/check-in-lists").await["items"].as_array().unwrap().clone();
            assert_eq!(lists.len(), 2, "one whose tiers are gone would let in everybody: {lists:?}");
            assert_eq!((&lists[0]["name"], &lists[0]["gate"]), (&json!("West"), &json!("West gate")));
            assert_eq!((&lists[0]["tiers"], &lists[0]["sections"]), (&json!([seats["id"]]), &json!(["A"])));
            assert_eq!((&lists[1]["name"], &lists[1]["tiers"]), (&json!("All"), &json!([])));
        }
        let of_original = server.get(organizer, &show.path("/check-in-lists")).await.expect(200);
        assert_eq!(of_original["items"].as_array().unwrap().len(), 3);
    })
    .await;
}
