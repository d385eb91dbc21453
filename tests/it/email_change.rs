//! Another e-mail address for an account: by its owner, once he has shown that he reads what is sent to it.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Answer, PASSWORD, Session, TestServer};
use usher_tests::smtp::on_both_stores;

use crate::second_factor;

const NEW: &str = "new-address@example.org";

async fn ask(server: &TestServer, session: &Session, body: Value) -> Answer {
    server.put(Some(session), "/me/email", body).await
}

async fn confirm(server: &TestServer, token: &str) -> Answer {
    server.post(None, "/auth/confirm-email-change", json!({"token": token})).await
}

async fn address(server: &TestServer, session: &Session) -> Value {
    let me = server.get(Some(session), "/me").await.expect(200);
    json!([me["email"], me["email_confirmed"]])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_changed_once_the_new_one_is_shown_to_be_his() {
    on_both_stores(|server, smtp| async move {
        let ada = server.attendee().await;
        ask(&server, &ada, json!({"email": NEW, "password": "wrong horse"})).await.problem(401, "CREDENTIALS_WRONG");
        ask(&server, &ada, json!({"email": "no address", "password": PASSWORD}))
            .await
            .problem(422, "VALIDATION_FAILED");
        // A link for a new password goes to the present address, which may be lost.
        server.post(None, "/auth/forgot-password", json!({"email": ada.email})).await.expect(202);
        let reset = smtp.mails(&ada.email, "Choose a new password", 1).await.pop().unwrap().token();

        for _ in 0..2 {
            ask(&server, &ada, json!({"email": NEW, "password": PASSWORD})).await.expect(202);
        }
        let links = smtp.mails(NEW, "Confirm your new e-mail address", 2).await;
        assert_eq!(address(&server, &ada).await, json!([ada.email, true]), "nothing has changed yet");
        let token = links[0].token();
        let forged = format!("{}{}", if token.starts_with('A') { "B" } else { "A" }, &token[1..]);
        for token in [forged.as_str(), "nonsense", ""] {
            confirm(&server, token).await.problem(410, "LINK_INVALID");
        }
        confirm(&server, &token).await.expect(204);
        for link in &links {
            confirm(&server, &link.token()).await.problem(410, "LINK_INVALID");
        }
        assert_eq!(address(&server, &ada).await, json!([NEW, true]));
        server.login(NEW, PASSWORD).await;
        let old = json!({"email": ada.email, "password": PASSWORD});
        server.post(None, "/auth/login", old).await.problem(401, "CREDENTIALS_WRONG");
        let reset = json!({"token": reset, "password": "another horse"});
        server.post(None, "/auth/reset-password", reset).await.problem(410, "LINK_INVALID");
        let told = smtp.mails(&ada.email, "Your e-mail address was changed", 1).await.pop().unwrap();
        assert!(!told.text().contains(NEW), "who reads the old address need not know the new one");
        let admin = server.admin().await;
        let path = format!("/admin/audit-log?action=email.change&object={}", ada.id);
        let entries = server.get(Some(&admin), &path).await.expect(200)["items"].clone();
        assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
        assert!(!entries.to_string().contains(NEW), "an address in the log could not be taken out again");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_somebody_has_is_not_given_to_another() {
    on_both_stores(|server, smtp| async move {
        let (ada, bob, eve) = (server.attendee().await, server.attendee().await, server.attendee().await);
        let wants = |email: &str| json!({"email": email.to_uppercase(), "password": PASSWORD});
        ask(&server, &ada, wants(&bob.email)).await.problem(409, "EMAIL_TAKEN");
        // Free when it was asked for, by two: the first who shows that it is his has it.
        for account in [&ada, &eve] {
            ask(&server, account, wants(NEW)).await.expect(202);
        }
        let links = smtp.mails(&NEW.to_uppercase(), "Confirm your new e-mail address", 2).await;
        let answers = futures_util::future::join_all(links.iter().map(|link| {
            let (server, token) = (&server, link.token());
            async move { confirm(server, &token).await }
        }));
        let mut statuses: Vec<u16> = answers.await.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
        // In another case it is the same address, and his own.
        ask(&server, &bob, wants(&bob.email)).await.expect(202);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_second_factor_its_code_is_asked_for() {
    on_both_stores(|server, _| async move {
        let ada = server.attendee().await;
        let (_, codes) = second_factor::enrol(&server, &ada).await;
        let problem = ask(&server, &ada, json!({"email": NEW, "password": PASSWORD})).await;
        assert_eq!(problem.problem(422, "VALIDATION_FAILED")["errors"][0]["field"], "code");
        ask(&server, &ada, json!({"email": NEW, "code": codes[0]})).await.expect(202);
        let nobody = server.request(Method::PUT, "/me/email").json(&json!({"email": NEW, "password": PASSWORD}));
        usher_tests::server::send(nobody).await.problem(401, "TOKEN_MISSING");
        server.stop().await;
    })
    .await;
}
