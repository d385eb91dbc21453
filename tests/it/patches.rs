//! What a patch leaves out stays, what it says `null` of is taken away, and where nothing can be without it `null` is refused.

use serde_json::{Value, json};
use usher_tests::server::{TestServer, send};

use crate::show::{Show, faults, on_each_store, text};

const EVENT: [&str; 6] =
    ["coordinates", "ends_at", "sale_window", "units_per_customer_max", "doors_from", "entries_max"];
const TIER: [&str; 4] = ["quota", "sale_window", "per_customer_max", "refund_policy"];
/// Which fields of which schema can be taken away.
const CLEARABLE: [(&str, &[&str]); 9] = [
    ("EventPatch", &EVENT),
    ("TierPatch", &TIER),
    ("VenuePatch", &["coordinates"]),
    ("SeriesPatch", &["coordinates"]),
    ("MePatch", &[]),
    ("UserPatch", &[]),
    ("CheckInListPatch", &[]),
    ("WebhookPatch", &[]),
    ("TicketAttendeePatch", &[]),
];

fn said() -> Value {
    json!({
        "coordinates": {"latitude": 52.5, "longitude": 13.25}, "ends_at": "2035-05-01T22:00:00Z",
        "sale_window": {"ends_at": "2020-01-01T00:00:00Z"}, "units_per_customer_max": 2,
        "doors_from": "2035-05-01T18:00:00Z", "entries_max": 1,
    })
}

fn nulls(fields: &[&str]) -> Value {
    fields.iter().map(|field| ((*field).to_owned(), Value::Null)).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn what_an_event_can_do_without_is_taken_away_by_null() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale_with(server, said()).await;
        let (organizer, path) = (Some(&show.organizer), show.path(""));
        let all = server.get(organizer, &path).await.expect(200);
        assert_eq!((&all["coordinates"], &all["ends_at"]), (&said()["coordinates"], &said()["ends_at"]));
        assert_eq!((&all["on_sale"], &all["policy"]["entries_max"]), (&json!(false), &json!(1)));
        let kept = server.patch(organizer, &path, json!({})).await.expect(200);
        assert_eq!((&kept["coordinates"], &kept["policy"]), (&all["coordinates"], &all["policy"]));

        server.patch(organizer, &path, nulls(&EVENT)).await.expect(200);
        let bare = server.get(organizer, &path).await.expect(200);
        assert!(bare["coordinates"].is_null() && bare["ends_at"].is_null(), "{bare}");
        for field in ["units_per_customer_max", "doors_from", "entries_max"] {
            assert!(bare["policy"][field].is_null(), "{field}: {bare}");
        }
        assert_eq!((&bare["policy"]["sale_window"], &bare["on_sale"]), (&json!({}), &json!(true)));
        let buyer = server.attendee().await;
        show.hold(server, &buyer, json!([{"area": "F", "quantity": 3}])).await;

        for field in ["title", "description", "country", "tags", "timezone", "starts_at", "currency", "hold_ttl_s"] {
            let refused = server.patch(organizer, &path, nulls(&[field])).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(faults(&refused), [(field.to_owned(), "NOT_NULL".to_owned())]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_tier_a_venue_and_a_series_can_do_without_is_taken_away_by_null() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (organizer, buyer) = (Some(&show.organizer), server.attendee().await);
        let path = show.path(&format!("/tiers/{}", show.standing));
        let limits = json!({
            "quota": 2, "sale_window": {"ends_at": "2034-01-01T00:00:00Z"}, "per_customer_max": 1,
            "refund_policy": {"refundable": true, "percent": 80},
        });
        let tier = server.patch(organizer, &path, limits).await.expect(200);
        assert_eq!((&tier["quotas"][0]["limit"], &tier["per_customer_max"]), (&json!(2), &json!(1)));
        let three = json!({"items": [{"area": "F", "quantity": 3}]});
        assert_eq!(server.post(Some(&buyer), &show.path("/holds"), three.clone()).await.status, 409);
        let tier = server.patch(organizer, &path, nulls(&TIER)).await.expect(200);
        assert_eq!((&tier["quotas"], &tier["sale_window"]), (&json!([]), &json!({})));
        assert!(tier["per_customer_max"].is_null() && tier["refund_policy"].is_null(), "{tier}");
        server.post(Some(&buyer), &show.path("/holds"), three).await.expect(201);
        for field in ["name", "price", "price_steps", "open", "per_order_max"] {
            let refused = server.patch(organizer, &path, nulls(&[field])).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(faults(&refused), [(field.to_owned(), "NOT_NULL".to_owned())]);
        }

        let venue = json!({"name": "Hall", "city": "Graz", "country": "AT", "timezone": "Europe/Vienna",
            "coordinates": {"latitude": 47.0, "longitude": 15.5}});
        let venue = server.post(organizer, "/venues", venue).await.expect(201);
        let path = format!("/venues/{}", text(&venue["id"]));
        assert_eq!(server.patch(organizer, &path, json!({})).await.expect(200), venue);
        assert!(server.patch(organizer, &path, nulls(&["coordinates"])).await.expect(200)["coordinates"].is_null());
        let refused = server.patch(organizer, &path, nulls(&["address"])).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&refused), [("address".to_owned(), "NOT_NULL".to_owned())]);

        server.patch(organizer, &show.path(""), json!({"coordinates": said()["coordinates"]})).await.expect(200);
        let series = json!({"template": show.id, "sessions": [{"starts_at": "2035-06-01T19:00:00Z"}]});
        let series = server.post(organizer, "/series", series).await.expect(201)["series"].clone();
        assert_eq!(series["coordinates"], said()["coordinates"]);
        let path = format!("/series/{}", text(&series["id"]));
        let patched = server.patch(organizer, &path, nulls(&["coordinates"])).await.expect(200);
        assert!(patched["series"]["coordinates"].is_null(), "{patched}");
        let session = format!("/events/{}", text(&patched["changed"][0]));
        assert!(server.get(organizer, &session).await.expect(200)["coordinates"].is_null());
    })
    .await;
}

#[tokio::test]
async fn the_document_says_what_can_be_null_in_a_patch() {
    let server = TestServer::start().await;
    let request = reqwest::Client::builder().no_proxy().build().unwrap().get(server.url("/api/docs/openapi.json"));
    let document = send(request).await.expect(200);
    for (schema, clearable) in CLEARABLE {
        let properties = document["components"]["schemas"][schema]["properties"].as_object().unwrap();
        let can_be_null = |field: &Value| {
            let kinds = field["type"].as_array().into_iter().flatten();
            let choices = field["oneOf"].as_array().into_iter().flatten().map(|choice| &choice["type"]);
            kinds.chain(choices).any(|kind| kind == "null")
        };
        let mut nullable: Vec<&str> =
            properties.iter().filter(|(_, field)| can_be_null(field)).map(|(name, _)| name.as_str()).collect();
        let mut expected = clearable.to_vec();
        nullable.sort_unstable();
        expected.sort_unstable();
        assert_eq!(nullable, expected, "{schema}");
    }
}
