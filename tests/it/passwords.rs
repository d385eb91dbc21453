//! Passwords forgotten, reset and changed.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

use reqwest::Method;
use serde_json::json;
use usher_tests::server::{Answer, Home, Session, TestServer, send};
use usher_tests::smtp::{SmtpServer, by_smtp, on_both_stores};

const PASSWORD: &str = "correct horse";
const CHANGED: &str = "another horse";
const NOBODY: &str = "nobody@example.org";

async fn forgot(server: &TestServer, email: &str) -> Answer {
    server.post(None, "/auth/forgot-password", json!({"email": email})).await
}

/// As from another network address, by a proxy that is believed.
async fn forgot_from(server: &TestServer, ip: &str, email: &str) -> Answer {
    let request = server.request(Method::POST, "/auth/forgot-password").header("x-forwarded-for", ip);
    send(request.json(&json!({"email": email}))).await
}

async fn reset(server: &TestServer, token: &str, password: &str) -> Answer {
    server.post(None, "/auth/reset-password", json!({"token": token, "password": password})).await
}

async fn change(server: &TestServer, session: &Session, present: &str, new: &str) -> Answer {
    let body = json!({"current_password": present, "new_password": new});
    server.put(Some(session), "/me/password", body).await
}

async fn login(server: &TestServer, email: &str, password: &str) -> Answer {
    server.post(None, "/auth/login", json!({"email": email, "password": password})).await
}

