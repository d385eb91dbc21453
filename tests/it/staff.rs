//! Who works at an event: what its organizer may give away, and what it is worth.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Answer, Session, TestServer, send};

use crate::show::{Show, faults, on_each_store, text};

async fn add(server: &TestServer, show: &Show, by: &Session, who: &Session, role: &str) -> Answer {
    server.post(Some(by), &show.path("/staff"), json!({"email": who.email, "role": role})).await
}

async fn scan(server: &TestServer, show: &Show, who: &Session, code: &str, nonce: &str) -> Answer {
    server.post(Some(who), &show.path("/gate/scans"), json!({"code": code, "nonce": nonce})).await
}

fn fields(page: &Value, field: &str) -> Vec<String> {
    page["items"].as_array().expect("a page").iter().map(|item| text(&item[field])).collect()
}

#[tokio::test]
async fn door_staff_scans_at_its_event_until_it_is_sent_home() {
    on_each_store(async |server: &TestServer| {
        let (show, other) = (Show::on_sale(server).await, Show::on_sale(server).await);
        let (buyer, door) = (server.attendee().await, server.attendee().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}, {"seat": "A-1-2"}])).await;
        let code = |at: usize| text(&paid["tickets"][at]["code"]);
        scan(server, &show, &door, &code(0), "1").await.problem(403, "ROLE_REQUIRED");

        let member = add(server, &show, &show.organizer, &door, "door").await.expect(201);
        assert_eq!((&member["user_id"], &member["role"]), (&json!(door.id), &json!("door")));
        scan(server, &show, &door, &code(0), "1").await.expect(201);
        scan(server, &other, &door, &code(1), "1").await.problem(403, "ROLE_REQUIRED");
        server.patch(Some(&door), &show.path(""), json!({"title": "Mine"})).await.problem(403, "ROLE_REQUIRED");
        server.get(Some(&door), &show.path("/staff")).await.problem(403, "ROLE_REQUIRED");
        server.get(Some(&door), &format!("/orders?event={}", show.id)).await.problem(403, "ROLE_REQUIRED");

        let path = show.path(&format!("/staff/{}", door.id));
        server.delete(Some(&show.organizer), &path).await.expect(204);
        server.delete(Some(&show.organizer), &path).await.problem(404, "STAFF_MEMBER_NOT_FOUND");
        scan(server, &show, &door, &code(1), "2").await.problem(403, "ROLE_REQUIRED");
    })
    .await;
}

#[tokio::test]
async fn a_box_office_sees_orders_and_does_not_scan_before_it_is_moved_to_the_door() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (buyer, staff) = (server.attendee().await, server.organizer().await);
        let paid = show.buy(server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let (order, code) = (format!("/orders/{}", text(&paid["id"])), text(&paid["tickets"][0]["code"]));
        server.get(Some(&staff), &order).await.problem(404, "ORDER_NOT_FOUND");
        add(server, &show, &show.organizer, &staff, "box_office").await.expect(201);
        assert_eq!(server.get(Some(&staff), &order).await.expect(200)["id"], paid["id"]);
        let orders = server.get(Some(&staff), &format!("/orders?event={}", show.id)).await.expect(200);
        assert_eq!(fields(&orders, "id"), [text(&paid["id"])]);
        scan(server, &show, &staff, &code, "1").await.problem(403, "ROLE_REQUIRED");
        let refund = server.post(Some(&staff), &format!("{order}/refund"), json!({})).await;
        refund.problem(404, "ORDER_NOT_FOUND");

        let path = show.path(&format!("/staff/{}", staff.id));
        let moved = server.patch(Some(&show.organizer), &path, json!({"role": "door"})).await.expect(200);
        assert_eq!(moved["role"], "door");
        scan(server, &show, &staff, &code, "1").await.expect(201);
        server.get(Some(&staff), &order).await.problem(404, "ORDER_NOT_FOUND");
    })
    .await;
}

