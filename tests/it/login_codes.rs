//! Signing in by a code that is sent by mail.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

use serde_json::{Value, json};
use usher_tests::server::{Answer, TestServer};
use usher_tests::smtp::{SmtpServer, by_smtp, on_both_stores};

const ADA: &str = "ada@example.org";
const NOBODY: &str = "nobody@example.org";

async fn register(server: &TestServer) {
    let body = json!({"name": "Ada", "email": ADA, "password": "correct horse"});
    server.post(None, "/auth/register", body).await.expect(201);
}

async fn ask(server: &TestServer, email: &str) -> Answer {
    server.post(None, "/auth/codes", json!({"email": email})).await
}

async fn verify(server: &TestServer, email: &str, code: &str) -> Answer {
    server.post(None, "/auth/codes/verify", json!({"email": email, "code": code})).await
}

/// Another one of six digits.
fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// The newest of so many that were sent.
async fn code(smtp: &SmtpServer, sent: usize) -> String {
    smtp.mails(ADA, "Your code to sign in", sent).await.pop().unwrap().code()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_signs_in_once_and_confirms_the_address() {
    on_both_stores(|server, smtp| async move {
        register(&server).await;
        ask(&server, "ADA@Example.org").await.expect(202);
        let code = code(&smtp, 1).await;
        let problem = verify(&server, ADA, "12345").await.problem(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "code");
        verify(&server, NOBODY, &code).await.problem(401, "CODE_WRONG");
        let tokens = verify(&server, ADA, &code).await.expect(200);
        assert_eq!(tokens["user"]["email_confirmed"], true);
        let me = server.request(reqwest::Method::GET, "/me").bearer_auth(tokens["access_token"].as_str().unwrap());
        assert_eq!(usher_tests::server::send(me).await.expect(200)["id"], tokens["user"]["id"]);
        verify(&server, ADA, &code).await.problem(401, "CODE_WRONG");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_makes_an_account_for_who_has_none() {
    on_both_stores(|server, smtp| async move {
        ask(&server, "Nobody@example.org").await.expect(202);
        let code = smtp.mails("Nobody@example.org", "Your code to sign in", 1).await.pop().unwrap().code();
        let named = |name: &str| json!({"email": NOBODY, "code": code, "name": name});
        let problem = server.post(None, "/auth/codes/verify", named(" ")).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(problem["errors"][0]["field"], "name");
        verify(&server, NOBODY, &wrong(&code)).await.problem(401, "CODE_WRONG");
        let tokens = server.post(None, "/auth/codes/verify", named("Odysseus")).await.expect(200);
        let user = &tokens["user"];
        assert_eq!((&user["name"], &user["role"]), (&json!("Odysseus"), &json!("attendee")));
        assert_eq!((&user["email_confirmed"], &user["email"]), (&json!(true), &json!(NOBODY)));
        // It has no password, and is found again by the next code.
        let login = json!({"email": NOBODY, "password": "correct horse"});
        server.post(None, "/auth/login", login).await.problem(401, "CREDENTIALS_WRONG");
        let body = json!({"name": "Nobody", "email": NOBODY, "password": "correct horse"});
        server.post(None, "/auth/register", body).await.problem(409, "EMAIL_TAKEN");
        let admin = server.admin().await;
        let path = format!("/admin/audit-log?action=user.register&object={}", user["id"].as_str().unwrap());
        let entries = server.get(Some(&admin), &path).await.expect(200)["items"].clone();
        assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
        ask(&server, NOBODY).await.expect(202);
        let code = smtp.mails(NOBODY, "Your code to sign in", 1).await.pop().unwrap().code();
        let again = server.post(None, "/auth/codes/verify", json!({"email": NOBODY, "code": code})).await.expect(200);
        assert_eq!(again["user"]["id"], user["id"]);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_guesses_are_all_there_are_also_across_a_restart() {
    let smtp = SmtpServer::start().await;
    let server = TestServer::start_with(by_smtp(smtp.port())).await;
    register(&server).await;
    ask(&server, ADA).await.expect(202);
    let first = code(&smtp, 1).await;
    for _ in 0..3 {
        verify(&server, ADA, &wrong(&first)).await.problem(401, "CODE_WRONG");
    }
    let home = server.stop().await;
    let server = TestServer::start_in(home, by_smtp(smtp.port())).await;
    for _ in 0..2 {
        verify(&server, ADA, &wrong(&first)).await.problem(401, "CODE_WRONG");
    }
    verify(&server, ADA, &first).await.problem(401, "CODE_WRONG");
    ask(&server, ADA).await.expect(202);
    let second = code(&smtp, 2).await;
    verify(&server, ADA, &second).await.expect(200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_used_many_times_at_once_signs_in_once() {
    on_both_stores(|server, smtp| async move {
        register(&server).await;
        ask(&server, ADA).await.expect(202);
        let code = code(&smtp, 1).await;
        let answers = futures_util::future::join_all((0..20).map(|_| verify(&server, ADA, &code))).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 19, "{statuses:?}");
        server.stop().await;
    })
    .await;
}

/// Impatience costs nothing: what is not sent does not count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clicks_are_one_mail_and_leave_three_more() {
    on_both_stores(|server, smtp| async move {
        register(&server).await;
        let at_once = futures_util::future::join_all((0..4).map(|_| ask(&server, ADA))).await;
        assert!(at_once.iter().all(|answer| answer.status == 202), "{at_once:?}");
        let mut last = code(&smtp, 1).await;
        for _ in 0..20 {
            ask(&server, ADA).await.expect(202);
        }
        for sent in 2..=4 {
            for _ in 0..5 {
                verify(&server, ADA, &wrong(&last)).await.problem(401, "CODE_WRONG");
            }
            ask(&server, ADA).await.expect(202);
            last = code(&smtp, sent).await;
        }
        for _ in 0..5 {
            verify(&server, ADA, &wrong(&last)).await.problem(401, "CODE_WRONG");
        }
        ask(&server, ADA).await.problem(429, "RATE_LIMITED");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_is_answered_like_a_known_one() {
    on_both_stores(|server, smtp| async move {
        register(&server).await;
        for sent in 1..=4 {
            let answers = [ask(&server, ADA).await, ask(&server, NOBODY).await];
            assert!(answers.iter().all(|answer| answer.status == 202 && answer.text.is_empty()), "{answers:?}");
            let last = wrong(&code(&smtp, sent).await);
            // One that cannot be guessed any more is on nobody's way.
            let unknown = smtp.mails(NOBODY, "Your code to sign in", sent).await.pop().unwrap().code();
            for (email, wrong) in [(ADA, &last), (NOBODY, &wrong(&unknown))] {
                for _ in 0..5 {
                    verify(&server, email, wrong).await.problem(401, "CODE_WRONG");
                }
            }
        }
        ask(&server, ADA).await.problem(429, "RATE_LIMITED");
        ask(&server, NOBODY).await.problem(429, "RATE_LIMITED");
        let last = wrong(&code(&smtp, 4).await);
        let mut problems = Vec::new();
        for email in [ADA, NOBODY, "never-asked@example.org"] {
            let mut problem = verify(&server, email, &last).await.problem(401, "CODE_WRONG");
            problem["request_id"] = Value::Null;
            problems.push(problem);
        }
        assert!(problems.iter().all(|problem| *problem == problems[0]), "{problems:?}");
        server.stop().await;
    })
    .await;
}