async fn expect_ended(server: &TestServer, session: &Session) {
    server.get(Some(session), "/me").await.problem(401, "TOKEN_INVALID");
    let refresh = json!({"refresh_token": session.refresh_token});
    server.post(None, "/auth/refresh", refresh).await.problem(401, "REFRESH_TOKEN_INVALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_of_a_mail_sets_a_new_password_once_and_ends_all_logins() {
    on_both_stores(|server, smtp| async move {
        let ada = server.attendee().await;
        let other = server.login(&ada.email, PASSWORD).await;
        let bystander = server.attendee().await;
        forgot(&server, &ada.email).await.expect(202);
        forgot(&server, &ada.email.to_uppercase()).await.expect(202);
        let mails = smtp.mails(&ada.email, "Choose a new password", 2).await;
        let (first, second) = (mails[0].token(), mails[1].token());

        let short = reset(&server, &second, "short").await.problem(422, "VALIDATION_FAILED");
        assert_eq!(short["errors"][0]["field"], "password");
        server.post(None, "/auth/confirm-email", json!({"token": second})).await.problem(410, "LINK_INVALID");
        reset(&server, &second, CHANGED).await.expect(204);
        for token in [&first, &second, &"nonsense".to_owned()] {
            reset(&server, token, "a third horse").await.problem(410, "LINK_INVALID");
        }
        expect_ended(&server, &ada).await;
        expect_ended(&server, &other).await;
        server.get(Some(&bystander), "/me").await.expect(200);
        login(&server, &ada.email, PASSWORD).await.problem(401, "CREDENTIALS_WRONG");
        let user = login(&server, &ada.email, CHANGED).await.expect(200)["user"].clone();
        assert_eq!(user["email_confirmed"], true);
        smtp.mails(&ada.email, "Your password was changed", 1).await;
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_is_answered_like_a_known_one_and_gets_nothing() {
    let smtp = SmtpServer::start().await;
    let server = TestServer::start_with(by_smtp(smtp.port())).await;
    let ada = server.attendee().await;
    let hashed = server.app().state().passwords.hashed();
    let answers = [forgot(&server, &ada.email).await, forgot(&server, NOBODY).await];
    assert!(answers.iter().all(|answer| answer.status == 202 && answer.text.is_empty()), "{answers:?}");
    assert_eq!(server.app().state().passwords.hashed(), hashed);
    // Stopping waits for what was promised; what was not sent by then waits for the next start.
    let home = server.stop().await;
    let server = TestServer::start_in(home, by_smtp(smtp.port())).await;
    smtp.mails_to(&ada.email, 2).await;
    server.stop().await;
    assert!(smtp.received().iter().all(|mail| mail.to == ada.email), "{:?}", smtp.received());
}

fn behind_a_proxy(port: u16) -> impl FnOnce(&mut usher::config::Config) {
    move |config| {
        by_smtp(port)(config);
        config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_links_in_half_an_hour_for_an_ip_and_six_for_an_address_also_after_a_restart() {
    let smtp = SmtpServer::start().await;
    let server = TestServer::start_with(behind_a_proxy(smtp.port())).await;
    for ix in 0..3 {
        forgot_from(&server, "198.51.100.1", &format!("somebody-{ix}@example.org")).await.expect(202);
    }
    let refused = forgot_from(&server, "198.51.100.1", NOBODY).await;
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1_700..=1_800).contains(&seconds), "{seconds}");
    refused.problem(429, "RATE_LIMITED");
    for host in 2..=7 {
        forgot_from(&server, &format!("198.51.100.{host}"), NOBODY).await.expect(202);
    }
    forgot_from(&server, "198.51.100.8", NOBODY).await.problem(429, "RATE_LIMITED");

    let home: Home = server.stop().await;
    let server = TestServer::start_in(home, behind_a_proxy(smtp.port())).await;
    forgot_from(&server, "198.51.100.1", "else@example.org").await.problem(429, "RATE_LIMITED");
    forgot_from(&server, "198.51.100.9", NOBODY).await.problem(429, "RATE_LIMITED");
    forgot_from(&server, "198.51.100.9", "else@example.org").await.expect(202);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_password_is_changed_and_the_other_logins_end() {
    on_both_stores(|server, smtp| async move {
        let ada = server.attendee().await;
        let other = server.login(&ada.email, PASSWORD).await;
        for (present, new, field) in [("wrong horse", CHANGED, "current_password"), (PASSWORD, "short", "new_password")]
        {
            let problem = change(&server, &ada, present, new).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(problem["errors"][0]["field"], field);
        }
        change(&server, &ada, PASSWORD, CHANGED).await.expect(204);
        expect_ended(&server, &other).await;
        server.get(Some(&ada), "/me").await.expect(200);
        let refresh = json!({"refresh_token": ada.refresh_token});
        server.post(None, "/auth/refresh", refresh).await.expect(200);
        login(&server, &ada.email, PASSWORD).await.problem(401, "CREDENTIALS_WRONG");
        login(&server, &ada.email, CHANGED).await.expect(200);
        smtp.mails(&ada.email, "Your password was changed", 1).await;
        server.put(None, "/me/password", json!({})).await.problem(401, "TOKEN_MISSING");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_the_present_password_takes_from_the_share_of_logins() {
    let server = TestServer::start_with(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.login_per_ip_per_min = 5;
    })
    .await;
    let ada = server.attendee().await;
    for _ in 0..3 {
        change(&server, &ada, "wrong horse", CHANGED).await.problem(422, "VALIDATION_FAILED");
    }
    change(&server, &ada, PASSWORD, CHANGED).await.problem(429, "RATE_LIMITED");
    server.stop().await;
}

/// More logins at once than there are places: each is checked or told to come back, and none waits for long.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_logins_is_checked_as_far_as_there_is_room() {
    const AT_ONCE: usize = 60;
    let server = TestServer::start_with(|config| {
        config.auth.password_queue = 4;
        config.auth.password_memory_kib = 4 << 10;
    })
    .await;
    let hashed = server.app().state().passwords.hashed();
    let mut logins = tokio::task::JoinSet::new();
    for ix in 0..AT_ONCE {
        let body = json!({"email": format!("nobody-{ix}@example.org"), "password": PASSWORD});
        logins.spawn(send(server.request(reqwest::Method::POST, "/auth/login").json(&body)));
    }
    let (checked, refused): (Vec<_>, Vec<_>) = logins.join_all().await.into_iter().partition(|it| it.status == 401);
    assert!(!checked.is_empty() && !refused.is_empty(), "{} were checked", checked.len());
    for answer in refused {
        answer.problem(503, "LOGIN_BUSY");
    }
    assert_eq!(server.app().state().passwords.hashed() - hashed, checked.len() as u64);
    server.stop().await;
}
