//! Who means to come, who comes, and what they say of it.

use chrono::{Duration, Utc};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer, send};

use crate::holds::until;
use crate::show::{Show, faults, on_each_store, text};

async fn answer(server: &TestServer, show: &Show, who: &Session, answer: &str) -> usher_tests::server::Answer {
    server.put(Some(who), &show.path("/rsvp"), json!({"answer": answer})).await
}

#[tokio::test]
async fn an_answer_is_changed_and_taken_back_within_the_limit() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let organizer = Some(&show.organizer);
        let (ann, bob) = (server.attendee().await, server.attendee().await);
        let none = server.get(Some(&ann), &show.path("/rsvp")).await.expect(200);
        assert_eq!(none, json!({"count": {"yes": 0}}));
        let limit = server.put(organizer, &show.path("/rsvps"), json!({"yes_max": 1})).await.expect(200);
        assert_eq!(limit, json!({"yes": 0, "yes_max": 1}));

        let yes = answer(server, &show, &ann, "yes").await.expect(200);
        assert_eq!((&yes["answer"], &yes["count"]), (&json!("yes"), &json!({"yes": 1, "yes_max": 1})));
        answer(server, &show, &ann, "yes").await.expect(200);
        answer(server, &show, &bob, "yes").await.problem(409, "RSVP_FULL");
        answer(server, &show, &bob, "maybe").await.expect(200);
        answer(server, &show, &bob, "perhaps").await.problem(422, "VALIDATION_FAILED");
        let low = server.put(organizer, &show.path("/rsvps"), json!({"yes_max": 0})).await;
        assert_eq!(faults(&low.problem(422, "VALIDATION_FAILED")), [("yes_max".to_owned(), "OUT_OF_RANGE".to_owned())]);
        for _ in 0..2 {
            server.delete(Some(&ann), &show.path("/rsvp")).await.expect(204);
        }
        answer(server, &show, &bob, "yes").await.expect(200);

        let list = server.get(organizer, &show.path("/rsvps?answer=yes")).await.expect(200);
        let names: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|entry| &entry["user_id"]).collect();
        assert_eq!(names, [&json!(bob.id)]);
        server.get(Some(&ann), &show.path("/rsvps")).await.problem(403, "ROLE_REQUIRED");
        server.get(Some(&server.organizer().await), &show.path("/rsvps")).await.problem(404, "EVENT_NOT_FOUND");
        server.post(organizer, &show.path("/cancel"), json!({})).await.expect(200);
        answer(server, &show, &ann, "no").await.problem(410, "EVENT_CANCELLED");
    })
    .await;
}

#[tokio::test]
async fn of_many_who_say_yes_at_once_no_more_than_the_limit_are_taken() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        server.put(Some(&show.organizer), &show.path("/rsvps"), json!({"yes_max": 5})).await.expect(200);
        let mut all = Vec::new();
        for _ in 0..12 {
            all.push(server.attendee().await);
        }
        let answers = join_all(all.iter().map(|one| answer(server, &show, one, "yes"))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 5);
        assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)));
        let count = server.get(Some(&all[0]), &show.path("/rsvp")).await.expect(200)["count"].clone();
        assert_eq!(count, json!({"yes": 5, "yes_max": 5}));
    })
    .await;
}

