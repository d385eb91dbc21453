//! What the server keeps about somebody, and that it is gone when he wants it gone.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Answer, PASSWORD, Session, TestServer, send};

use crate::accounts::on_both_stores;
use crate::second_factor;
use crate::show::Show;

async fn erase(server: &TestServer, session: &Session, body: Value) -> Answer {
    send(server.request(Method::DELETE, "/me").bearer_auth(&session.access_token).json(&body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_account_is_as_if_it_had_never_been() {
    on_both_stores(|server| async move {
        let (admin, account) = (server.admin().await, server.attendee().await);
        let other = server.login(&account.email, PASSWORD).await;
        for body in [json!({}), json!({"code": "123456"})] {
            let problem = erase(&server, &account, body).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(problem["errors"][0]["field"], "password");
        }
        erase(&server, &account, json!({"password": "wrong horse"})).await.problem(401, "CREDENTIALS_WRONG");
        erase(&server, &account, json!({"password": PASSWORD})).await.expect(204);

        for session in [&account, &other] {
            server.get(Some(session), "/me").await.problem(401, "TOKEN_INVALID");
            let refresh = json!({"refresh_token": session.refresh_token});
            server.post(None, "/auth/refresh", refresh).await.problem(401, "REFRESH_TOKEN_INVALID");
        }
        let login = json!({"email": account.email, "password": PASSWORD});
        server.post(None, "/auth/login", login.clone()).await.problem(401, "CREDENTIALS_WRONG");
        let users = server.get(Some(&admin), "/users").await.expect(200);
        assert!(!users.to_string().contains(&account.id) && !users.to_string().contains(&account.email), "{users}");
        let path = format!("/users/{}", account.id);
        server.patch(Some(&admin), &path, json!({"status": "active"})).await.problem(404, "USER_NOT_FOUND");

        // The address is free for somebody else, who is not the one before.
        let again = json!({"name": "Grace", "email": account.email, "password": PASSWORD});
        let user = server.post(None, "/auth/register", again).await.expect(201)["user"].clone();
        assert_ne!(user["id"], account.id.as_str());
        server.login(&account.email, PASSWORD).await;
        server.get(Some(&account), "/me").await.problem(401, "TOKEN_INVALID");

        let server = TestServer::start_in(server.stop().await, |_| {}).await;
        server.get(Some(&account), "/me").await.problem(401, "TOKEN_INVALID");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_and_tickets_outlive_the_account_without_a_person() {
    on_both_stores(|server| async move {
        let show = Show::on_sale(&server).await;
        let account = server.attendee().await;
        let order = show.buy(&server, &account, json!([{"seat": "A-1-1"}])).await;
        let path = format!("/orders?event={}", show.id);
        let before = server.get(Some(&show.organizer), &path).await.expect(200);
        assert!(before.to_string().contains(order["id"].as_str().unwrap()));
        erase(&server, &account, json!({"password": PASSWORD})).await.expect(204);
        let after = server.get(Some(&show.organizer), &path).await.expect(200);
        assert_eq!(after, before);
        let path = format!("/orders/{}", order["id"].as_str().unwrap());
        let shown = server.get(Some(&show.organizer), &path).await.expect(200);
        assert_eq!((&shown["status"], shown.get("attendees")), (&json!("paid"), None));
        server.stop().await;
    })
    .await;
}

/// Who registers somebody else's address has none of what is sent to it: neither to read nor to delete.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_to_an_address_is_not_the_accounts_before_it_is_confirmed() {
    on_both_stores(|server| async move {
        let show = Show::on_sale(&server).await;
        let giver = server.attendee().await;
        let order = show.buy(&server, &giver, json!([{"seat": "A-1-1"}])).await;
        let ticket = order["tickets"][0]["id"].as_str().unwrap();
        let friend = format!("friend-of-{}", giver.email);
        let offer = format!("/tickets/{ticket}/transfer");
        let offer = server.post(Some(&giver), &offer, json!({"email": friend})).await.expect(201);
        let body = json!({"name": "A stranger", "email": friend, "password": PASSWORD});
        server.post(None, "/auth/register", body.clone()).await.expect(201);
        let stranger = server.login(&friend, PASSWORD).await;
        let export = server.get(Some(&stranger), "/me/export").await.expect(200);
        assert_eq!((&export["mails"], &export["transfers_received"]), (&json!([]), &json!([])));
        erase(&server, &stranger, json!({"password": PASSWORD})).await.expect(204);

        let kinds = async || {
            let mails = server.app().state().store.mail_list_to(&friend, None, 100).await.unwrap();
            mails.into_iter().map(|mail| mail.kind).collect::<Vec<_>>()
        };
        assert_eq!(kinds().await, ["confirm_email", "ticket_offered"]);
        server.post(None, "/auth/register", body).await.expect(201);
        server.confirm(&friend).await;
        let owner = server.login(&friend, PASSWORD).await;
        let received = server.get(Some(&owner), "/me/export").await.expect(200)["transfers_received"].clone();
        assert_eq!(received[0]["id"], offer["id"]);
        erase(&server, &owner, json!({"password": PASSWORD})).await.expect(204);
        assert_eq!(kinds().await, [""; 0], "a confirmed address takes them along");
        let offers = server.get(Some(&giver), "/me/export").await.expect(200)["transfers_sent"].clone();
        assert_eq!(offers, json!([]));
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organizer_of_a_live_event_and_the_only_admin_stay() {
    on_both_stores(|server| async move {
        let show = Show::on_sale(&server).await;
        let proof = || json!({"password": PASSWORD});
        erase(&server, &show.organizer, proof()).await.problem(409, "EVENTS_LIVE");
        server.get(Some(&show.organizer), "/me").await.expect(200);
        server.post(Some(&show.organizer), &show.path("/cancel"), json!({})).await.expect(200);
        erase(&server, &show.organizer, proof()).await.expect(204);

        let (admin, second) = (server.admin().await, server.attendee().await);
        erase(&server, &admin, proof()).await.problem(409, "LAST_ADMIN");
        server.patch(Some(&admin), &format!("/users/{}", second.id), json!({"role": "admin"})).await.expect(200);
        erase(&server, &admin, proof()).await.expect(204);
        erase(&server, &second, proof()).await.problem(409, "LAST_ADMIN");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_second_factor_the_password_is_not_enough() {
    on_both_stores(|server| async move {
        let account = server.attendee().await;
        let (_, codes) = second_factor::enrol(&server, &account).await;
        let problem = erase(&server, &account, json!({"password": PASSWORD})).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "code");
        let waiting = second_factor::challenge(&server, &account).await;
        erase(&server, &account, json!({"code": codes[0]})).await.expect(204);
        second_factor::answer(&server, &waiting, &codes[1]).await.problem(401, "CHALLENGE_INVALID");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_holds_all_that_is_the_accounts_and_nothing_of_others() {
    on_both_stores(|server| async move {
        let show = Show::on_sale(&server).await;
        let (account, stranger) = (server.attendee().await, server.attendee().await);
        // More sessions than are read at once.
        for _ in 0..60 {
            server.login(&account.email, PASSWORD).await;
        }
        let order = show.buy(&server, &account, json!([{"seat": "A-1-1"}])).await;
        let foreign = show.buy(&server, &stranger, json!([{"seat": "A-1-2"}])).await;
        let export = server.get(Some(&account), "/me/export").await.expect(200);
        assert_eq!(export["profile"], server.get(Some(&account), "/me").await.expect(200));
        assert_eq!(export["sessions"].as_array().unwrap().len(), 61);
        assert_eq!(export["orders"].as_array().unwrap().len(), 1);
        assert_eq!(export["orders"][0]["id"], order["id"]);
        assert_eq!(export["tickets"], order["tickets"]);
        for empty in [
            "identities",
            "waiting_places",
            "waitlist_entries",
            "staff_roles",
            "api_keys",
            "rsvps",
            "feedback",
            "transfers_sent",
            "transfers_received",
        ] {
            assert_eq!(export[empty], json!([]), "{empty}");
        }
        // That of the purchase may come a moment later.
        let mut kinds: Vec<&str> =
            export["mails"].as_array().unwrap().iter().map(|mail| mail["kind"].as_str().unwrap()).collect();
        kinds.retain(|kind| *kind != "order_paid");
        assert_eq!(kinds, ["confirm_email"], "the stranger's is not among them");
        assert!(export["mails"].as_array().unwrap().len() <= 2);
        let text = export.to_string();
        for secret in [&stranger.email, &stranger.id, foreign["id"].as_str().unwrap(), "argon2", &account.refresh_token]
        {
            assert!(!text.contains(secret), "{secret}");
        }
        // As the document of the API describes it.
        serde_json::from_value::<wire::Export>(export).unwrap();
        server.get(None, "/me/export").await.problem(401, "TOKEN_MISSING");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_tells_of_answers_feedback_mails_keys_and_the_picture() {
    on_both_stores(|server| async move {
        let account = server.attendee().await;
        // More than are read at once.
        let mut events = Vec::new();
        for _ in 0..52 {
            let show = Show::on_sale(&server).await;
            let answer = json!({"answer": "maybe"});
            server.put(Some(&account), &show.path("/rsvp"), answer).await.expect(200);
            events.push(show.id.clone());
        }
        let key =
            json!({"name": "Till", "scopes": ["scan"], "expires_at": "2034-01-01T00:00:00Z", "password": PASSWORD});
        let key = server.post(Some(&account), "/me/api-keys", key).await.expect(201);
        let picture: &[u8] = include_bytes!("pictures/logo.png");
        let avatar = server.request(Method::PUT, "/me/avatar").bearer_auth(&account.access_token);
        let avatar = send(avatar.header("content-type", "image/png").body(picture)).await.expect(200);
        let forgot = json!({"email": account.email});
        server.post(None, "/auth/forgot-password", forgot).await.expect(202);
        let state = server.app().state();
        let (user, event) = (account.id.parse().unwrap(), events[0].parse().unwrap());
        let (user, event) = (inventory::UserId::from_uuid(user), inventory::EventId::from_uuid(event));
        state.store.feedback_put(event, user, 4, "Too loud", state.now()).await.unwrap();
        let all_mails = async {
            loop {
                let export = server.get(Some(&account), "/me/export").await.expect(200);
                if export["mails"].as_array().unwrap().len() == 3 {
                    return export;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let export = tokio::time::timeout(std::time::Duration::from_secs(20), all_mails).await.unwrap();
        let answered: Vec<_> =
            export["rsvps"].as_array().unwrap().iter().map(|rsvp| rsvp["event_id"].clone()).collect();
        assert_eq!(json!(answered), json!(events));
        assert_eq!(export["rsvps"][0]["answer"], "maybe");
        assert_eq!((&export["feedback"][0]["rating"], &export["feedback"][0]["text"]), (&json!(4), &json!("Too loud")));
        assert_eq!(export["feedback"][0]["event_id"], json!(events[0]));
        assert_eq!(export["mails"][0]["kind"], "reset_password", "newest first");
        assert_eq!(export["profile"]["avatar"], avatar);
        assert_eq!(export["api_keys"], json!([key["api_key"]]));
        assert!(!export.to_string().contains(key["key"].as_str().unwrap()));
        serde_json::from_value::<wire::Export>(export).unwrap();
        server.stop().await;
    })
    .await;
}
