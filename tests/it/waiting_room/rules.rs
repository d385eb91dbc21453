//! Who gets which place, who may set a room up, and passes that go by the line.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use usher_tests::server::{TestServer, send};

use super::{attendees, in_us, number};
use crate::show::{Show, faults, on_each_store, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_joins_of_one_account_at_once_are_one_place() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        show.open_room(server, json!({"opens_at": in_us(server, 600_000_000)})).await;
        let account = server.attendee().await;
        let mut joins = JoinSet::new();
        for at in 0..100 {
            let path = format!("/events/{}/waiting-room", show.id);
            let request = server.request(Method::POST, &path).bearer_auth(&account.access_token);
            // Keys are accepted, and the same one does no harm.
            let request = if at % 2 == 0 { request.header("idempotency-key", format!("k{at}")) } else { request };
            joins.spawn(send(request.json(&json!({}))));
        }
        let numbers: Vec<u32> =
            joins.join_all().await.into_iter().map(|answer| number(&answer.expect(200)["number"])).collect();
        assert_eq!(numbers, [0; 100]);
        assert_eq!(show.join(server, &server.attendee().await).await["number"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_that_was_not_claimed_in_time_lapses_and_its_owner_joins_at_the_end() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    show.open_room(&server, json!({"claim_within_s": 10, "shoppers_max": 1, "rate_per_minute": 60_000})).await;
    let [late, next] = attendees(&server, 2).await.try_into().unwrap();
    show.join(&server, &late).await;
    show.join(&server, &next).await;
    // Nobody comes for the first place: after its time the second one is called.
    let began = tokio::time::Instant::now();
    let admitted = show.until(&server, &next, "admitted").await;
    assert!(began.elapsed() >= Duration::from_secs(9), "{admitted}");
    assert_eq!(show.place(&server, &late).await["state"], "lapsed");
    let again = show.join(&server, &late).await;
    assert_eq!((&again["state"], &again["number"], &again["position"]), (&json!("waiting"), &json!(2), &json!(0)));
    assert_eq!(show.join(&server, &late).await["number"], 2);
    assert_eq!(server.delete(Some(&next), &show.room("")).await.status, 204);
    show.until(&server, &late, "admitted").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shopping_renews_a_session_and_looking_does_not() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    show.open_room(&server, json!({"session_s": 30})).await;
    let account = server.attendee().await;
    show.join(&server, &account).await;
    let first = show.until(&server, &account, "admitted").await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let looked = show.place(&server, &account).await;
    assert_eq!((&looked["session_until"], &looked["pass"]), (&first["session_until"], &first["pass"]));
    show.hold_with(&server, &account, &first["pass"], 1).await.expect(201);
    let renewed = show.place(&server, &account).await;
    assert!(text(&renewed["session_until"]) > text(&first["session_until"]), "{renewed}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_priority_pass_lets_in_as_many_accounts_as_it_says_and_nobody_else() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        show.open_room(server, json!({"opens_at": in_us(server, 600_000_000), "shoppers_max": 1})).await;
        let accounts = attendees(server, 3).await;
        let issue =
            async |wanted: Value| server.post(Some(&show.organizer), &show.room("/priority-passes"), wanted).await;
        let pass = issue(json!({"reason": "wheelchair users", "uses": 2})).await.expect(201);
        let body = json!({"priority_pass": pass["priority_pass"]});
        let enter = async |account, body: &Value| server.post(Some(account), &show.room(""), body.clone()).await;

        // Before the line is open, and beyond the number of shoppers.
        let first = enter(&accounts[0], &body).await.expect(200);
        assert_eq!((&first["state"], &first["number"]), (&json!("admitted"), &Value::Null));
        assert_eq!(enter(&accounts[0], &body).await.expect(200)["pass"], first["pass"], "again");
        enter(&accounts[1], &body).await.expect(200);
        enter(&accounts[2], &body).await.problem(410, "PASS_SPENT");
        show.hold_with(server, &accounts[0], &first["pass"], 1).await.expect(201);
        show.hold_with(server, &accounts[2], &first["pass"], 1).await.problem(425, "QUEUE_REQUIRED");

        let personal = issue(json!({"reason": "staff", "user_id": accounts[2].id})).await.expect(201);
        let body = json!({"priority_pass": personal["priority_pass"]});
        let refused = enter(&accounts[1], &body).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&refused), [("priority_pass".to_owned(), "INVALID".to_owned())]);
        enter(&accounts[2], &body).await.expect(200);
        let short = issue(json!({"reason": "staff", "expires_at": in_us(server, 300_000)})).await.expect(201);
        tokio::time::sleep(Duration::from_millis(350)).await;
        let late = server.attendee().await;
        enter(&late, &json!({"priority_pass": short["priority_pass"]})).await.problem(410, "PASS_EXPIRED");

        for wanted in [
            json!({"reason": ""}),
            json!({"reason": "staff", "uses": 0}),
            json!({"reason": "staff", "uses": 1_001}),
            json!({"reason": "staff", "expires_at": "2001-01-01T00:00:00Z"}),
            json!({"reason": "staff", "expires_at": "2999-01-01T00:00:00Z"}),
        ] {
            issue(wanted).await.problem(422, "VALIDATION_FAILED");
        }
        let listed = server.get(Some(&show.organizer), &show.room("/priority-passes")).await.expect(200);
        let reasons: Vec<String> =
            listed["items"].as_array().unwrap().iter().map(|pass| text(&pass["reason"])).collect();
        assert_eq!(reasons, ["staff", "staff", "wheelchair users"]);
        assert!(!listed.to_string().contains(&text(&pass["priority_pass"])), "the text is shown once");
        server.get(Some(&late), &show.room("/priority-passes")).await.problem(403, "ROLE_REQUIRED");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_set_up_by_its_organizer_alone_and_keeps_its_promises() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        let path = show.room("/settings");
        let account = server.attendee().await;
        let on = json!({"active": true});
        server.put(Some(&account), &path, on.clone()).await.problem(403, "ROLE_REQUIRED");
        server.get(Some(&account), &path).await.problem(403, "ROLE_REQUIRED");
        let stranger = server.organizer().await;
        server.put(Some(&stranger), &path, on.clone()).await.problem(404, "EVENT_NOT_FOUND");
        server.put(None, &path, on).await.problem(401, "TOKEN_MISSING");
        server.get(None, &show.room("/proof")).await.problem(404, "WAITING_ROOM_NOT_FOUND");
        assert_eq!(server.get(Some(&show.organizer), &path).await.expect(200)["active"], false);

        let put = async |settings: Value| server.put(Some(&show.organizer), &path, settings).await;
        let bad = put(json!({"active": true, "rate_per_minute": 0, "session_s": 5})).await;
        let bad = faults(&bad.problem(422, "VALIDATION_FAILED"));
        assert_eq!(bad.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["rate_per_minute", "session_s"]);
        put(json!({"active": true, "beacon": "drand"})).await.problem(422, "WAITING_ROOM_INVALID");
        put(json!({"active": true, "colour": "red"})).await.problem(422, "VALIDATION_FAILED");

        let opens_at = in_us(server, 600_000_000);
        let settings = json!({"active": true, "pre_queue_from": in_us(server, 700_000), "opens_at": opens_at});
        let shown = put(settings.clone()).await.expect(200);
        assert_eq!((&shown["rate_per_minute"], &shown["shoppers_max"]), (&json!(600), &json!(500)));
        assert_eq!(server.get(Some(&show.organizer), &path).await.expect(200), shown);
        server.post(Some(&account), &show.room(""), json!({})).await.problem(409, "WAITING_ROOM_CLOSED");
        server.get(Some(&account), &show.room("")).await.problem(404, "WAITING_PLACE_NOT_FOUND");
        // The pre-queue begins by itself.
        crate::holds::until(async || server.post(Some(&account), &show.room(""), json!({})).await.status == 200).await;
        let moved = json!({"active": true, "opens_at": opens_at});
        put(moved).await.problem(409, "WAITING_ROOM_FROZEN");
        let faster = json!({"rate_per_minute": 6_000, "claim_within_s": 30});
        let mut allowed = settings;
        allowed.as_object_mut().unwrap().extend(faster.as_object().unwrap().clone());
        assert_eq!(put(allowed).await.expect(200)["rate_per_minute"], 6_000);

        // Tickets are for one account and one event.
        let ticket = show.place(server, &account).await["place_ticket"].clone();
        let by_ticket = show.room(&format!("?place_ticket={}", text(&ticket)));
        assert_eq!(server.get(Some(&account), &by_ticket).await.expect(200)["number"], 0);
        server.get(Some(&stranger), &by_ticket).await.problem(422, "VALIDATION_FAILED");
        let body = json!({"place_ticket": ticket});
        server.post(Some(&stranger), &show.room(""), body.clone()).await.problem(422, "VALIDATION_FAILED");
        let other = Show::on_sale(server).await;
        server.post(Some(&account), &other.room(""), body).await.problem(422, "VALIDATION_FAILED");
        server.get(None, &show.room("")).await.problem(401, "TOKEN_MISSING");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_came_by_a_priority_pass_finds_himself_inside() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        show.open_room(server, json!({"opens_at": in_us(server, 600_000_000)})).await;
        let (guest, nobody) = (server.attendee().await, server.attendee().await);
        let wanted = json!({"reason": "Wheelchair"});
        let pass = server.post(Some(&show.organizer), &show.room("/priority-passes"), wanted).await.expect(201);
        server.get(Some(&guest), &show.room("")).await.problem(404, "WAITING_PLACE_NOT_FOUND");
        let body = json!({"priority_pass": pass["priority_pass"]});
        let entered = server.post(Some(&guest), &show.room(""), body).await.expect(200);
        let found = show.place(server, &guest).await;
        assert_eq!((&found["state"], &found["pass"]), (&json!("admitted"), &entered["pass"]));
        assert_eq!(found["session_until"], entered["session_until"]);
        show.hold_with(server, &guest, &found["pass"], 1).await.expect(201);
        server.get(Some(&nobody), &show.room("")).await.problem(404, "WAITING_PLACE_NOT_FOUND");
        server.delete(Some(&guest), &show.room("")).await.expect(204);
        server.get(Some(&guest), &show.room("")).await.problem(404, "WAITING_PLACE_NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_an_event_that_was_cancelled() {
    on_each_store(async |server: &TestServer| {
        let show = Show::on_sale(server).await;
        show.open_room(server, json!({"opens_at": in_us(server, 600_000_000)})).await;
        let (waiter, late) = (server.attendee().await, server.attendee().await);
        show.join(server, &waiter).await;
        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
        for account in [&waiter, &late] {
            server.post(Some(account), &show.room(""), json!({})).await.problem(410, "EVENT_CANCELLED");
            server.get(Some(account), &show.room("")).await.problem(410, "EVENT_CANCELLED");
        }
    })
    .await;
}

/// An answer that is kept for its key is no way to read in the database what is shown once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pass_that_is_answered_twice_is_not_readable_at_rest() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let path = show.room("/priority-passes");
    let wanted = json!({"reason": "Wheelchair"});
    let made = server.post_keyed(Some(&show.organizer), &path, "p-1", wanted.clone()).await.expect(201);
    let again = server.post_keyed(Some(&show.organizer), &path, "p-1", wanted.clone()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.expect(201), made);
    let home = server.stop().await;
    let pass = text(&made["priority_pass"]);
    let files = std::fs::read_dir(home.data_dir()).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(pass.len()).any(|window| window == pass.as_bytes()), "{}", file.display());
    }
    let server = TestServer::start_in(home, |_| {}).await;
    let after = server.post_keyed(Some(&show.organizer), &path, "p-1", wanted).await;
    assert_eq!(after.expect(201), made);
    server.stop().await;
}
