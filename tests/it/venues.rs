//! Venues, the maps that are kept of them, and maps as an editor writes them.

use serde_json::{Value, json};
use usher_tests::server::TestServer;

use crate::show::{Show, faults, on_each_store, seat_map, text, tier, words};

fn hall() -> Value {
    json!({"name": "Town Hall", "city": "Bremen", "country": "DE", "timezone": "Europe/Berlin",
        "coordinates": {"latitude": 53.075819, "longitude": -8.807164}})
}

/// Section `A` of one row with two seats that stand where they say.
fn drawn() -> Value {
    let seat = |number: &str, x: i32| json!({"number": number, "at": {"x": x, "y": 500}, "restricted_view": true});
    json!({"version": 1, "stage": {"outline": [{"x": 0, "y": 0}, {"x": 9, "y": 0}, {"x": 9, "y": 9}]}, "sections": [
        {"id": "A", "name": "Stalls", "rows": [{"id": "1", "seats": [seat("1", 0), null, seat("2", 60)]}]},
    ]})
}

#[tokio::test]
async fn a_venue_is_its_owners_and_foreign_ones_are_unknown() {
    on_each_store(async |server: &TestServer| {
        let (owner, other, buyer) = (server.organizer().await, server.organizer().await, server.attendee().await);
        let (owner, admin) = (Some(&owner), server.admin().await);
        let made = server.post_keyed(owner, "/venues", "hall", hall()).await.expect(201);
        assert_eq!(server.post_keyed(owner, "/venues", "hall", hall()).await.expect(201), made);
        assert_eq!(made["coordinates"], hall()["coordinates"]);
        let path = format!("/venues/{}", text(&made["id"]));
        assert_eq!(server.get(owner, &path).await.expect(200), made);
        let changed = server.patch(owner, &path, json!({"name": "Old Town Hall"})).await.expect(200);
        assert_eq!((&changed["name"], &changed["city"]), (&json!("Old Town Hall"), &json!("Bremen")));

        server.get(Some(&other), &path).await.problem(404, "VENUE_NOT_FOUND");
        server.patch(Some(&other), &path, json!({"name": "Mine"})).await.problem(404, "VENUE_NOT_FOUND");
        server.delete(Some(&other), &path).await.problem(404, "VENUE_NOT_FOUND");
        server.put(Some(&other), &format!("{path}/seat-maps/x"), drawn()).await.problem(404, "VENUE_NOT_FOUND");
        server.get(Some(&buyer), "/venues").await.problem(403, "ROLE_REQUIRED");
        server.post(Some(&buyer), "/venues", hall()).await.problem(403, "ROLE_REQUIRED");
        server.get(None, "/venues").await.problem(401, "TOKEN_MISSING");
        let count = async |session| server.get(session, "/venues").await.expect(200)["items"].as_array().unwrap().len();
        assert_eq!((count(owner).await, count(Some(&other)).await, count(Some(&admin)).await), (1, 0, 1));

        let mut bad = hall();
        bad["name"] = json!(" ");
        bad["country"] = json!("Germany");
        bad["timezone"] = json!("Bremen");
        bad["coordinates"]["latitude"] = json!(91);
        let refused = server.post(owner, "/venues", bad).await.problem(422, "VALIDATION_FAILED");
        let fields: Vec<String> = faults(&refused).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["name", "country", "timezone", "coordinates.latitude"]);
        let as_an_event_has_it = json!({"country": "ZZ", "address": "x".repeat(201)});
        let refused = server.patch(owner, &path, as_an_event_has_it.clone()).await.problem(422, "VALIDATION_FAILED");
        let mut of_event = words();
        of_event["country"] = as_an_event_has_it["country"].clone();
        of_event["address"] = as_an_event_has_it["address"].clone();
        let of_event = server.post(owner, "/events", of_event).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&refused), [("address".into(), "LENGTH".into()), ("country".into(), "COUNTRY".into())]);
        assert_eq!(faults(&refused), faults(&of_event));

        assert_eq!(server.delete(owner, &path).await.status, 204);
        server.delete(owner, &path).await.problem(404, "VENUE_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn an_event_takes_a_copy_of_a_venues_map_and_keeps_it() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        let (owner, other) = (Some(&show.organizer), server.organizer().await);
        let venue = text(&server.post(owner, "/venues", hall()).await.expect(201)["id"]);
        let map = format!("/venues/{venue}/seat-maps/concert");
        let kept = server.put(owner, &map, drawn()).await.expect(200);
        assert_eq!((&kept["name"], &kept["seats"]), (&json!("concert"), &json!(2)));
        assert_eq!(server.get(owner, &map).await.expect(200), drawn());
        let listed = server.get(owner, &format!("/venues/{venue}/seat-maps")).await.expect(200);
        assert_eq!(listed["items"], json!([kept]));

        let copy = json!({"venue_id": venue, "seat_map": "concert"});
        let size = server.post(owner, &show.path("/seat-map/copy"), copy.clone()).await.expect(200);
        assert_eq!(size["seats"], 2);
        let shown = server.get(owner, &show.path("/seat-map")).await.expect(200);
        assert_eq!(shown["sections"][0]["rows"][0]["seats"][2]["at"], json!({"x": 60, "y": 500}));
        assert_eq!(shown["stage"], drawn()["stage"]);
        server.put(owner, &map, seat_map()).await.expect(200);
        assert_eq!(server.get(owner, &show.path("/seat-map")).await.expect(200), shown, "the copy stays");
        assert_eq!(server.delete(owner, &map).await.status, 204);
        server.post(owner, &show.path("/seat-map/copy"), copy).await.problem(404, "SEAT_MAP_NOT_FOUND");
        // A map without positions replaces the drawing, too.
        server.put(owner, &show.path("/seat-map"), seat_map()).await.expect(200);
        let shown = server.get(owner, &show.path("/seat-map")).await.expect(200);
        assert!(shown.get("stage").is_none());
        assert_eq!(shown["sections"][0]["rows"], seat_map()["sections"][0]["rows"]);

        let foreign = text(&server.post(Some(&other), "/venues", hall()).await.expect(201)["id"]);
        let stolen = json!({"venue_id": foreign, "seat_map": "concert"});
        server.post(owner, &show.path("/seat-map/copy"), stolen).await.problem(404, "VENUE_NOT_FOUND");
        let both = json!({"venue_id": venue, "seat_map": "x", "example": "club"});
        server.post(owner, &show.path("/seat-map/copy"), both).await.problem(422, "VALIDATION_FAILED");
    })
    .await;
}

