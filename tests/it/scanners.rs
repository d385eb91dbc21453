//! Keys of devices at the door: what they open, where, and when they stop.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Answer, PASSWORD, TestServer, send};

use crate::show::{Show, faults, on_each_store, text};

struct Scanner {
    id: String,
    key: String,
}

async fn scanner(server: &TestServer, show: &Show, body: Value) -> Scanner {
    let made = server.post(Some(&show.organizer), &show.path("/scanners"), body).await.expect(201);
    Scanner { id: text(&made["scanner"]["id"]), key: text(&made["key"]) }
}

async fn call(server: &TestServer, scanner: &Scanner, method: Method, path: &str, body: Option<Value>) -> Answer {
    let request = server.request(method, path).bearer_auth(&scanner.key);
    send(if let Some(body) = body { request.json(&body) } else { request }).await
}

async fn scan(server: &TestServer, show: &Show, scanner: &Scanner, body: Value) -> Answer {
    call(server, scanner, Method::POST, &show.path("/gate/scans"), Some(body)).await
}

#[tokio::test]
async fn a_scanner_works_the_gate_of_its_event_and_opens_nothing_else() {
    on_each_store(async |server: &TestServer| {
        let (show, buyer) = (Show::on_sale(server).await, server.attendee().await);
        let other = Show::on_sale(server).await;
        let paid = show.buy(server, &buyer, json!([{"area": "F", "quantity": 2}])).await;
        let code = |at: usize| text(&paid["tickets"][at]["code"]);
        let device = scanner(server, &show, json!({"name": "North 1", "gate": "North"})).await;

        scan(server, &show, &device, json!({"code": code(0), "nonce": "1"})).await.expect(201);
        let undo = Some(json!({"code": code(0), "nonce": "1"}));
        call(server, &device, Method::POST, &show.path("/gate/scans/undo"), undo).await.expect(200);
        let queued = json!({"scans": [{"code": code(0), "nonce": "2", "scanned_at": "2020-01-01T19:00:00Z"}]});
        let sent = call(server, &device, Method::POST, &show.path("/gate/scans/batch"), Some(queued)).await.expect(200);
        assert_eq!(sent["results"][0]["result"], "admitted");
        for path in ["/gate/bundle", "/gate/occupancy", "/gate/tickets?q=F"] {
            let answer = call(server, &device, Method::GET, &show.path(path), None).await;
            assert!(answer.status != 403 && answer.status < 500, "{path}: {}", answer.text);
        }

        // The organizer could, and the device acts for him: it may not.
        let event = show.path("");
        for (method, path, body) in [
            (Method::GET, event.as_str(), None),
            (Method::GET, "/me", None),
            (Method::GET, "/me/api-keys", None),
            (Method::PATCH, event.as_str(), Some(json!({"title": "Mine"}))),
            (Method::GET, show.path("/attendees").as_str(), None),
            (Method::GET, show.path("/scanners").as_str(), None),
            (Method::GET, show.path("/gate/conflicts").as_str(), None),
            (Method::GET, show.path("/gate/refusals").as_str(), None),
            (Method::POST, show.path("/scanners").as_str(), Some(json!({"name": "One more"}))),
            (Method::POST, show.path("/check-in-lists").as_str(), Some(json!({"name": "Mine"}))),
            (Method::POST, other.path("/gate/scans").as_str(), Some(json!({"code": code(1), "nonce": "1"}))),
            (Method::GET, other.path("/gate/bundle").as_str(), None),
        ] {
            let answer = call(server, &device, method.clone(), path, body).await;
            assert!(
                answer.status == 403
                    && ["NOT_FOR_API_KEYS", "SCOPE_REQUIRED"].contains(&text(&answer.body["code"]).as_str()),
                "{method} {path}: {}",
                answer.text
            );
        }
        // Nor with another event of the same organizer.
        let body = json!({"title": "A second show", "starts_at": "2035-06-01T19:00:00Z", "currency": "EUR"});
        let second = text(&server.post(Some(&show.organizer), "/events", body).await.expect(201)["id"]);
        let path = format!("/events/{second}/gate/occupancy");
        call(server, &device, Method::GET, &path, None).await.problem(403, "NOT_FOR_API_KEYS");
    })
    .await;
}

