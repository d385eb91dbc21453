//! The second factor over HTTP, on both stores. The codes come from an authenticator of the test's own.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use usher_tests::server::{Answer, PASSWORD, Session, TestServer, send};
use usher_tests::smtp;

use crate::accounts::on_both_stores;

const STEP_S: u64 = 30;

/// RFC 6238, written a second time: what the server checks must be what apps show.
pub struct App {
    secret: Vec<u8>,
    /// The code that confirmed it.
    used: String,
}

impl App {
    fn scan(secret: &str) -> Self {
        Self { secret: BASE32_NOPAD.decode(secret.as_bytes()).unwrap(), used: String::new() }
    }

    /// `ahead`: steps from now, of which the server takes -1, 0 and 1.
    #[expect(clippy::disallowed_methods, reason = "a phone has a clock of its own")]
    pub fn code(&self, ahead: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / STEP_S;
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let mac = hmac::sign(&key, &now.checked_add_signed(ahead).unwrap().to_be_bytes());
        let mac = mac.as_ref();
        let at = usize::from(mac[19] & 15);
        let word = u32::from_be_bytes(mac[at..at + 4].try_into().unwrap()) & 0x7FFF_FFFF;
        format!("{:06}", word % 1_000_000)
    }

    /// Of no step near now.
    pub fn wrong(&self) -> String {
        let near: Vec<String> = (-3..=3).map(|ahead| self.code(ahead)).collect();
        (0..).map(|number| format!("{number:06}")).find(|code| !near.contains(code)).unwrap()
    }
}

