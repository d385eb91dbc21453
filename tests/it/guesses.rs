//! How often a password may be tried and a mail be sent, by whomever and about whomever.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Answer, PASSWORD, Session, TestServer, send};
use usher_tests::smtp::{SmtpServer, by_smtp, on_both_stores};

use crate::accounts;

const HERE: &str = "198.51.100.1";
const WRONG: &str = "wrong horse";

/// As from another network address, by a proxy that is believed.
async fn login_from(server: &TestServer, ip: &str, email: &str, password: &str) -> Answer {
    let request = server.request(Method::POST, "/auth/login").header("x-forwarded-for", ip);
    send(request.json(&json!({"email": email, "password": password}))).await
}

async fn behind_a_proxy(test: impl AsyncFn(&TestServer)) {
    let proxy = |config: &mut usher::config::Config| {
        config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    };
    let server = TestServer::start_with(proxy).await;
    test(&server).await;
    server.stop().await;
    if let Some(server) = TestServer::start_on_postgres_with(proxy).await {
        test(&server).await;
        server.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_wrong_passwords_are_all_that_one_network_gets_for_an_address() {
    behind_a_proxy(async |server: &TestServer| {
        let ada = server.attendee().await;
        for email in [ada.email.as_str(), "nobody@example.org"] {
            for _ in 0..10 {
                login_from(server, HERE, email, WRONG).await.problem(401, "CREDENTIALS_WRONG");
            }
            // Neither is the right one looked at, nor does the answer tell whether there is an account.
            let hashed = server.app().state().passwords.hashed();
            let refused = login_from(server, HERE, &email.to_uppercase(), PASSWORD).await;
            let seconds: u64 = refused.header("retry-after").parse().unwrap();
            assert!((800..=900).contains(&seconds), "{seconds}");
            refused.problem(429, "RATE_LIMITED");
            assert_eq!(server.app().state().passwords.hashed(), hashed);
        }
        // Its owner, elsewhere, does not notice; and a right one begins the count anew.
        for _ in 0..2 {
            for _ in 0..9 {
                login_from(server, "198.51.100.2", &ada.email, WRONG).await.problem(401, "CREDENTIALS_WRONG");
            }
            login_from(server, "198.51.100.2", &ada.email, PASSWORD).await.expect(200);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_wrong_passwords_are_all_that_an_address_gets_from_anywhere() {
    behind_a_proxy(async |server: &TestServer| {
        let ada = server.attendee().await;
        for number in 0..50 {
            let ip = format!("198.51.100.{}", number % 25);
            login_from(server, &ip, &ada.email, WRONG).await.problem(401, "CREDENTIALS_WRONG");
        }
        login_from(server, "203.0.113.7", &ada.email, PASSWORD).await.problem(429, "RATE_LIMITED");
        let locked = async || {
            let admin = server.admin().await;
            let log = server.get(Some(&admin), "/admin/audit-log?action=login.locked").await.expect(200);
            log["items"].as_array().map_or(0, Vec::len)
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), async { while locked().await == 0 {} })
            .await
            .expect("it is written down");
    })
    .await;
}

/// With a token that was copied, nobody finds out the password any faster than by signing in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_asks_for_the_password_counts_the_same_guesses() {
    accounts::on_both_stores(|server| async move {
        let ada = server.attendee().await;
        let calls = |who: &Session, password: &str| -> Vec<(Method, &'static str, Value)> {
            vec![
                (Method::POST, "/auth/login", json!({"email": who.email, "password": password})),
                (Method::DELETE, "/me", json!({"password": password})),
                (Method::POST, "/me/api-keys", json!({"name": "x", "scopes": ["scan"], "password": password})),
                (Method::POST, "/me/second-factor", json!({"password": password})),
                (Method::DELETE, "/me/second-factor", json!({"password": password, "code": "000000"})),
            ]
        };
        for round in 0..2 {
            for (method, path, body) in calls(&ada, WRONG) {
                let request = server.request(method.clone(), path).bearer_auth(&ada.access_token).json(&body);
                let answer = send(request).await;
                assert_eq!(answer.status, 401, "{round} {method} {path}: {}", answer.text);
            }
        }
        let change = json!({"current_password": PASSWORD, "new_password": "another horse"});
        server.put(Some(&ada), "/me/password", change).await.problem(429, "RATE_LIMITED");
        for (method, path, body) in calls(&ada, PASSWORD) {
            let request = server.request(method, path).bearer_auth(&ada.access_token).json(&body);
            send(request).await.problem(429, "RATE_LIMITED");
        }
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_written_to_often_because_somebody_uses_his_address() {
    on_both_stores(|server, smtp| async move {
        let victim = "victim@example.org";
        let body = json!({"name": "Eve", "email": victim, "password": PASSWORD});
        for _ in 0..6 {
            server.post(None, "/auth/register", body.clone()).await.expect(201);
            // The address is in use: it costs nothing of what its owner has to be written to.
            server.post(None, "/auth/register", body.clone()).await.problem(409, "EMAIL_TAKEN");
            let eve = server.login(victim, PASSWORD).await;
            for (present, new) in [(PASSWORD, "another horse"), ("another horse", PASSWORD)] {
                let change = json!({"current_password": present, "new_password": new});
                server.put(Some(&eve), "/me/password", change).await.expect(204);
            }
            let key = json!({"name": "x", "scopes": ["scan"], "password": PASSWORD});
            server.post(Some(&eve), "/me/api-keys", key).await.expect(201);
            let request = server.request(Method::DELETE, "/me").bearer_auth(&eve.access_token);
            send(request.json(&json!({"password": PASSWORD}))).await.expect(204);
        }
        server.stop().await;
        let mails: Vec<String> = smtp.received().iter().map(|mail| mail.header("Subject").to_owned()).collect();
        assert!(mails.len() <= 4 && mails.iter().all(|mail| mail == "Confirm your e-mail address"), "{mails:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_network_has_a_hundred_codes_sent_and_registers_on_without_a_mail() {
    let smtp = SmtpServer::start().await;
    let server = TestServer::start_with(by_smtp(smtp.port())).await;
    let codes = async |from: usize, to: usize| {
        for number in from..to {
            let body = json!({"email": format!("nobody-{number}@example.org")});
            server.post(None, "/auth/codes", body.clone()).await.expect(202);
            server.post(None, "/auth/resend-confirmation", body).await.expect(202);
        }
    };
    codes(0, 100).await;
    for path in ["/auth/codes", "/auth/resend-confirmation"] {
        server.post(None, path, json!({"email": "one-more@example.org"})).await.problem(429, "RATE_LIMITED");
    }
    let body = json!({"name": "Ada", "email": "ada@example.org", "password": PASSWORD});
    server.post(None, "/auth/register", body).await.expect(201);
    server.login("ada@example.org", PASSWORD).await;
    server.stop().await;
    let subjects: Vec<String> = smtp.received().iter().map(|mail| mail.header("Subject").to_owned()).collect();
    assert!(subjects.len() <= 100 && subjects.iter().all(|subject| subject == "Your code to sign in"), "{subjects:?}");
}

/// Somebody who asks for codes to another one's address neither spoils the one being typed nor uses up what there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_does_not_keep_anybody_from_his_code() {
    let smtp = SmtpServer::start().await;
    let server = TestServer::start_with(|config| {
        by_smtp(smtp.port())(config);
        config.http.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let ada = server.attendee().await;
    let ask = async |ip: &str| {
        let request = server.request(Method::POST, "/auth/codes").header("x-forwarded-for", ip);
        send(request.json(&json!({"email": ada.email}))).await
    };
    ask(HERE).await.expect(202);
    let code = smtp.mails(&ada.email, "Your code to sign in", 1).await.pop().unwrap().code();
    // While it is young, nobody's clicks cost anything.
    for _ in 0..10 {
        ask("203.0.113.9").await.expect(202);
        ask(HERE).await.expect(202);
    }
    let body = json!({"email": ada.email, "code": code});
    server.post(None, "/auth/codes/verify", body).await.expect(200);
    server.stop().await;
}