#[expect(clippy::disallowed_methods, reason = "it waits for an event to start")]
#[tokio::test]
async fn feedback_is_by_those_with_a_ticket_and_once_it_has_started() {
    on_each_store(async |server: &TestServer| {
        let soon = Utc::now() + Duration::seconds(4);
        let show = Show::on_sale_with(server, json!({"starts_at": soon})).await;
        let (ann, bob) = (server.attendee().await, server.attendee().await);
        show.buy(server, &ann, json!([{"seat": "A-1-1"}])).await;
        let path = show.path("/feedback");
        let say = async |who: &Session, rating: u32, text: &str| {
            server.post(Some(who), &path, json!({"rating": rating, "text": text})).await
        };
        if Utc::now() + Duration::seconds(1) < soon {
            assert!(server.get(None, &show.path("")).await.expect(200).get("feedback").is_none());
            say(&ann, 5, "Early").await.problem(409, "EVENT_NOT_STARTED");
        }
        until(async || Utc::now() > soon).await;
        let bad = say(&ann, 6, &"x".repeat(4_001)).await.problem(422, "VALIDATION_FAILED");
        let expected = [("rating", "OUT_OF_RANGE"), ("text", "LENGTH")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(faults(&bad), expected);
        say(&bob, 1, "I was not there").await.problem(403, "TICKET_REQUIRED");
        answer(server, &show, &bob, "yes").await.problem(409, "EVENT_STARTED");
        let first = say(&ann, 2, "Loud").await.expect(201);
        assert_eq!((&first["rating"], &first["text"]), (&json!(2), &json!("Loud")));
        let second = say(&ann, 4, "Loud, and good").await.expect(200);
        assert_eq!((&second["created_at"], &second["rating"]), (&first["created_at"], &json!(4)));
        let guest = show.buy(server, &bob, json!([{"seat": "A-1-2"}])).await;
        say(&bob, 1, "").await.expect(201);

        let list = server.get(None, &path).await.expect(200);
        assert_eq!(list["summary"], json!({"count": 2, "average": 2.5}));
        let event = server.get(None, &show.path("")).await.expect(200);
        assert_eq!(event["feedback"], list["summary"]);
        let texts: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|item| &item["text"]).collect();
        assert_eq!(texts, ["Loud, and good", ""]);
        // A refunded ticket is none.
        server
            .post(Some(&show.organizer), &format!("/orders/{}/refund", text(&guest["id"])), json!({}))
            .await
            .expect(200);
        say(&bob, 2, "").await.problem(403, "TICKET_REQUIRED");
    })
    .await;
}

async fn sold(server: &TestServer) -> (Show, Session, Value) {
    let show = Show::on_sale(server).await;
    let buyer = server.attendee().await;
    let hold = show.hold(server, &buyer, json!([{"seat": "A-1-1"}, {"area": "F", "quantity": 2}])).await;
    let order = json!({"event_id": show.id, "hold_id": hold["id"], "attendees": [
        {"name": "Ann Lee", "email": "ann@example.org"}, {"name": "=cmd|'/c calc'!A1"}, {"name": "Zoë, \"Z\""}]});
    let order = server.post(Some(&buyer), "/orders", order).await.expect(201);
    let pay = format!("/orders/{}/pay", text(&order["id"]));
    let paid = server.post(Some(&buyer), &pay, json!({"method": "mock"})).await.expect(200);
    show.buy(server, &server.attendee().await, json!([{"seat": "B-1-3"}])).await;
    (show, buyer, paid)
}

