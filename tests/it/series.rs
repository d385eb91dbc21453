//! One show at many times: sessions are events of their own that share words.

use serde_json::{Value, json};
use usher_tests::server::{Session, TestServer};

use crate::show::{Show, faults, on_each_store, text};

const DATES: [&str; 3] = ["2035-05-01T19:00:00Z", "2035-05-02T19:00:00Z", "2035-05-03T19:00:00Z"];

/// Three sessions, of which the template is the first; drafts.
async fn three(server: &TestServer) -> (Show, Value) {
    let show = Show::draft_with(server, json!({"city": "Graz", "timezone": "Europe/Vienna"})).await;
    let sessions: Vec<Value> = DATES.iter().map(|at| json!({"starts_at": at})).collect();
    let made = server.post(Some(&show.organizer), "/series", json!({"template": show.id, "sessions": sessions})).await;
    (show, made.expect(201))
}

fn path(made: &Value, rest: &str) -> String {
    format!("/series/{}{rest}", text(&made["series"]["id"]))
}

async fn sessions(server: &TestServer, who: Option<&Session>, made: &Value) -> Vec<Value> {
    server.get(who, &path(made, "/sessions")).await.expect(200)["items"].as_array().unwrap().clone()
}

fn ids(sessions: &[Value]) -> Vec<String> {
    sessions.iter().map(|session| text(&session["id"])).collect()
}

