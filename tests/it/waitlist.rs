//! Waitlists as buyers and organizers meet them; the rules of the order are proven in the core.

use inventory::{EventId, Lsn, OutboxKind};
use serde_json::{Value, json};
use usher_tests::server::{PASSWORD, Session, TestServer, send};

use crate::show::{Show, on_each_store, text};

async fn switch_on(server: &TestServer, show: &Show) {
    let on = json!({"active": true, "offer_minutes": 60});
    let set = server.put(Some(&show.organizer), &show.path("/waitlist/settings"), on).await.expect(200);
    assert_eq!((&set["offer_minutes"], &set["closes_at"]), (&json!(60), &json!("2035-05-01T13:00:00Z")));
}

async fn mine(server: &TestServer, show: &Show, who: &Session) -> Value {
    server.get(Some(who), &show.path("/waitlist")).await.expect(200)["entry"].clone()
}

/// The balcony: a row of ten.
fn balcony(show: &Show, quantity: u32) -> Value {
    json!({"tier": show.seats, "section": "B", "quantity": quantity})
}

async fn join(server: &TestServer, show: &Show, who: &Session, wish: Value) -> Value {
    server.post(Some(who), &show.path("/waitlist"), wish).await.expect(201)
}

fn seats(numbers: std::ops::RangeInclusive<u32>) -> Value {
    numbers.map(|number| json!({"seat": format!("B-1-{number}")})).collect()
}

