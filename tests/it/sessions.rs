//! Logins as their owner sees and ends them, and what becomes of their tokens.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::server::{Answer, Home, PASSWORD, Session, TestServer, send};

use crate::accounts::on_both_stores;

/// No test here may wait longer, whatever goes wrong.
const PATIENCE: Duration = Duration::from_secs(20);

async fn sessions(server: &TestServer, session: &Session) -> Vec<Value> {
    server.get(Some(session), "/me/sessions").await.expect(200)["items"].as_array().unwrap().clone()
}

fn id(session: &Value) -> String {
    session["id"].as_str().unwrap().to_owned()
}

async fn current(server: &TestServer, session: &Session) -> String {
    id(sessions(server, session).await.iter().find(|session| session["is_current"] == true).unwrap())
}

async fn refresh(server: &TestServer, token: &str) -> Answer {
    server.post(None, "/auth/refresh", json!({"refresh_token": token})).await
}

async fn assert_dead(server: &TestServer, session: &Session) {
    server.get(Some(session), "/me").await.problem(401, "TOKEN_INVALID");
    refresh(server, &session.refresh_token).await.problem(401, "REFRESH_TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_tells_logins_apart_and_is_paged() {
    on_both_stores(|server| async move {
        let first = server.attendee().await;
        let body = json!({"email": first.email, "password": PASSWORD});
        let request = server.request(reqwest::Method::POST, "/auth/login").header("user-agent", "Phone\t1");
        send(request.json(&body)).await.expect(200);
        let listed = sessions(&server, &first).await;
        assert_eq!(listed.len(), 2);
        assert_eq!((&listed[0]["user_agent"], &listed[0]["is_current"]), (&json!("Phone1"), &json!(false)));
        assert_eq!((&listed[0]["ip"], &listed[1]["is_current"]), (&json!("127.0.0.1"), &json!(true)));
        assert!(listed.iter().all(|session| session["expires_at"].as_str() > session["last_used_at"].as_str()));

        let page = server.get(Some(&first), "/me/sessions?limit=1").await.expect(200);
        let next = format!("/me/sessions?limit=1&cursor={}", page["next_cursor"].as_str().unwrap());
        let next = server.get(Some(&first), &next).await.expect(200);
        assert_eq!([&page["items"][0], &next["items"][0]], [&listed[0], &listed[1]]);
        assert!(next.get("next_cursor").is_none());
        server.get(None, "/me/sessions").await.problem(401, "TOKEN_MISSING");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_ended_by_its_owner_at_once_and_by_nobody_else() {
    on_both_stores(|server| async move {
        let (first, stranger) = (server.attendee().await, server.attendee().await);
        let second = server.login(&first.email, PASSWORD).await;
        let path = format!("/me/sessions/{}", current(&server, &second).await);
        let unknown = "/me/sessions/019aa1b2-0000-7000-8000-000000000001";
        server.delete(Some(&stranger), &path).await.problem(404, "SESSION_NOT_FOUND");
        server.delete(Some(&first), unknown).await.problem(404, "SESSION_NOT_FOUND");
        server.get(Some(&second), "/me").await.expect(200);
        server.delete(Some(&first), &path).await.expect(204);
        server.delete(Some(&first), &path).await.expect(204);
        assert_dead(&server, &second).await;
        assert_eq!(sessions(&server, &first).await.len(), 1);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_sessions_end_together_with_or_without_the_one_that_asks() {
    on_both_stores(|server| async move {
        let first = server.attendee().await;
        let stranger = server.attendee().await;
        let second = server.login(&first.email, PASSWORD).await;
        let others = server.request(reqwest::Method::DELETE, "/me/sessions").bearer_auth(&first.access_token);
        send(others.json(&json!({"keep_current": true}))).await.expect(204);
        assert_dead(&server, &second).await;
        assert_eq!(sessions(&server, &first).await.len(), 1);

        let third = server.login(&first.email, PASSWORD).await;
        server.delete(Some(&third), "/me/sessions").await.expect(204);
        assert_dead(&server, &first).await;
        assert_dead(&server, &third).await;

        let (fourth, fifth) = (server.login(&first.email, PASSWORD).await, server.login(&first.email, PASSWORD).await);
        let body = json!({"refresh_token": fourth.refresh_token, "all": true});
        server.post(None, "/auth/logout", body).await.expect(204);
        assert_dead(&server, &fourth).await;
        assert_dead(&server, &fifth).await;
        server.get(Some(&stranger), "/me").await.expect(200);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_ended_stays_ended_after_a_restart() {
    on_both_stores(|server| async move {
        let (ended, copied, kept) = (server.attendee().await, server.attendee().await, server.attendee().await);
        let body = json!({"refresh_token": ended.refresh_token});
        server.post(Some(&ended), "/auth/logout", body).await.expect(204);
        // Used once more after its child: copied.
        let child = refresh(&server, &copied.refresh_token).await.expect(200)["refresh_token"].clone();
        let child = child.as_str().unwrap();
        let grandchild = refresh(&server, child).await.expect(200)["refresh_token"].clone();
        refresh(&server, &copied.refresh_token).await.problem(401, "REFRESH_TOKEN_INVALID");
        let server = TestServer::start_in(server.stop().await, |_| {}).await;
        for _ in 0..2 {
            assert_dead(&server, &ended).await;
            assert_dead(&server, &copied).await;
        }
        for token in [child, grandchild.as_str().unwrap()] {
            refresh(&server, token).await.problem(401, "REFRESH_TOKEN_INVALID");
        }
        server.get(Some(&kept), "/me").await.expect(200);
        server.stop().await;
    })
    .await;
}

/// On one database; with the folder of the second.
async fn two_nodes() -> Option<(TestServer, TestServer, TempDir)> {
    let database = TemporaryDatabase::create().await?;
    let url = database.url();
    let here = TestServer::start_in(Home::on(database), |_| {}).await;
    let away = tempfile::tempdir().unwrap();
    let there = TestServer::start_in(Home::default(), |config| {
        config.store.database_url = Some(url.into());
        config.store.data_dir = away.path().to_owned();
        config.store.allow_unsafe_durability = true;
    })
    .await;
    Some((here, there, away))
}

/// What the documentation promises, and a margin for a machine that is busy with other tests.
const HEARD_WITHIN: Duration = Duration::from_secs(5);

/// A token that a node has issued or seen does not outlive the role that another node takes away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_or_status_changed_on_one_node_holds_on_the_other_within_seconds() {
    let Some((here, there, _away)) = two_nodes().await else { return };
    let (admin, user) = (here.admin().await, here.attendee().await);
    let path = format!("/users/{}", user.id);
    // One token of each node, both known to the node that is not told, and a machine's key.
    let tokens = [user.clone(), there.login(&user.email, PASSWORD).await];
    let key = json!({"name": "Till", "scopes": ["catalogue:read"], "password": PASSWORD});
    let key = there.post(Some(&tokens[1]), "/me/api-keys", key).await.expect(201)["key"].clone();
    let machine = Session { access_token: key.as_str().unwrap().to_owned(), ..user.clone() };
    let changes = [
        (json!({"role": "organizer"}), "/venues", 200),
        (json!({"role": "attendee"}), "/venues", 403),
        (json!({"role": "organizer"}), "/venues", 200),
        (json!({"status": "suspended"}), "/venues", 403),
    ];
    for (change, asked, expected) in changes {
        here.patch(Some(&admin), &path, change.clone()).await.expect(200);
        let changed_at = tokio::time::Instant::now();
        for session in tokens.iter().chain([&machine]) {
            let is_heard = async {
                while there.get(Some(session), asked).await.status != expected {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            let left = HEARD_WITHIN.saturating_sub(changed_at.elapsed());
            tokio::time::timeout(left, is_heard).await.unwrap_or_else(|_| panic!("{change} is not heard of"));
        }
    }
    there.stop().await;
    here.stop().await;
}

/// Two nodes of one store: what one has ended, the other hears of without being told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ended_on_one_node_ends_on_the_other() {
    let Some((here, there, _away)) = two_nodes().await else { return };
    let session = here.attendee().await;
    there.get(Some(&session), "/me").await.expect(200);
    here.delete(Some(&session), "/me/sessions").await.expect(204);
    let heard = tokio::time::timeout(PATIENCE, async {
        while there.get(Some(&session), "/me").await.status == 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    heard.await.expect("the other node hears of it");
    assert_dead(&there, &session).await;
    there.stop().await;
    here.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn however_often_a_token_is_refreshed_at_once_it_has_one_child_and_one_session() {
    // A thousand of them are asked of the store itself, where no queue of connections stands before it.
    const REQUESTS: usize = 250;
    on_both_stores(|server| async move {
        let session = server.attendee().await;
        let mut requests = JoinSet::new();
        for _ in 0..REQUESTS {
            let body = json!({"refresh_token": session.refresh_token});
            requests.spawn(send(server.request(reqwest::Method::POST, "/auth/refresh").json(&body)));
        }
        let mut children = BTreeSet::new();
        for answer in requests.join_all().await {
            children.insert(answer.expect(200)["refresh_token"].as_str().unwrap().to_owned());
        }
        assert_eq!(children.len(), 1);
        refresh(&server, children.first().unwrap()).await.expect(200);
        assert_eq!(sessions(&server, &session).await.len(), 1);
        server.stop().await;
    })
    .await;
}