async fn entries(server: &TestServer, who: Option<&Session>, event: &str, action: &str) -> Vec<Value> {
    let log = server.get(who, &format!("/events/{event}/audit-log")).await.expect(200);
    log["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == action).cloned().collect()
}

async fn buy(server: &TestServer, event: &str, seat: &str) {
    let buyer = server.attendee().await;
    let hold = json!({"items": [{"seat": seat}]});
    let hold = server.post(Some(&buyer), &format!("/events/{event}/holds"), hold).await.expect(201);
    let order = json!({"event_id": event, "hold_id": hold["id"]});
    let order = server.post(Some(&buyer), "/orders", order).await.expect(201);
    let pay = format!("/orders/{}/pay", text(&order["id"]));
    server.post(Some(&buyer), &pay, json!({"method": "mock"})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_session_is_an_event_of_its_own_and_the_series_shows_the_published_ones() {
    on_each_store(async |server: &TestServer| {
        let (show, made) = three(server).await;
        let organizer = Some(&show.organizer);
        assert_eq!(made["series"]["sessions"], 3);
        let all = sessions(server, organizer, &made).await;
        assert_eq!(all.iter().map(|it| text(&it["starts_at"])).collect::<Vec<_>>(), DATES);
        assert_eq!(ids(&all)[0], show.id, "the template is the session of its own date");
        for session in &all {
            assert_eq!((&session["title"], &session["city"]), (&json!("A small show"), &json!("Graz")));
            assert_eq!(session["series_id"], made["series"]["id"]);
        }
        // Nobody sees what is not published.
        server.get(None, &path(&made, "")).await.problem(404, "SERIES_NOT_FOUND");
        server.get(None, &path(&made, "/sessions")).await.problem(404, "SERIES_NOT_FOUND");
        let rival = server.organizer().await;
        server.get(Some(&rival), &path(&made, "")).await.problem(404, "SERIES_NOT_FOUND");
        assert_eq!(server.get(None, "/series").await.expect(200)["items"], json!([]));

        let second = &ids(&all)[1];
        server.post(organizer, &format!("/events/{second}/publish"), json!({})).await.expect(200);
        let public = server.get(None, &path(&made, "")).await.expect(200);
        assert_eq!((&public["sessions"], &public["first_starts_at"]), (&json!(1), &json!(DATES[1])));
        assert_eq!(ids(&sessions(server, None, &made).await), std::slice::from_ref(second));
        assert_eq!(server.get(None, "/series").await.expect(200)["items"][0]["id"], made["series"]["id"]);
        let mine = server.get(organizer, "/series?mine=true").await.expect(200);
        assert_eq!(mine["items"][0]["sessions"], 3);

        let outcome = server.post(organizer, &path(&made, "/publish"), json!({})).await.expect(200);
        let statuses: Vec<_> = outcome["items"].as_array().unwrap().iter().map(|it| text(&it["status"])).collect();
        assert_eq!(statuses, ["published"; 3]);
        // What is sold of one is free in the others.
        buy(server, second, "A-1-1").await;
        for (at, sold) in [(0, 0), (1, 1), (2, 0)] {
            let free = server.get(None, &format!("/events/{}/availability", ids(&all)[at])).await.expect(200);
            assert_eq!(free["totals"]["sold"], sold);
        }
        let first = server.get(None, &path(&made, "/sessions?limit=2")).await.expect(200);
        let cursor = text(&first["next_cursor"]);
        let rest = server.get(None, &path(&made, &format!("/sessions?limit=2&cursor={cursor}"))).await.expect(200);
        assert_eq!(ids(first["items"].as_array().unwrap()), ids(&all)[..2]);
        assert_eq!(ids(rest["items"].as_array().unwrap()), ids(&all)[2..]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_reaches_every_session_that_may_still_change_so() {
    on_each_store(async |server: &TestServer| {
        let (show, made) = three(server).await;
        let organizer = Some(&show.organizer);
        server.post(organizer, &path(&made, "/publish"), json!({})).await.expect(200);
        let all = ids(&sessions(server, organizer, &made).await);
        buy(server, &all[1], "A-1-1").await;
        server.post(organizer, &format!("/events/{}/cancel", all[2]), json!({})).await.expect(200);

        let moved = json!({"title": "Moved", "city": "Linz", "tags": ["jazz"]});
        let answer = server.patch(organizer, &path(&made, ""), moved).await.expect(200);
        assert_eq!(answer["changed"], json!([all[0]]));
        assert_eq!(
            answer["kept"],
            json!([
                {"event_id": all[2], "code": "EVENT_CANCELLED"},
                {"event_id": all[1], "code": "EVENT_FIELD_FROZEN", "fields": ["city"]},
            ])
        );
        assert_eq!((&answer["series"]["title"], &answer["series"]["city"]), (&json!("Moved"), &json!("Linz")));
        let shown = async |at: usize| server.get(organizer, &format!("/events/{}", all[at])).await.expect(200);
        assert_eq!((&shown(0).await["title"], &shown(0).await["city"]), (&json!("Moved"), &json!("Linz")));
        assert_eq!((&shown(1).await["title"], &shown(1).await["city"]), (&json!("A small show"), &json!("Graz")));
        // It has kept its title: nobody else can take it.
        let mut words = crate::show::words();
        words["starts_at"] = json!(DATES[1]);
        server.post(organizer, "/events", words).await.problem(409, "EVENT_TITLE_TAKEN");

        let answer = server.patch(organizer, &path(&made, ""), json!({"description": "New"})).await.expect(200);
        assert_eq!(answer["changed"], json!([all[0], all[1]]), "words may change after a sale");
        let updates = entries(server, organizer, &all[1], "event.update").await;
        assert_eq!((updates.len(), &updates[0]["new"]["description"]), (1, &json!("New")));

        let problem = server.patch(organizer, &path(&made, ""), json!({"title": "", "timezone": "Mars"})).await;
        let problem = problem.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&problem).len(), 2);

        // New sessions say what the series says.
        let added = json!({"repeat": {"every": "week", "count": 2, "starts_at": "2035-10-25T17:00:00Z"}});
        let added = server.post(organizer, &path(&made, "/sessions"), added).await.expect(201);
        let added = added["sessions"].as_array().unwrap();
        assert_eq!((&added[0]["title"], &added[0]["city"]), (&json!("Moved"), &json!("Linz")));
        assert_eq!(added[1]["starts_at"], "2035-11-01T18:00:00Z", "the clocks have changed in between");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_made_all_or_none_and_once_per_key() {
    on_each_store(async |server: &TestServer| {
        let (show, made) = three(server).await;
        let organizer = Some(&show.organizer);
        let taken = json!({"sessions": [{"starts_at": "2035-06-01T19:00:00Z"}, {"starts_at": DATES[2]}]});
        server.post(organizer, &path(&made, "/sessions"), taken).await.problem(409, "EVENT_TITLE_TAKEN");
        assert_eq!(sessions(server, organizer, &made).await.len(), 3);
        for (body, field) in [
            (json!({}), ""),
            (json!({"sessions": []}), "sessions"),
            (json!({"sessions": [{"starts_at": "2001-01-01T00:00:00Z"}]}), "sessions[0].starts_at"),
            (json!({"repeat": {"every": "day", "count": 51, "starts_at": DATES[0]}}), "repeat.count"),
        ] {
            let problem =
                server.post(organizer, &path(&made, "/sessions"), body).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(faults(&problem)[0].0, field);
        }

        let body = json!({"sessions": [{"starts_at": "2035-06-01T19:00:00Z"}, {"starts_at": "2035-06-02T19:00:00Z"}]});
        let first = server.post_keyed(organizer, &path(&made, "/sessions"), "k1", body.clone()).await.expect(201);
        let again = server.post_keyed(organizer, &path(&made, "/sessions"), "k1", body).await.expect(201);
        assert_eq!(ids(first["sessions"].as_array().unwrap()), ids(again["sessions"].as_array().unwrap()));
        assert_eq!(sessions(server, organizer, &made).await.len(), 5);

        let again = json!({"template": show.id, "sessions": [{"starts_at": "2036-06-01T19:00:00Z"}]});
        server.post(organizer, "/series", again).await.problem(409, "EVENT_IN_SERIES");
        let foreign = Show::on_sale(server).await;
        let body = json!({"template": foreign.id, "sessions": [{"starts_at": "2036-06-01T19:00:00Z"}]});
        server.post(organizer, &path(&made, "/sessions"), body.clone()).await.problem(404, "EVENT_NOT_FOUND");
        server.post(organizer, "/series", body).await.problem(404, "EVENT_NOT_FOUND");
        let body = json!({"sessions": [{"starts_at": "2036-06-01T19:00:00Z"}]});
        server.post(Some(&foreign.organizer), &path(&made, "/sessions"), body).await.problem(404, "SERIES_NOT_FOUND");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_outlive_their_series() {
    on_each_store(async |server: &TestServer| {
        let (show, made) = three(server).await;
        let organizer = Some(&show.organizer);
        server.post(organizer, &path(&made, "/publish"), json!({})).await.expect(200);
        let all = ids(&sessions(server, organizer, &made).await);
        buy(server, &all[1], "A-1-1").await;
        let one = path(&made, &format!("/sessions/{}", all[1]));
        assert_eq!(server.delete(organizer, &one).await.status, 204);
        server.delete(organizer, &one).await.problem(404, "EVENT_NOT_FOUND");
        let alone = server.get(None, &format!("/events/{}", all[1])).await.expect(200);
        assert_eq!((alone.get("series_id"), &alone["status"]), (None, &json!("published")));
        assert_eq!(ids(&sessions(server, None, &made).await), [all[0].clone(), all[2].clone()]);

        let outcome = server.post_keyed(organizer, &path(&made, "/cancel"), "k1", json!({})).await.expect(200);
        assert_eq!(server.post_keyed(organizer, &path(&made, "/cancel"), "k1", json!({})).await.expect(200), outcome);
        let statuses: Vec<_> = outcome["items"].as_array().unwrap().iter().map(|it| text(&it["status"])).collect();
        assert_eq!(statuses, ["cancelled"; 2]);
        for event in [&all[0], &all[2]] {
            assert_eq!(entries(server, organizer, event, "event.cancel").await.len(), 1);
        }
        // What is cancelled is not published again, and says so.
        let outcome = server.post(organizer, &path(&made, "/publish"), json!({})).await.expect(200);
        assert_eq!(outcome["items"][0]["code"], "EVENT_CANCELLED");

        assert_eq!(server.delete(organizer, &path(&made, "")).await.status, 204);
        server.get(organizer, &path(&made, "")).await.problem(404, "SERIES_NOT_FOUND");
        assert_eq!(server.get(None, &format!("/events/{}", all[0])).await.expect(200)["status"], "cancelled");
    })
    .await;
}