#[tokio::test]
async fn staff_is_managed_by_those_who_run_the_event_alone() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (door, rival, admin) = (server.attendee().await, server.organizer().await, server.admin().await);
        add(server, &show, &rival, &door, "door").await.problem(404, "EVENT_NOT_FOUND");
        add(server, &show, &door, &door, "door").await.problem(403, "ROLE_REQUIRED");
        add(server, &show, &admin, &door, "door").await.expect(201);
        add(server, &show, &show.organizer, &door, "box_office").await.problem(409, "STAFF_MEMBER_EXISTS");
        add(server, &show, &admin, &show.organizer, "door").await.problem(409, "STAFF_MEMBER_EXISTS");

        let nobody = json!({"email": "nobody@example.org", "role": "door"});
        let problem = server.post(Some(&admin), &show.path("/staff"), nobody).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&problem), [("email".to_owned(), "UNKNOWN".to_owned())]);
        let owner = json!({"email": door.email, "role": "owner"});
        server.post(Some(&admin), &show.path("/staff"), owner).await.problem(422, "VALIDATION_FAILED");

        let path = show.path(&format!("/staff/{}", door.id));
        server.delete(Some(&rival), &path).await.problem(404, "EVENT_NOT_FOUND");
        server.patch(Some(&door), &path, json!({"role": "box_office"})).await.problem(403, "ROLE_REQUIRED");
        let listed = server.get(Some(&show.organizer), &show.path("/staff")).await.expect(200);
        assert_eq!(fields(&listed, "user_id"), [door.id]);
    })
    .await;
}

#[tokio::test]
async fn adding_a_member_under_a_key_twice_is_adding_once() {
    on_each_store(async |server: &TestServer| {
        let (show, door) = (Show::on_sale(server).await, server.attendee().await);
        let body = json!({"email": door.email.to_uppercase(), "role": "door"});
        let path = show.path("/staff");
        let first = server.post_keyed(Some(&show.organizer), &path, "k", body.clone()).await.expect(201);
        let again = server.post_keyed(Some(&show.organizer), &path, "k", body).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.expect(201), first);
    })
    .await;
}

#[tokio::test]
async fn everybody_finds_the_events_he_organizes_and_works_at() {
    on_each_store(async |server: &TestServer| {
        let (first, second) = (Show::draft_with(server, json!({})).await, Show::on_sale(server).await);
        let member = &second.organizer;
        server.get(Some(member), &first.path("")).await.problem(404, "EVENT_NOT_FOUND");
        add(server, &first, &first.organizer, member, "box_office").await.expect(201);
        server.get(Some(member), &first.path("")).await.expect(200);

        let mine = server.get(Some(member), "/me/events").await.expect(200);
        let items: Vec<(String, String)> = mine["items"]
            .as_array()
            .expect("a page")
            .iter()
            .map(|item| (text(&item["event"]["id"]), text(&item["role"])))
            .collect();
        let expected = [(second.id.clone(), "organizer".to_owned()), (first.id.clone(), "box_office".to_owned())];
        assert_eq!(items, expected);
        let page = server.get(Some(member), "/me/events?limit=1").await.expect(200);
        let rest = format!("/me/events?limit=1&cursor={}", text(&page["next_cursor"]));
        let rest = server.get(Some(member), &rest).await.expect(200);
        assert_eq!((&rest["items"][0], &rest["next_cursor"]), (&mine["items"][1], &Value::Null));

        let roles = server.get(Some(member), "/me/staff-roles").await.expect(200);
        assert_eq!((fields(&roles, "event_id"), fields(&roles, "role")), (vec![first.id], vec!["box_office".into()]));
        let stranger = server.attendee().await;
        assert_eq!(server.get(Some(&stranger), "/me/events").await.expect(200)["items"], json!([]));
        send(server.request(Method::GET, "/me/events")).await.problem(401, "TOKEN_MISSING");
    })
    .await;
}

#[tokio::test]
async fn suspended_staff_does_nothing() {
    on_each_store(async |server: &TestServer| {
        let (show, door, admin) = (Show::on_sale(server).await, server.attendee().await, server.admin().await);
        add(server, &show, &show.organizer, &door, "door").await.expect(201);
        server.patch(Some(&admin), &format!("/users/{}", door.id), json!({"status": "suspended"})).await.expect(200);
        scan(server, &show, &door, "x", "1").await.problem(403, "ACCOUNT_SUSPENDED");
    })
    .await;
}
