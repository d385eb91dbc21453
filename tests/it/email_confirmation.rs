//! Whether somebody reads what is sent to an account's address.

use serde_json::{Value, json};
use usher_tests::server::{Answer, TestServer};
use usher_tests::smtp::{SmtpServer, by_smtp, on_both_stores};

const PASSWORD: &str = "correct horse";
const ADA: &str = "ada@example.org";
const NOBODY: &str = "nobody@example.org";

async fn register(server: &TestServer, email: &str) -> Value {
    let body = json!({"name": "Ada", "email": email, "password": PASSWORD});
    server.post(None, "/auth/register", body).await.expect(201)["user"].clone()
}

async fn confirm(server: &TestServer, token: &str) -> Answer {
    server.post(None, "/auth/confirm-email", json!({"token": token})).await
}

async fn resend(server: &TestServer, email: &str) -> Answer {
    server.post(None, "/auth/resend-confirmation", json!({"email": email})).await
}

async fn login(server: &TestServer, password: &str) -> Answer {
    server.post(None, "/auth/login", json!({"email": ADA, "password": password})).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_of_the_mail_confirms_the_address_once() {
    on_both_stores(|server, smtp| async move {
        assert_eq!(register(&server, ADA).await["email_confirmed"], false);
        let token = smtp.mail_to(ADA, 1).await.token();
        let other = if token.starts_with('A') { "B" } else { "A" };
        confirm(&server, &format!("{other}{}", &token[1..])).await.problem(410, "LINK_INVALID");
        confirm(&server, "nonsense").await.problem(410, "LINK_INVALID");
        let reset = json!({"token": token, "password": "another horse"});
        server.post(None, "/auth/reset-password", reset).await.problem(410, "LINK_INVALID");
        confirm(&server, &token).await.expect(204);
        let session = server.login(ADA, PASSWORD).await;
        assert_eq!(server.get(Some(&session), "/me").await.expect(200)["email_confirmed"], true);
        confirm(&server, &token).await.problem(410, "LINK_INVALID");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_repeated_under_its_key_gets_the_first_answer() {
    let smtp = SmtpServer::start().await;
    let server = TestServer::start_with(by_smtp(smtp.port())).await;
    register(&server, ADA).await;
    let body = json!({"token": smtp.mail_to(ADA, 1).await.token()});
    server.post_keyed(None, "/auth/confirm-email", "k-1", body.clone()).await.expect(204);
    let again = server.post_keyed(None, "/auth/confirm-email", "k-1", body).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    again.expect(204);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mail_is_sent_again_three_times_and_the_answer_tells_of_no_account() {
    on_both_stores(|server, smtp| async move {
        register(&server, ADA).await;
        for _ in 0..3 {
            let answers = [resend(&server, ADA).await, resend(&server, NOBODY).await];
            assert!(answers.iter().all(|answer| answer.status == 202 && answer.text.is_empty()), "{answers:?}");
        }
        resend(&server, "ADA@example.org").await.problem(429, "RATE_LIMITED");
        resend(&server, NOBODY).await.expect(202);
        resend(&server, NOBODY).await.problem(429, "RATE_LIMITED");
        resend(&server, "not an address").await.problem(422, "VALIDATION_FAILED");
        let mails = smtp.mails_to(ADA, 4).await;
        confirm(&server, &mails[1].token()).await.expect(204);
        server.stop().await;
        assert_eq!(smtp.received().len(), 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_confirmed_is_not_asked_for_again() {
    let smtp = SmtpServer::start().await;
    let server = TestServer::start_with(by_smtp(smtp.port())).await;
    register(&server, ADA).await;
    confirm(&server, &smtp.mail_to(ADA, 1).await.token()).await.expect(204);
    resend(&server, ADA).await.expect(202);
    // Stopping waits for what was promised and for what is being sent.
    server.stop().await;
    assert_eq!(smtp.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_wants_confirmed_addresses_lets_nobody_else_in_or_buy() {
    let smtp = SmtpServer::start().await;
    let server = TestServer::start_with(by_smtp(smtp.port())).await;
    register(&server, ADA).await;
    let early = server.login(ADA, PASSWORD).await;
    let home = server.stop().await;

    let server = TestServer::start_in(home, |config| {
        by_smtp(smtp.port())(config);
        config.accounts.require_confirmed_email = true;
    })
    .await;
    login(&server, "wrong horse").await.problem(401, "CREDENTIALS_WRONG");
    login(&server, PASSWORD).await.problem(403, "EMAIL_NOT_CONFIRMED");
    let nothing = "019aa1b2-0000-7000-8000-000000000001";
    let order = || server.post(Some(&early), "/orders", json!({"event_id": nothing, "hold_id": nothing}));
    order().await.problem(403, "EMAIL_NOT_CONFIRMED");
    server.get(Some(&early), "/me").await.expect(200);

    // The login that confirms goes on.
    let token = json!({"token": smtp.mail_to(ADA, 1).await.token()});
    server.post(Some(&early), "/auth/confirm-email", token).await.expect(204);
    login(&server, PASSWORD).await.expect(200);
    order().await.problem(404, "EVENT_NOT_FOUND");
    server.admin().await;
    server.stop().await;
}