#[tokio::test]
async fn those_who_run_an_event_find_who_comes() {
    on_each_store(async |server: &TestServer| {
        let (show, buyer, paid) = sold(server).await;
        let find = async |query: &str| {
            let page = server.get(Some(&show.organizer), &show.path(&format!("/attendees{query}"))).await.expect(200);
            page["items"].as_array().unwrap().clone()
        };
        let all = find("").await;
        assert_eq!(all.len(), 4);
        let names = |guests: &[Value]| guests.iter().map(|guest| text(&guest["name"])).collect::<Vec<_>>();
        let mut of_order = names(&all[..3]);
        of_order.sort();
        assert_eq!(of_order, ["=cmd|'/c calc'!A1", "Ann Lee", "Zoë, \"Z\""]);
        let seat = all.iter().find(|guest| guest["seat"] == "A-1-1").unwrap();
        assert_eq!((&seat["name"], &seat["email"]), (&json!("Ann Lee"), &json!("ann@example.org")));
        assert_eq!(find("?search=B-1-3").await.len(), 1);
        assert_eq!(find("?search=ann%20L").await.len(), 3, "the order of hers");
        assert_eq!(find("?search=ZO%C3%8B").await.len(), 3, "also beyond ASCII");
        assert_eq!(find(&format!("?search={}", buyer.email)).await.len(), 3);
        assert_eq!(find("?search=%25").await.len(), 0);
        assert_eq!(find(&format!("?tier={}", show.standing)).await.len(), 2);
        assert_eq!(find("?status=checked_in").await.len(), 0);
        let code = text(&paid["tickets"][0]["code"]);
        let scan = json!({"code": code, "nonce": "1"});
        server.post(Some(&show.organizer), &show.path("/gate/scans"), scan).await.expect(201);
        assert_eq!(find("?status=checked_in").await.len(), 1);

        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = show.path(&format!("/attendees?limit=1{cursor}"));
            let page = server.get(Some(&show.organizer), &path).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(names(&seen), names(&all));

        let door = server.attendee().await;
        server.get(Some(&door), &show.path("/attendees")).await.problem(403, "ROLE_REQUIRED");
        server.get(Some(&server.organizer().await), &show.path("/attendees")).await.problem(404, "EVENT_NOT_FOUND");
        let role = json!({"email": door.email, "role": "door"});
        server.post(Some(&show.organizer), &show.path("/staff"), role).await.expect(201);
        let at_door = server.get(Some(&door), &show.path("/attendees")).await.expect(200);
        assert_eq!(at_door["items"].as_array().unwrap().len(), 4);
        assert!(!at_door.to_string().contains("example.org"), "a door needs no addresses");
        assert_eq!(find("?search=").await.len(), 4);
        let long = show.path(&format!("/attendees?search={}", "x".repeat(101)));
        server.get(Some(&show.organizer), &long).await.problem(422, "VALIDATION_FAILED");
    })
    .await;
}

#[tokio::test]
async fn attendees_are_exported_without_formulas() {
    on_each_store(async |server: &TestServer| {
        let (show, _, _) = sold(server).await;
        let request = server.request(Method::GET, &show.path("/attendees.csv"));
        let answer = request.bearer_auth(&show.organizer.access_token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
        let csv = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
        let csv = csv.strip_prefix('\u{feff}').expect("a byte order mark");
        assert!(csv.starts_with("ticket_id,order_id,name,email,seat,area,tier,status,issued_at,scanned_at\n"), "{csv}");
        assert_eq!(csv.lines().count(), 5);
        assert!(csv.contains(",'=cmd|'/c calc'!A1,") && csv.contains(",\"Zoë, \"\"Z\"\"\","), "{csv}");
        assert!(csv.contains(",ann@example.org,A-1-1,,Seat,issued,"), "{csv}");
        let request = server.request(Method::GET, &show.path("/attendees.csv?status=voided"));
        let none = request.bearer_auth(&show.organizer.access_token).send().await.unwrap().text().await.unwrap();
        assert_eq!(none.lines().count(), 1);
        let request = server.request(Method::GET, &show.path("/attendees.csv"));
        send(request.bearer_auth(&server.attendee().await.access_token)).await.problem(403, "ROLE_REQUIRED");
    })
    .await;
}

/// Door staff sees names. What it may not see it may not spell out by searching either.
#[tokio::test]
async fn an_address_is_found_by_those_alone_who_see_it() {
    on_each_store(async |server: &TestServer| {
        let (show, buyer, _) = sold(server).await;
        let (door, office) = (server.attendee().await, server.attendee().await);
        for (who, role) in [(&door, "door"), (&office, "box_office")] {
            let member = json!({"email": who.email, "role": role});
            server.post(Some(&show.organizer), &show.path("/staff"), member).await.expect(201);
        }
        let found = async |who: &Session, search: &str| {
            let path = show.path(&format!("/attendees?search={search}"));
            let page = server.get(Some(who), &path).await.expect(200);
            page["items"].as_array().unwrap().len()
        };
        for address in [buyer.email.as_str(), "ann@example.org"] {
            assert_eq!((found(&door, address).await, found(&office, address).await), (0, 3), "{address}");
        }
        assert_eq!((found(&door, "ann%20L").await, found(&office, "ann%20L").await), (3, 3));
    })
    .await;
}