#[tokio::test]
async fn a_scanner_stops_when_it_is_revoked_and_stands_among_no_other_keys() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let device = scanner(server, &show, json!({"name": "North 1"})).await;
        let look = async || call(server, &device, Method::GET, &show.path("/gate/occupancy"), None).await;
        look().await.expect(200);
        assert_eq!(server.get(organizer, "/me/api-keys").await.expect(200)["items"], json!([]));
        server.delete(organizer, &format!("/me/api-keys/{}", device.id)).await.problem(404, "API_KEY_NOT_FOUND");
        let listed = server.get(organizer, &show.path("/scanners")).await.expect(200);
        let listed = &listed["items"][0];
        assert_eq!((&listed["id"], &listed["name"]), (&json!(device.id), &json!("North 1")));
        assert!(!listed.to_string().contains(&device.key), "the key is shown once");

        let rival = Show::on_sale(server).await;
        let elsewhere = rival.path(&format!("/scanners/{}", device.id));
        server.delete(Some(&rival.organizer), &elsewhere).await.problem(404, "SCANNER_NOT_FOUND");
        look().await.expect(200);
        let path = show.path(&format!("/scanners/{}", device.id));
        server.delete(organizer, &path).await.expect(204);
        look().await.problem(401, "API_KEY_INVALID");
        server.delete(organizer, &path).await.problem(404, "SCANNER_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn a_scanner_that_is_bound_to_a_list_scans_by_it() {
    on_each_store(async |server: &TestServer| {
        let (show, buyer) = (Show::on_sale(server).await, server.attendee().await);
        let organizer = Some(&show.organizer);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let code = text(&paid["tickets"][0]["code"]);
        let lists = show.path("/check-in-lists");
        let made = async |body: Value| server.post(organizer, &lists, body).await.expect(201);
        let floor = made(json!({"name": "Floor", "sections": ["F"]})).await;
        let stalls = made(json!({"name": "Stalls", "sections": ["A"]})).await;
        let device = scanner(server, &show, json!({"name": "Pit", "list": floor["id"]})).await;
        let refused = scan(server, &show, &device, json!({"code": code, "nonce": "1"})).await.expect(200);
        assert_eq!(refused["reason"], "product");
        let other = scan(server, &show, &device, json!({"code": code, "nonce": "2", "list": stalls["id"]})).await;
        assert_eq!(faults(&other.problem(422, "VALIDATION_FAILED"))[0].0, "list");
        let bundle = call(server, &device, Method::GET, &show.path("/gate/bundle"), None).await.expect(200);
        assert_eq!((&bundle["list"], bundle["lists"].as_array().map(Vec::len)), (&floor["id"], Some(2)));

        let path = format!("{lists}/{}", text(&floor["id"]));
        server.delete(organizer, &path).await.problem(409, "CHECK_IN_LIST_IN_USE");
        server.delete(organizer, &show.path(&format!("/scanners/{}", device.id))).await.expect(204);
        server.delete(organizer, &path).await.expect(204);
        let gone = json!({"name": "Late", "list": floor["id"]});
        server.post(organizer, &show.path("/scanners"), gone).await.problem(404, "CHECK_IN_LIST_NOT_FOUND");
    })
    .await;
}

/// Each counts its scans from 1, as simple devices do: a nonce of one says nothing about that of another.
#[tokio::test]
async fn two_scanners_that_count_alike_admit_a_ticket_once() {
    on_each_store(async |server: &TestServer| {
        let (show, buyer) = (Show::on_sale(server).await, server.attendee().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let code = text(&paid["tickets"][0]["code"]);
        let one = scanner(server, &show, json!({"name": "One"})).await;
        let two = scanner(server, &show, json!({"name": "Two"})).await;
        scan(server, &show, &one, json!({"code": code, "nonce": "1"})).await.expect(201);
        scan(server, &show, &one, json!({"code": code, "nonce": "1"})).await.expect(201);
        let refused = scan(server, &show, &two, json!({"code": code, "nonce": "1"})).await.expect(200);
        assert_eq!(refused["reason"], "already_redeemed");
    })
    .await;
}

#[tokio::test]
async fn a_key_of_a_scanner_is_remembered_without_itself() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let body = || json!({"name": "North 1"});
        let path = show.path("/scanners");
        let first = server.post_keyed(Some(&show.organizer), &path, "k1", body()).await.expect(201);
        let again = server.post_keyed(Some(&show.organizer), &path, "k1", body()).await.expect(201);
        assert_eq!((first["key"].is_string(), again["key"].is_null()), (true, true));
        assert_eq!(first["scanner"], again["scanner"]);
        // A key for everything opens no more of another event by being called one of a scanner.
        let everything = json!({"name": "All", "scopes": ["scan"], "password": PASSWORD});
        let rival = server.organizer().await;
        let key = text(&server.post(Some(&rival), "/me/api-keys", everything).await.expect(201)["key"]);
        let stranger = Scanner { id: String::new(), key };
        call(server, &stranger, Method::GET, &show.path("/gate/bundle"), None).await.problem(404, "EVENT_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn refused_scans_are_listed_for_staff() {
    on_each_store(async |server: &TestServer| {
        let (show, buyer) = (Show::on_sale(server).await, server.attendee().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let device = scanner(server, &show, json!({"name": "One"})).await;
        let exit = json!({"code": paid["tickets"][0]["code"], "nonce": "1", "direction": "exit"});
        scan(server, &show, &device, exit).await.expect(200);
        scan(server, &show, &device, json!({"code": "forged", "nonce": "2"})).await.expect(200);
        let listed = async || server.get(Some(&show.organizer), &show.path("/gate/refusals")).await.expect(200);
        let mut items = Vec::new();
        // They are written once a second, apart from any scan.
        for _ in 0..100 {
            items = listed().await["items"].as_array().unwrap().clone();
            if items.len() == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // Those of one millisecond stand in any order.
        items.sort_by_key(|it| text(&it["reason"]));
        let told: Vec<_> = items.iter().map(|it| (text(&it["reason"]), text(&it["direction"]))).collect();
        let expected = [("invalid", "entry"), ("not_inside", "exit")];
        assert_eq!(told, expected.map(|(reason, direction)| (reason.to_owned(), direction.to_owned())));
        assert_eq!((&items[0]["ticket_id"], &items[1]["ticket_id"]), (&Value::Null, &paid["tickets"][0]["id"]));
        assert!(items.iter().all(|it| it["scanner_id"] == json!(device.id)));
    })
    .await;
}