/// Switches the second factor on. The step of now is used up by it.
pub async fn enrol(server: &TestServer, session: &Session) -> (App, Vec<String>) {
    let started = server.post(Some(session), "/me/second-factor", json!({"password": PASSWORD})).await.expect(201);
    let mut app = App::scan(started["secret"].as_str().unwrap());
    app.used = app.code(0);
    let code = json!({"code": app.used});
    let confirmed = server.post(Some(session), "/me/second-factor/confirm", code).await.expect(200);
    let codes = confirmed["recovery_codes"].as_array().unwrap();
    (app, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

pub async fn challenge(server: &TestServer, session: &Session) -> String {
    let body = json!({"email": session.email, "password": PASSWORD});
    let problem = server.post(None, "/auth/login", body).await.problem(401, "SECOND_FACTOR_REQUIRED");
    assert!(problem.get("access_token").is_none());
    problem["challenge"].as_str().unwrap().to_owned()
}

pub async fn answer(server: &TestServer, challenge: &str, code: &str) -> Answer {
    server.post(None, "/auth/second-factor", json!({"challenge": challenge, "code": code})).await
}

async fn remove(server: &TestServer, session: &Session, body: Value) -> Answer {
    send(server.request(Method::DELETE, "/me/second-factor").bearer_auth(&session.access_token).json(&body)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_waits_for_a_code_of_the_app_once_it_is_confirmed() {
    on_both_stores(|server| async move {
        let session = server.attendee().await;
        let started = server.post(Some(&session), "/me/second-factor", json!({"password": PASSWORD})).await.expect(201);
        let secret = started["secret"].as_str().unwrap();
        assert!(started["otpauth_url"].as_str().unwrap().contains(secret));
        assert!(started["qr_svg"].as_str().unwrap().contains("<svg"));
        // Not confirmed: nobody is locked out by having looked at it.
        server.login(&session.email, PASSWORD).await;

        let (app, codes) = enrol(&server, &session).await;
        assert_eq!(codes.len(), 10);
        let shown = server.get(Some(&session), "/me/second-factor").await.expect(200);
        assert_eq!(shown, json!({"is_on": true, "recovery_codes_left": 10}));
        let challenge = challenge(&server, &session).await;
        let tokens = answer(&server, &challenge, &app.code(1)).await.expect(200);
        assert_eq!(tokens["user"]["id"], session.id.as_str());
        answer(&server, &challenge, &app.code(1)).await.problem(401, "CHALLENGE_INVALID");
        let again = server.post(Some(&session), "/me/second-factor", json!({"password": PASSWORD})).await;
        again.problem(409, "SECOND_FACTOR_ON");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_code_is_taken_once() {
    on_both_stores(|server| async move {
        let session = server.attendee().await;
        let (app, codes) = enrol(&server, &session).await;
        // The code that confirmed it, and those before.
        for used in [app.used.clone(), app.code(-1)] {
            let challenge = challenge(&server, &session).await;
            answer(&server, &challenge, &used).await.problem(401, "SECOND_FACTOR_WRONG");
        }
        // One code, several logins that wait: one gets it.
        let code = app.code(1);
        let mut answers = JoinSet::new();
        for _ in 0..4 {
            let body = json!({"challenge": challenge(&server, &session).await, "code": code});
            answers.spawn(send(server.request(Method::POST, "/auth/second-factor").json(&body)));
        }
        let taken = answers.join_all().await.into_iter().filter(|answer| answer.status == 200).count();
        assert_eq!(taken, 1);

        let challenge_one = challenge(&server, &session).await;
        answer(&server, &challenge_one, &codes[3].to_uppercase()).await.expect(200);
        let challenge_two = challenge(&server, &session).await;
        answer(&server, &challenge_two, &codes[3]).await.problem(401, "SECOND_FACTOR_WRONG");
        answer(&server, &challenge_two, &codes[4]).await.expect(200);
        let shown = server.get(Some(&session), "/me/second-factor").await.expect(200);
        assert_eq!(shown["recovery_codes_left"], 8);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_counted_by_challenge_and_by_account() {
    on_both_stores(|server| async move {
        let session = server.attendee().await;
        let (app, codes) = enrol(&server, &session).await;
        let wrong = app.wrong();
        let first = challenge(&server, &session).await;
        for _ in 0..5 {
            answer(&server, &first, &wrong).await.problem(401, "SECOND_FACTOR_WRONG");
        }
        answer(&server, &first, &app.code(1)).await.problem(401, "CHALLENGE_INVALID");
        let second = challenge(&server, &session).await;
        for _ in 0..5 {
            answer(&server, &second, &wrong).await.problem(401, "SECOND_FACTOR_WRONG");
        }
        // Ten wrong ones: the account waits, whatever the next code and however it is asked.
        let third = challenge(&server, &session).await;
        answer(&server, &third, &codes[0]).await.problem(429, "RATE_LIMITED");
        let body = json!({"password": PASSWORD, "code": codes[0]});
        remove(&server, &session, body).await.problem(429, "RATE_LIMITED");
        let other = server.attendee().await;
        let (app, _) = enrol(&server, &other).await;
        let challenge = challenge(&server, &other).await;
        answer(&server, &challenge, &app.code(1)).await.expect(200);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_challenge_is_no_token_and_no_other_text_is_a_challenge() {
    let server = TestServer::start().await;
    let session = server.attendee().await;
    let (app, _) = enrol(&server, &session).await;
    let challenge = challenge(&server, &session).await;
    let bearer = server.request(Method::GET, "/me").bearer_auth(&challenge);
    send(bearer).await.problem(401, "TOKEN_INVALID");
    let refresh = json!({"refresh_token": challenge});
    server.post(None, "/auth/refresh", refresh).await.problem(401, "REFRESH_TOKEN_INVALID");
    for other in ["", "x", session.refresh_token.as_str(), session.access_token.as_str()] {
        answer(&server, other, &app.code(1)).await.problem(401, "CHALLENGE_INVALID");
    }
    for bad in ["", "12345", "1234567", "abc", "' OR 1=1"] {
        let problem = answer(&server, &challenge, bad).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "code");
    }
    answer(&server, &challenge, &app.code(1)).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_switched_off_by_password_and_code_together() {
    on_both_stores(|server| async move {
        let session = server.attendee().await;
        let code = json!({"code": "123456"});
        server.post(Some(&session), "/me/second-factor/confirm", code).await.problem(409, "SECOND_FACTOR_OFF");
        let (app, codes) = enrol(&server, &session).await;
        let waiting = challenge(&server, &session).await;
        let bodies = [
            (json!({"password": "wrong horse", "code": codes[0]}), "CREDENTIALS_WRONG"),
            (json!({"password": PASSWORD, "code": app.wrong()}), "SECOND_FACTOR_WRONG"),
        ];
        for (body, problem) in bodies {
            remove(&server, &session, body).await.problem(401, problem);
        }
        let body = json!({"password": PASSWORD, "code": codes[0]});
        remove(&server, &session, body.clone()).await.expect(204);
        remove(&server, &session, body).await.problem(409, "SECOND_FACTOR_OFF");
        answer(&server, &waiting, &app.code(1)).await.problem(401, "CHALLENGE_INVALID");
        server.login(&session.email, PASSWORD).await;
        // A new one starts from nothing: old codes are of no use.
        let (_, _) = enrol(&server, &session).await;
        let waiting = challenge(&server, &session).await;
        answer(&server, &waiting, &codes[1]).await.problem(401, "SECOND_FACTOR_WRONG");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_resets_what_is_lost_in_the_open_and_never_his_own() {
    smtp::on_both_stores(|server, smtp| async move {
        let (admin, user, bystander) = (server.admin().await, server.attendee().await, server.attendee().await);
        let path = format!("/users/{}/second-factor", user.id);
        server.delete(Some(&admin), &path).await.problem(409, "SECOND_FACTOR_OFF");
        // Begun and not confirmed: there is nothing to lose yet.
        server.post(Some(&user), "/me/second-factor", json!({"password": PASSWORD})).await.expect(201);
        server.delete(Some(&admin), &path).await.problem(409, "SECOND_FACTOR_OFF");
        let (app, codes) = enrol(&server, &user).await;
        let waiting = challenge(&server, &user).await;
        server.delete(Some(&bystander), &path).await.problem(403, "ROLE_REQUIRED");
        server.delete(Some(&admin), &path).await.expect(204);

        // Whoever was signed in, or half signed in, is out.
        server.get(Some(&user), "/me").await.problem(401, "TOKEN_INVALID");
        let refresh = json!({"refresh_token": user.refresh_token});
        server.post(None, "/auth/refresh", refresh).await.problem(401, "REFRESH_TOKEN_INVALID");
        for code in [&app.code(1), &codes[0]] {
            answer(&server, &waiting, code).await.problem(401, "CHALLENGE_INVALID");
        }
        let session = server.login(&user.email, PASSWORD).await;
        let shown = server.get(Some(&session), "/me/second-factor").await.expect(200);
        assert_eq!(shown, json!({"is_on": false, "recovery_codes_left": 0}));

        // The owner is told, and the log says who did it.
        let mails = smtp.mails_to(&user.email, 3).await;
        let told = mails.iter().filter(|mail| mail.header("Subject") == "Your second factor was switched off");
        assert_eq!(told.count(), 1);
        let log = format!("/admin/audit-log?object={}&action=second_factor.reset", user.id);
        let log = server.get(Some(&admin), &log).await.expect(200);
        assert_eq!(log["items"].as_array().unwrap().len(), 1);
        assert_eq!(log["items"][0]["actor_id"], admin.id.as_str());
        server.delete(Some(&admin), &path).await.problem(409, "SECOND_FACTOR_OFF");

        let (_, own) = enrol(&server, &admin).await;
        let path = format!("/users/{}/second-factor", admin.id);
        server.delete(Some(&admin), &path).await.problem(409, "OWN_ACCOUNT");
        let waiting = challenge(&server, &admin).await;
        answer(&server, &waiting, &own[0]).await.expect(200);
        let nobody = "/users/019aa1b2-0000-7000-8000-000000000001/second-factor";
        server.delete(Some(&admin), nobody).await.problem(404, "USER_NOT_FOUND");
        server.stop().await;
    })
    .await;
}

/// Neither the secret nor a code lies open in the database; the key that seals them is elsewhere in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secret_is_not_readable_at_rest() {
    let server = TestServer::start().await;
    let session = server.attendee().await;
    let (app, codes) = enrol(&server, &session).await;
    let home = server.stop().await;
    let files = std::fs::read_dir(home.data_dir()).unwrap().map(|file| file.unwrap().path());
    for file in files.filter(|path| path.is_file()) {
        let bytes = std::fs::read(&file).unwrap();
        for code in &codes {
            let plain = BASE32_NOPAD.decode(code.replace('-', "").to_uppercase().as_bytes()).unwrap();
            for needle in [code.as_bytes(), &plain, &app.secret] {
                assert!(!bytes.windows(needle.len()).any(|window| window == needle), "{}", file.display());
            }
        }
    }
    let server = TestServer::start_in(home, |_| {}).await;
    let challenge = challenge(&server, &session).await;
    answer(&server, &challenge, &codes[9]).await.expect(200);
    server.stop().await;
}
