//! Accounts over HTTP, on both stores.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Answer, TestServer, send};

const PASSWORD: &str = "correct horse";

/// Runs the test on SQLite and, where there is one, on Postgres.
pub async fn on_both_stores<F: Future<Output = ()>>(test: impl Fn(TestServer) -> F) {
    test(TestServer::start().await).await;
    if let Some(server) = TestServer::start_on_postgres().await {
        test(server).await;
    }
}

async fn register(server: &TestServer, email: &str) -> Answer {
    server.post(None, "/auth/register", json!({"name": "Ada", "email": email, "password": PASSWORD})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_made_signs_in_and_finds_itself() {
    on_both_stores(|server| async move {
        let user = register(&server, "Ada@Example.org").await.expect(201)["user"].clone();
        assert_eq!(user["role"], "attendee");
        assert_eq!(user["email"], "Ada@Example.org");
        assert!(user.get("password").is_none() && user.get("password_hash").is_none());
        let session = server.login("ada@example.ORG", PASSWORD).await;
        let mut me = server.get(Some(&session), "/me").await.expect(200);
        assert_eq!(me.as_object_mut().unwrap().remove("reminders"), Some(json!(true)), "his own alone");
        assert_eq!(me, user);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_one_account_whatever_its_case() {
    on_both_stores(|server| async move {
        register(&server, "ada@example.org").await.expect(201);
        register(&server, "ADA@example.org ").await.problem(409, "EMAIL_TAKEN");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_field_at_fault_is_named_at_once() {
    let server = TestServer::start().await;
    let body = json!({"name": " ", "email": "nowhere", "password": "short"});
    let problem = server.post(None, "/auth/register", body).await.problem(422, "VALIDATION_FAILED");
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(fields, [json!("name"), json!("email"), json!("password")]);
    let body = json!({"name": "A", "email": "a@b.cd", "password": PASSWORD, "role": "admin"});
    let problem = server.post(None, "/auth/register", body).await.problem(422, "VALIDATION_FAILED");
    assert_eq!(problem["errors"][0]["field"], "role");
    assert_eq!(problem["errors"][0]["code"], "UNKNOWN_FIELD");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_password_and_unknown_address_are_told_the_same() {
    let server = TestServer::start().await;
    register(&server, "ada@example.org").await.expect(201);
    let mut answers = Vec::new();
    for (email, password) in [("ada@example.org", "wrong horse"), ("nobody@example.org", PASSWORD), ("x", "y")] {
        let answer = server.post(None, "/auth/login", json!({"email": email, "password": password})).await;
        let mut problem = answer.problem(401, "CREDENTIALS_WRONG");
        problem["request_id"] = Value::Null;
        answers.push(problem);
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    server.stop().await;
}

async fn refresh(server: &TestServer, token: &str) -> Answer {
    server.post(None, "/auth/refresh", json!({"refresh_token": token})).await
}

fn refresh_token(tokens: &Value) -> String {
    tokens["refresh_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copied_refresh_token_ends_the_login_for_thief_and_owner() {
    on_both_stores(|server| async move {
        let session = server.attendee().await;
        let second = refresh_token(&refresh(&server, &session.refresh_token).await.expect(200));
        let third = refresh_token(&refresh(&server, &second).await.expect(200));
        refresh(&server, &session.refresh_token).await.problem(401, "REFRESH_TOKEN_INVALID");
        refresh(&server, &third).await.problem(401, "REFRESH_TOKEN_INVALID");
        server.get(Some(&session), "/me").await.problem(401, "TOKEN_INVALID");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_whose_answer_was_lost_gets_the_same_refresh_token_again() {
    on_both_stores(|server| async move {
        let session = server.attendee().await;
        let lost = refresh_token(&refresh(&server, &session.refresh_token).await.expect(200));
        let again = refresh_token(&refresh(&server, &session.refresh_token).await.expect(200));
        assert_eq!(lost, again);
        refresh(&server, &again).await.expect(200);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logging_out_ends_the_login_at_once_and_another_login_stays() {
    on_both_stores(|server| async move {
        let session = server.attendee().await;
        let other = server.login(&session.email, PASSWORD).await;
        let body = json!({"refresh_token": session.refresh_token});
        server.post(Some(&session), "/auth/logout", body.clone()).await.expect(204);
        server.post(None, "/auth/logout", body).await.expect(204);
        server.get(Some(&session), "/me").await.problem(401, "TOKEN_INVALID");
        refresh(&server, &session.refresh_token).await.problem(401, "REFRESH_TOKEN_INVALID");
        server.get(Some(&other), "/me").await.expect(200);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_outlive_a_restart_and_a_suspension_does_too() {
    let server = TestServer::start().await;
    let (admin, session, suspended) = (server.admin().await, server.attendee().await, server.attendee().await);
    let path = format!("/users/{}", suspended.id);
    server.patch(Some(&admin), &path, json!({"status": "suspended"})).await.expect(200);
    let home = server.stop().await;
    let server = TestServer::start_in(home, |_| {}).await;
    server.get(Some(&session), "/me").await.expect(200);
    server.get(Some(&suspended), "/me").await.expect(200);
    server.patch(Some(&session), "/me", json!({"name": "New"})).await.expect(200);
    server.patch(Some(&suspended), "/me", json!({"name": "New"})).await.problem(403, "ACCOUNT_SUSPENDED");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn me_changes_its_name_and_nothing_else() {
    let server = TestServer::start().await;
    let session = server.attendee().await;
    let user = server.patch(Some(&session), "/me", json!({"name": " Grace "})).await.expect(200);
    assert_eq!(user["name"], "Grace");
    for field in ["role", "status", "email", "id"] {
        let answer = server.patch(Some(&session), "/me", json!({field: "admin"})).await;
        assert_eq!(answer.problem(422, "VALIDATION_FAILED")["errors"][0]["field"], field);
    }
    server.patch(Some(&session), "/me", json!({"name": ""})).await.problem(422, "VALIDATION_FAILED");
    assert_eq!(server.get(Some(&session), "/me").await.expect(200), user);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_admins_see_and_change_users_and_nobody_himself() {
    let server = TestServer::start().await;
    let (admin, session) = (server.admin().await, server.attendee().await);
    let path = format!("/users/{}", session.id);
    server.get(Some(&session), "/users").await.problem(403, "ROLE_REQUIRED");
    server.patch(Some(&session), &path, json!({"role": "admin"})).await.problem(403, "ROLE_REQUIRED");
    server.get(None, "/users").await.problem(401, "TOKEN_MISSING");
    server
        .patch(Some(&admin), &format!("/users/{}", admin.id), json!({"role": "attendee"}))
        .await
        .problem(409, "OWN_ACCOUNT");
    let nobody = "/users/019aa1b2-0000-7000-8000-000000000001";
    server.patch(Some(&admin), nobody, json!({"role": "admin"})).await.problem(404, "USER_NOT_FOUND");
    server.patch(Some(&admin), &path, json!({"role": "root"})).await.problem(422, "VALIDATION_FAILED");
    assert_eq!(server.patch(Some(&admin), &path, json!({"role": "admin"})).await.expect(200)["role"], "admin");
    server.get(Some(&session), "/users").await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_are_listed_page_by_page_each_once() {
    on_both_stores(|server| async move {
        let admin = server.admin().await;
        for ix in 0..5 {
            register(&server, &format!("page-{ix}@example.org")).await.expect(201);
        }
        let mut seen = Vec::new();
        let mut path = "/users?limit=3".to_owned();
        loop {
            let page = server.get(Some(&admin), &path).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(|user| user["id"].as_str().unwrap().to_owned()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/users?limit=3&cursor={cursor}");
        }
        let mut unique = seen.clone();
        unique.sort();
        unique.dedup();
        assert_eq!((seen.len(), unique.len()), (7, 7));
        server.get(Some(&admin), "/users?cursor=nonsense").await.problem(400, "QUERY_INVALID");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_registration_under_its_key_gets_the_first_answer() {
    on_both_stores(|server| async move {
        let body = json!({"name": "Ada", "email": "ada@example.org", "password": PASSWORD});
        let first = server.post_keyed(None, "/auth/register", "k-1", body.clone()).await;
        let again = server.post_keyed(None, "/auth/register", "k-1", body).await;
        assert_eq!((again.status, &again.text), (201, &first.text));
        assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
        let other = json!({"name": "Bob", "email": "bob@example.org", "password": PASSWORD});
        server.post_keyed(None, "/auth/register", "k-1", other).await.problem(422, "IDEMPOTENCY_KEY_REUSED");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_repeated_too_and_a_conflict_is_decided_anew() {
    let server = TestServer::start().await;
    let (admin, session) = (server.admin().await, server.attendee().await);
    let bad = json!({"name": "", "email": "a@b.cd", "password": PASSWORD});
    server.post_keyed(None, "/auth/register", "bad", bad.clone()).await.problem(422, "VALIDATION_FAILED");
    let again = server.post_keyed(None, "/auth/register", "bad", bad).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.problem(422, "VALIDATION_FAILED")["errors"][0]["field"], "name");

    let own = format!("/users/{}", admin.id);
    let keyed = |path: String| {
        let request = server.request(Method::PATCH, &path).bearer_auth(&admin.access_token);
        send(request.header("idempotency-key", "conflict").json(&json!({"status": "active"})))
    };
    keyed(own.clone()).await.problem(409, "OWN_ACCOUNT");
    let again = keyed(own).await;
    assert_eq!(again.header("idempotency-replayed"), "");
    again.problem(409, "OWN_ACCOUNT");
    assert_eq!(server.get(Some(&session), "/me").await.expect(200)["status"], "active");
    server.stop().await;
}

/// By work, not by time, which a busy machine bends: each costs one hash, so neither answer comes sooner.
#[tokio::test]
async fn an_unknown_address_costs_as_much_as_a_wrong_password() {
    let server = TestServer::start().await;
    let account = server.attendee().await;
    let passwords = &server.app().state().passwords;
    let mut answers = Vec::new();
    for (email, password) in [(account.email.as_str(), "wrong horse"), ("nobody@example.org", "wrong horse")] {
        let before = passwords.hashed();
        let answer = server.post(None, "/auth/login", json!({"email": email, "password": password})).await;
        let mut problem = answer.problem(401, "CREDENTIALS_WRONG");
        problem["request_id"] = json!("any");
        answers.push((passwords.hashed() - before, problem));
    }
    assert_eq!(answers[0].0, 1);
    assert_eq!(answers[0], answers[1]);
}

/// The digest of a body with a password in it would be a way to guess it, and a name outlives its account there.
#[tokio::test]
async fn what_is_kept_for_a_key_tells_neither_password_nor_person() {
    on_both_stores(|server| async move {
        let body = json!({"name": "Ada", "email": "ada@example.org", "password": PASSWORD});
        let user = server.post_keyed(None, "/auth/register", "k-1", body.clone()).await.expect(201)["user"].clone();
        let key = usher::digest::of(&[&[0; 16], b"k-1"]);
        let stored = server.app().state().store.idempotency_find(key).await.unwrap().unwrap();
        let answers = &server.app().state().seals.answers;
        let kept = answers.open(&stored.scope_key, &stored.response).unwrap();
        assert_eq!(String::from_utf8(kept).unwrap(), user["id"].to_string());
        let other = json!({"name": "Ada", "email": "ada@example.org", "password": "another horse"});
        let again = server.post_keyed(None, "/auth/register", "k-1", other).await;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.expect(201)["user"], user);

        let session = server.login("ada@example.org", PASSWORD).await;
        let request = server.request(Method::DELETE, "/me").bearer_auth(&session.access_token);
        send(request.json(&json!({"password": PASSWORD}))).await.expect(204);
        server.post_keyed(None, "/auth/register", "k-1", body).await.problem(404, "USER_NOT_FOUND");
        server.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_used_refresh_token_ends_no_other_login() {
    on_both_stores(|server| async move {
        let first = server.attendee().await;
        let other = server.login(&first.email, PASSWORD).await;
        let used = json!({"refresh_token": first.refresh_token});
        let fresh = server.post(None, "/auth/refresh", used).await.expect(200);
        let all = json!({"refresh_token": first.refresh_token, "all": true});
        server.post(None, "/auth/logout", all).await.expect(204);
        server.get(Some(&other), "/me").await.expect(200);
        // Its own login has ended all the same.
        let body = json!({"refresh_token": fresh["refresh_token"]});
        server.post(None, "/auth/refresh", body).await.problem(401, "REFRESH_TOKEN_INVALID");
        let all = json!({"refresh_token": other.refresh_token, "all": true});
        server.post(None, "/auth/logout", all).await.expect(204);
        server.get(Some(&other), "/me").await.problem(401, "TOKEN_INVALID");
        server.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_refresh_while_suspended_does_not_cost_the_login() {
    on_both_stores(|server| async move {
        let (admin, session) = (server.admin().await, server.attendee().await);
        let account = format!("/users/{}", session.id);
        server.patch(Some(&admin), &account, json!({"status": "suspended"})).await.expect(200);
        let body = json!({"refresh_token": session.refresh_token});
        server.post(None, "/auth/refresh", body.clone()).await.problem(403, "ACCOUNT_SUSPENDED");
        server.patch(Some(&admin), &account, json!({"status": "active"})).await.expect(200);
        server.post(None, "/auth/refresh", body).await.expect(200);
        server.stop().await;
    })
    .await;
}
