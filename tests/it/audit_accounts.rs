//! Who changed what about accounts and venues: each change is one entry, kept with it and without secrets.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{PASSWORD, Session, TestServer, send};

use crate::second_factor;
use crate::show::{self, Show, on_each_store, text};

/// Newest first.
async fn entries(server: &TestServer, query: &str) -> Vec<Value> {
    let admin = server.admin().await;
    let path = format!("/admin/audit-log?{query}");
    server.get(Some(&admin), &path).await.expect(200)["items"].as_array().unwrap().clone()
}

async fn actions(server: &TestServer, query: &str) -> Vec<String> {
    entries(server, query).await.iter().rev().map(|entry| text(&entry["action"])).collect()
}

async fn delete(server: &TestServer, session: &Session, path: &str, body: Value) {
    let request = server.request(Method::DELETE, path).bearer_auth(&session.access_token);
    send(request.json(&body)).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_account_does_to_its_own_locks_is_written_down() {
    on_each_store(async |server: &TestServer| {
        let user = server.attendee().await;
        let (_, codes) = second_factor::enrol(server, &user).await;
        let off = json!({"password": PASSWORD, "code": codes[0]});
        delete(server, &user, "/me/second-factor", off).await;
        let key = json!({"name": "Till", "scopes": ["scan"], "password": PASSWORD});
        let key = server.post(Some(&user), "/me/api-keys", key).await.expect(201);
        server.delete(Some(&user), &format!("/me/api-keys/{}", text(&key["api_key"]["id"]))).await.expect(204);
        let change = json!({"current_password": PASSWORD, "new_password": "another horse"});
        server.put(Some(&user), "/me/password", change).await.expect(204);
        for _ in 0..2 {
            server.patch(Some(&user), "/me", json!({"name": "Ada Lovelace", "reminders": false})).await.expect(200);
        }
        let expected = [
            "second_factor.on",
            "second_factor.off",
            "api_key.create",
            "api_key.revoke",
            "password.change",
            "profile.update",
            "profile.update",
        ];
        assert_eq!(actions(server, &format!("actor={}", user.id)).await, expected);
        let made = entries(server, &format!("object={}&action=user.register", user.id)).await;
        assert_eq!((made.len(), &made[0]["via"]), (1, &json!("anonymous")));
        let renamed = entries(server, &format!("object={}&action=profile.update", user.id)).await;
        assert_eq!(renamed[1]["new"], json!({"name": true}), "that, and not which: nothing is taken out of the log");
        let mails = server.app().state().store.mail_list_to(&user.email, None, 100).await.unwrap();
        let told: Vec<&str> = mails.iter().rev().map(|mail| mail.kind.as_str()).collect();
        let expected =
            ["confirm_email", "second_factor_on", "second_factor_off", "api_key_created", "password_changed"];
        assert_eq!(told, expected);
        let on = entries(server, &format!("object={}&action=second_factor.on", user.id)).await;
        assert_eq!(on[0]["new"], json!({"recovery_codes_made": 10}));
        let whole = json!(entries(server, &format!("actor={}", user.id)).await).to_string();
        for secret in codes.iter().chain([&text(&key["key"]), &user.access_token]) {
            assert!(!whole.contains(secret.as_str()), "{secret}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_that_is_ended_is_one_entry_however_often_it_is_ended() {
    on_each_store(async |server: &TestServer| {
        let user = server.attendee().await;
        let other = server.login(&user.email, PASSWORD).await;
        let sessions = server.get(Some(&user), "/me/sessions").await.expect(200);
        let of_other = sessions["items"].as_array().unwrap().iter().find(|session| session["is_current"] == false);
        let of_other = text(&of_other.unwrap()["id"]);
        for _ in 0..2 {
            server.delete(Some(&user), &format!("/me/sessions/{of_other}")).await.expect(204);
        }
        let own = entries(server, &format!("object={of_other}")).await;
        assert_eq!(own.len(), 1);
        assert_eq!((&own[0]["action"], &own[0]["actor_id"]), (&json!("session.end"), &json!(user.id)));
        // Nothing is left to end but the one that asks, which stays.
        delete(server, &user, "/me/sessions", json!({"keep_current": true})).await;
        server.post(None, "/auth/logout", json!({"refresh_token": other.refresh_token})).await.expect(204);
        server.login(&user.email, PASSWORD).await;
        let all = json!({"refresh_token": user.refresh_token, "all": true});
        for _ in 0..2 {
            server.post(None, "/auth/logout", all.clone()).await.expect(204);
        }
        let ended = entries(server, &format!("object={}&action=session.end_all", user.id)).await;
        assert_eq!(ended.len(), 1, "{ended:?}");
        assert_eq!(ended[0]["via"], "anonymous", "whoever has the refresh token");
        assert_eq!(entries(server, "action=session.end").await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_is_written_down_without_the_person() {
    on_each_store(async |server: &TestServer| {
        let (by_himself, by_admin) = (server.attendee().await, server.attendee().await);
        delete(server, &by_himself, "/me", json!({"password": PASSWORD})).await;
        let admin = server.admin().await;
        server.delete(Some(&admin), &format!("/users/{}", by_admin.id)).await.expect(204);
        for (erased, actor) in [(&by_himself, &by_himself), (&by_admin, &admin)] {
            let found = entries(server, &format!("object={}&action=user.erase", erased.id)).await;
            assert_eq!(found.len(), 1);
            assert_eq!(found[0]["actor_id"], json!(actor.id));
            assert!(!json!(found).to_string().contains(&erased.email));
        }
        let own = entries(server, &format!("object={}&action=user.erase", by_himself.id)).await.swap_remove(0);
        for personal in ["ip", "user_agent", "old", "new"] {
            assert!(own.get(personal).is_none_or(Value::is_null), "{personal}: {own}");
        }
        // One that is refused is none.
        let last = send(server.request(Method::DELETE, "/me").bearer_auth(&admin.access_token).json(&json!({
            "password": PASSWORD
        })));
        last.await.problem(409, "LAST_ADMIN");
        assert_eq!(entries(server, "action=user.erase").await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lockout_is_one_entry_when_it_begins() {
    on_each_store(async |server: &TestServer| {
        let user = server.attendee().await;
        let (app, _) = second_factor::enrol(server, &user).await;
        let wrong = app.wrong();
        let locked = format!("object={}&action=login.locked", user.id);
        for _ in 0..2 {
            assert!(entries(server, &locked).await.is_empty());
            let challenge = second_factor::challenge(server, &user).await;
            for _ in 0..5 {
                second_factor::answer(server, &challenge, &wrong).await.problem(401, "SECOND_FACTOR_WRONG");
            }
        }
        let challenge = second_factor::challenge(server, &user).await;
        for _ in 0..3 {
            second_factor::answer(server, &challenge, &wrong).await.problem(429, "RATE_LIMITED");
        }
        let found = entries(server, &locked).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0]["via"], &found[0]["ip"]), (&json!("anonymous"), &json!("127.0.0.1")));
        assert_eq!(found[0]["new"], json!({"wrong_codes": 10, "window_s": 3_600}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_venue_and_its_maps_are_followed_from_first_to_last() {
    on_each_store(async |server: &TestServer| {
        let owner = server.organizer().await;
        let house = json!({"name": "The house", "city": "Graz", "country": "AT", "timezone": "Europe/Vienna"});
        let venue = server.post_keyed(Some(&owner), "/venues", "v-1", house.clone()).await.expect(201);
        server.post_keyed(Some(&owner), "/venues", "v-1", house).await.expect(201);
        let path = format!("/venues/{}", text(&venue["id"]));
        for _ in 0..2 {
            server.patch(Some(&owner), &path, json!({"name": "The hall"})).await.expect(200);
        }
        let map = format!("{path}/seat-maps/concert");
        server.put(Some(&owner), &map, show::seat_map()).await.expect(200);
        server.delete(Some(&owner), &map).await.expect(204);
        server.delete(Some(&owner), &map).await.problem(404, "SEAT_MAP_NOT_FOUND");
        server.delete(Some(&owner), &path).await.expect(204);
        let query = format!("object={}", text(&venue["id"]));
        let expected = ["venue.create", "venue.update", "venue_seat_map.set", "venue_seat_map.delete", "venue.delete"];
        assert_eq!(actions(server, &query).await, expected);
        let update = entries(server, &format!("{query}&action=venue.update")).await;
        assert_eq!(
            (&update[0]["old"], &update[0]["new"]),
            (&json!({"name": "The house"}), &json!({"name": "The hall"}))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_are_followed_too() {
    on_each_store(async |server: &TestServer| {
        let show = Show::draft_with(server, json!({})).await;
        let logo: &[u8] = include_bytes!("pictures/logo.png");
        let send_picture = async |method: Method, path: &str, status: u16| {
            let request = server.request(method, path).bearer_auth(&show.organizer.access_token);
            send(request.header("content-type", "image/png").body(logo)).await.expect(status)
        };
        let first = text(&send_picture(Method::POST, &show.path("/images"), 201).await["id"]);
        let second = text(&send_picture(Method::POST, &show.path("/images"), 201).await["id"]);
        let order = json!({"order": [second, first]});
        for _ in 0..2 {
            server.put(Some(&show.organizer), &show.path("/images"), order.clone()).await.expect(200);
        }
        server.delete(Some(&show.organizer), &show.path(&format!("/images/{first}"))).await.expect(204);
        send_picture(Method::PUT, "/me/avatar", 200).await;
        for _ in 0..2 {
            server.delete(Some(&show.organizer), "/me/avatar").await.expect(204);
        }
        let all = actions(server, &format!("actor={}", show.organizer.id)).await;
        let all: Vec<&str> =
            all.iter().map(String::as_str).filter(|name| name.contains("image") || name.contains("avatar")).collect();
        let expected = ["image.add", "image.add", "image.order", "image.delete", "avatar.set", "avatar.delete"];
        assert_eq!(all, expected);
        let order = entries(server, &format!("object={}&action=image.order", show.id)).await;
        assert_eq!(
            (&order[0]["old"], &order[0]["new"]),
            (&json!({"order": [first, second]}), &json!({"order": [second, first]}))
        );
    })
    .await;
}