/// Of the event's work that is left to do or done: how many offers were to be written.
async fn offers_told(server: &TestServer, show: &Show) -> usize {
    let event = EventId::from_uuid(show.id.parse().unwrap());
    let outbox = server.app().state().store.outbox_list(event, Lsn::ZERO, 200).await.unwrap();
    outbox.iter().filter(|work| work.kind == OutboxKind::WaitlistOffer).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn freed_seats_go_to_those_who_wait_and_parties_stay_together() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let (sue, pat, ann, bob, eve) = (
            server.attendee().await,
            server.attendee().await,
            server.attendee().await,
            server.attendee().await,
            server.attendee().await,
        );
        let list = show.path("/waitlist");
        server.post(Some(&ann), &list, balcony(&show, 3)).await.problem(409, "WAITLIST_OFF");
        switch_on(server, &show).await;
        server.post(Some(&ann), &list, balcony(&show, 3)).await.problem(409, "WAITLIST_NOT_NEEDED");
        let held = show.hold(server, &sue, seats(1..=3)).await;
        let other = show.hold(server, &pat, seats(4..=10)).await;

        let entry = join(server, &show, &ann, balcony(&show, 3)).await;
        assert_eq!((&entry["status"], &entry["position"]), (&json!("waiting"), &json!(1)));
        assert_eq!(join(server, &show, &bob, balcony(&show, 1)).await["position"], 2);
        server.post(Some(&ann), &list, balcony(&show, 1)).await.problem(409, "WAITLIST_JOINED");
        server.post(Some(&eve), &list, balcony(&show, 11)).await.problem(422, "UNITS_PER_HOLD_EXCEEDED");

        // The turn that frees them holds them for whoever comes first.
        server.delete(Some(&sue), &show.path(&format!("/holds/{}", text(&held["id"])))).await.expect(204);
        let best = json!({"items": [{"best_available": {"quantity": 1, "section": "B"}}]});
        server.post(Some(&eve), &show.path("/holds"), best.clone()).await.problem(409, "NOT_ENOUGH_SEATS");
        let entry = mine(server, &show, &ann).await;
        assert_eq!((&entry["status"], entry.get("position")), (&json!("offered"), None));
        assert!(entry["offer"]["expires_at"].is_string(), "{entry}");
        assert_eq!(mine(server, &show, &bob).await["position"], 1);
        assert_eq!(offers_told(server, &show).await, 1);

        // Given back, they go on; what fits nobody who waits is everybody's.
        server.delete(Some(&ann), &list).await.expect(204);
        server.delete(Some(&ann), &list).await.expect(204);
        assert_eq!(mine(server, &show, &ann).await["status"], "left");
        let offered = mine(server, &show, &bob).await;
        assert_eq!(offers_told(server, &show).await, 2);
        let order = json!({"event_id": show.id, "hold_id": offered["offer"]["hold_id"]});
        server.post(Some(&eve), "/orders", order.clone()).await.problem(404, "HOLD_NOT_FOUND");
        let order = server.post(Some(&bob), "/orders", order).await.expect(201);
        let pay = format!("/orders/{}/pay", text(&order["id"]));
        let paid = server.post(Some(&bob), &pay, json!({"method": "mock"})).await.expect(200);
        assert_eq!(paid["tickets"].as_array().unwrap().len(), 1);
        assert_eq!(mine(server, &show, &bob).await["status"], "accepted");
        server.post(Some(&eve), &show.path("/holds"), best).await.expect(201);

        let entries = show.path("/waitlist/entries");
        let all = server.get(Some(&show.organizer), &entries).await.expect(200);
        let told: Vec<&str> =
            all["items"].as_array().unwrap().iter().map(|it| it["status"].as_str().unwrap()).collect();
        assert_eq!(told, ["left", "accepted"]);
        let page = server.get(Some(&show.organizer), &format!("{entries}?status=accepted&limit=1")).await.expect(200);
        assert_eq!(page["items"][0]["quantity"], 1);
        server.delete(Some(&pat), &show.path(&format!("/holds/{}", text(&other["id"])))).await.expect(204);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn places_that_others_wait_for_are_had_by_the_list_alone() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        switch_on(server, &show).await;
        let (sue, ann, eve, cat) =
            (server.attendee().await, server.attendee().await, server.attendee().await, server.attendee().await);
        let one = show.hold(server, &sue, seats(5..=5)).await;
        show.hold(server, &sue, seats(1..=4)).await;
        show.hold(server, &sue, seats(6..=10)).await;
        join(server, &show, &ann, balcony(&show, 2)).await;
        server.delete(Some(&sue), &show.path(&format!("/holds/{}", text(&one["id"])))).await.expect(204);
        // One seat is free, and two are waited for.
        let seat = json!({"items": [{"seat": "B-1-5"}]});
        server.post(Some(&eve), &show.path("/holds"), seat.clone()).await.problem(409, "WAITLIST_FIRST");
        // Elsewhere nobody waits.
        show.hold(server, &eve, json!([{"seat": "A-1-1"}])).await;
        let entry = join(server, &show, &eve, balcony(&show, 1)).await;
        assert_eq!(entry["status"], "offered", "{entry}");

        // The organizer's word.
        let own = show.path(&format!("/waitlist/entries/{}", ann.id));
        server.delete(Some(&ann), &own).await.problem(403, "ROLE_REQUIRED");
        server.delete(Some(&show.organizer), &own).await.expect(204);
        server.delete(Some(&show.organizer), &own).await.problem(404, "WAITLIST_ENTRY_NOT_FOUND");
        assert_eq!(mine(server, &show, &ann).await["status"], "removed");
        let log = server.get(Some(&show.organizer), &show.path("/audit-log")).await.expect(200);
        let actions: Vec<&str> =
            log["items"].as_array().unwrap().iter().map(|it| it["action"].as_str().unwrap()).collect();
        assert!(actions.contains(&"waitlist.set") && actions.contains(&"waitlist_entry.remove"), "{actions:?}");

        // Switched off, what is free is everybody's, and those who wait go home.
        join(server, &show, &cat, balcony(&show, 2)).await;
        let offered = show.path(&format!("/waitlist/entries/{}", eve.id));
        server.delete(Some(&show.organizer), &offered).await.expect(204);
        assert_eq!(mine(server, &show, &eve).await["status"], "removed", "with what was offered");
        server.post(Some(&sue), &show.path("/holds"), seat.clone()).await.problem(409, "WAITLIST_FIRST");
        let off = json!({"active": false});
        server.put(Some(&show.organizer), &show.path("/waitlist/settings"), off).await.expect(200);
        show.hold(server, &cat, seat["items"].clone()).await;
        let is_closed = async {
            while mine(server, &show, &cat).await["status"] != "closed" {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), is_closed).await.expect("the list is closed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_is_written_about_and_an_erased_account_waits_for_nothing() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        switch_on(server, &show).await;
        let (sue, ann, bob) = (server.attendee().await, server.attendee().await, server.attendee().await);
        let held = show.hold(server, &sue, seats(1..=10)).await;
        join(server, &show, &ann, balcony(&show, 2)).await;
        join(server, &show, &bob, balcony(&show, 9)).await;
        server.delete(Some(&sue), &show.path(&format!("/holds/{}", text(&held["id"])))).await.expect(204);
        let admin = server.admin().await;
        let is_written = async {
            loop {
                let mails = server.get(Some(&admin), "/admin/mails?limit=200").await.expect(200);
                let is_offer = |mail: &&Value| mail["kind"] == "waitlist_offer";
                if let Some(mail) = mails["items"].as_array().unwrap().iter().find(is_offer) {
                    return mail.clone();
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let mail = tokio::time::timeout(std::time::Duration::from_secs(20), is_written).await.expect("a mail");
        assert_eq!((&mail["subject"], &mail["recipient"]), (&json!("Places for you: A small show"), &json!(ann.email)));
        let export = server.get(Some(&ann), "/me/export").await.expect(200);
        assert_eq!(export["waitlist_entries"][0]["status"], "offered");

        let erase = json!({"password": PASSWORD});
        let request = server.request(reqwest::Method::DELETE, "/me").bearer_auth(&ann.access_token).json(&erase);
        send(request).await.expect(204);
        // What was his goes on to the next.
        let entry = mine(server, &show, &bob).await;
        assert_eq!(entry["status"], "offered", "{entry}");
    })
    .await;
}

#[tokio::test]
async fn a_wish_that_says_too_much_or_too_little_is_told_where() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    switch_on(&server, &show).await;
    let ann = server.attendee().await;
    let list = show.path("/waitlist");
    let nobody = uuid::Uuid::nil();
    for (wish, code, field) in [
        (json!({"tier": show.seats, "area": "F", "section": "A", "quantity": 1}), "VALIDATION_FAILED", "section"),
        (json!({"tier": show.standing, "area": "F", "together": true, "quantity": 1}), "VALIDATION_FAILED", "together"),
        (json!({"tier": nobody, "quantity": 1}), "TIER_UNKNOWN", "tier"),
        (json!({"tier": show.seats, "section": "Z", "quantity": 1}), "SECTION_UNKNOWN", "section"),
        (json!({"tier": show.standing, "area": "Z", "quantity": 1}), "AREA_UNKNOWN", "area"),
        (json!({"tier": show.seats, "area": "F", "quantity": 1}), "TIER_NOT_FOR_PLACE", "tier"),
        (json!({"tier": show.seats, "quantity": 0}), "QUANTITY_INVALID", "quantity"),
        (json!({"tier": show.seats, "quantity": -1}), "QUANTITY_INVALID", "quantity"),
    ] {
        let problem = server.post(Some(&ann), &list, wish.clone()).await.problem(422, code);
        assert_eq!(problem["errors"][0]["field"], field, "{wish}: {problem}");
    }
    let settings = show.path("/waitlist/settings");
    for minutes in [4, 20_161] {
        let body = json!({"active": true, "offer_minutes": minutes});
        server.put(Some(&show.organizer), &settings, body).await.problem(422, "WAITLIST_INVALID");
    }
    let past = json!({"active": true, "closes_at": "2020-01-01T00:00:00Z"});
    server.put(Some(&show.organizer), &settings, past).await.problem(422, "WAITLIST_INVALID");
    server.stop().await;
}