#[tokio::test]
async fn an_example_is_sold_as_it_is_offered() {
    let server = TestServer::start().await;
    let listed = server.get(None, "/seat-map-examples").await.expect(200);
    let offered = listed["items"].as_array().unwrap();
    let seats: Vec<_> = offered.iter().map(|item| (text(&item["name"]), item["seats"].as_u64().unwrap())).collect();
    assert_eq!(
        seats,
        [("arena", 20_000), ("club", 80), ("theatre", 800)].map(|(name, seats)| (name.to_owned(), seats))
    );
    server.get(None, "/seat-map-examples/opera").await.problem(404, "SEAT_MAP_NOT_FOUND");
    let organizer = server.organizer().await;
    let owner = Some(&organizer);
    let id = text(&server.post(owner, "/events", words()).await.expect(201)["id"]);
    let path = |rest: &str| format!("/events/{id}{rest}");
    server.post(owner, &path("/seat-map/copy"), json!({"example": "theatre"})).await.expect(200);
    let shown = server.get(owner, &path("/seat-map")).await.expect(200);
    assert_eq!(shown, server.get(None, "/seat-map-examples/theatre").await.expect(200));
    // What was shown can be sent as it is.
    server.put(owner, &path("/seat-map"), shown.clone()).await.expect(200);
    assert_eq!(server.get(owner, &path("/seat-map")).await.expect(200), shown);
    server.post(owner, &path("/tiers"), tier("Premium", "premium", 9_900)).await.expect(201);
    server.post(owner, &path("/publish"), json!({})).await.expect(200);
    let buyer = server.attendee().await;
    let hold = json!({"items": [{"seat": "ST-A-13"}]});
    server.post(Some(&buyer), &path("/holds"), hold).await.expect(201);
}

#[tokio::test]
async fn every_fault_of_a_map_is_told_with_its_place_and_what_to_do() {
    let server = TestServer::start().await;
    let show = Show::draft_with(&server, json!({})).await;
    let mut map = drawn();
    map["sections"][0]["rows"][0]["seats"][0] = json!({"number": 1, "colour": "red"});
    map["sections"][0]["name"] = json!(null);
    let problem =
        server.put(Some(&show.organizer), &show.path("/seat-map"), map).await.problem(422, "VALIDATION_FAILED");
    let pointers: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| text(&error["pointer"])).collect();
    let seat = "/sections/0/rows/0/seats/0";
    assert_eq!(pointers, ["/sections/0/name".to_owned(), format!("{seat}/colour"), format!("{seat}/number")]);
    let message = text(&problem["errors"][1]["message"]);
    assert!(message.contains("leave it out") && message.contains("restricted_view"), "{message}");

    let mut map = drawn();
    map["sections"][0]["rows"][0]["seats"][2]["at"] = json!({"x": 0, "y": 500});
    let problem =
        server.put(Some(&show.organizer), &show.path("/seat-map"), map).await.problem(422, "VALIDATION_FAILED");
    assert_eq!(problem["errors"][0]["code"], "OVERLAP");
    assert!(text(&problem["errors"][0]["message"]).contains("`A-1-1`"));
}
