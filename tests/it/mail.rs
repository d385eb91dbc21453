//! The way of a mail from the change that queues it to a mail server, through what may go wrong between them.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

use std::time::Duration;

use serde_json::{Value, json};
use usher::mail::Letter;
use usher_tests::server::{Home, Session, TestServer};
use usher_tests::smtp::{SmtpServer, by_smtp, free_port, on_both_stores};

const READER: &str = "reader@example.org";
const PATIENCE: Duration = Duration::from_secs(30);

async fn queue(server: &TestServer, letter: Letter) {
    let state = server.app().state();
    state.mail.queue(READER, &letter, state.now()).await.unwrap();
}

fn confirmation() -> Letter {
    Letter::ConfirmEmail { token: "t0k-en".to_owned() }
}

async fn mails(server: &TestServer, admin: &Session, query: &str) -> Vec<Value> {
    let page = server.get(Some(admin), &format!("/admin/mails{query}")).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

/// Waits until the newest mail is in the status: the worker writes it down after the mail server has answered.
async fn settled(server: &TestServer, admin: &Session, status: &str) -> Value {
    let settled = async {
        loop {
            let newest = mails(server, admin, "").await.swap_remove(0);
            if newest["status"] == status {
                return newest;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, settled).await.expect("the mail is settled")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_arrives_in_both_forms_and_what_it_said_leaves_the_store() {
    on_both_stores(|server, smtp| async move {
        let admin = server.admin().await;
        queue(&server, confirmation()).await;
        let mail = smtp.mail_to(READER, 1).await;
        assert_eq!(mail.from, "usher@localhost");
        assert_eq!(mail.header("Subject"), "Confirm your e-mail address");
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        assert!(mail.header("Content-Type").starts_with("multipart/alternative"), "{}", mail.message);
        assert_eq!(mail.text().matches("https://tickets.example/confirm-email#token=t0k-en").count(), 3);

        let listed = settled(&server, &admin, "sent").await;
        assert_eq!(mail.header("Message-ID"), format!("<{}@localhost>", listed["id"].as_str().unwrap()));
        assert_eq!((&listed["kind"], &listed["recipient"]), (&json!("confirm_email"), &json!(READER)));
        assert!(!listed.to_string().contains("t0k-en"), "{listed}");
        let id = listed["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(server.app().state().store.mail_find(id).await.unwrap().unwrap().body, None);
        assert_eq!(smtp.received().len(), 1);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_that_is_down_at_first_gets_the_mail_once() {
    let port = free_port();
    let server = TestServer::start_with(by_smtp(port)).await;
    let admin = server.admin().await;
    queue(&server, confirmation()).await;
    let failed_once = async {
        while mails(&server, &admin, "").await[0]["last_error"].is_null() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, failed_once).await.expect("an attempt fails");
    let smtp = SmtpServer::start_at(port).await;
    smtp.mail_to(READER, 1).await;
    let listed = settled(&server, &admin, "sent").await;
    assert!(listed["attempts"].as_u64().unwrap() >= 2 && listed["last_error"].is_null(), "{listed}");
    server.stop().await;
    assert_eq!(smtp.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passing_refusal_is_tried_again_and_a_final_one_waits_for_an_admin() {
    on_both_stores(|server, smtp| async move {
        let admin = server.admin().await;
        smtp.refuse(["451 4.3.0 later", "452 4.2.2 full", "550 5.1.1 nobody here"]);
        queue(&server, confirmation()).await;
        let failed = settled(&server, &admin, "failed").await;
        assert_eq!(failed["attempts"], 3);
        assert!(failed["last_error"].as_str().unwrap().contains("nobody here"), "{failed}");
        assert_eq!(mails(&server, &admin, "?status=failed").await, std::slice::from_ref(&failed));
        assert!(mails(&server, &admin, "?status=sent").await.is_empty());

        let path = format!("/admin/mails/{}/retry", failed["id"].as_str().unwrap());
        assert_eq!(server.post(Some(&admin), &path, json!({})).await.expect(200)["status"], "queued");
        smtp.mail_to(READER, 1).await;
        settled(&server, &admin, "sent").await;
        server.post(Some(&admin), &path, json!({})).await.problem(409, "MAIL_NOT_FAILED");
        let nothing = "/admin/mails/019aa1b2-0000-7000-8000-000000000001/retry";
        server.post(Some(&admin), nothing, json!({})).await.problem(404, "MAIL_NOT_FOUND");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_given_up_after_the_last_attempt_or_when_it_is_too_late() {
    let smtp = SmtpServer::start().await;
    let server = TestServer::start_with(|config| {
        by_smtp(smtp.port())(config);
        config.mail.attempts_max = 2;
    })
    .await;
    let admin = server.admin().await;
    smtp.refuse(["451 4.3.0 later", "451 4.3.0 later"]);
    queue(&server, confirmation()).await;
    assert_eq!(settled(&server, &admin, "failed").await["attempts"], 2);

    let state = server.app().state();
    let an_hour_ago = state.now().plus_us(-3_600_000_000);
    state.mail.queue(READER, &Letter::LoginCode { code: "012345".to_owned() }, an_hour_ago).await.unwrap();
    let late = || async { mails(&server, &admin, "?status=failed").await };
    let given_up = async {
        while late().await.len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, given_up).await.expect("the late mail is given up");
    let late = late().await.into_iter().find(|mail| mail["kind"] == "login_code").unwrap();
    assert!(late["last_error"].as_str().unwrap().starts_with("too late"), "{late}");
    server.stop().await;
    assert!(smtp.received().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_queued_outlives_a_restart() {
    let port = free_port();
    let server = TestServer::start_with(by_smtp(port)).await;
    for _ in 0..40 {
        queue(&server, confirmation()).await;
    }
    let home: Home = server.stop().await;
    let smtp = SmtpServer::start_at(port).await;
    let server = TestServer::start_in(home, by_smtp(port)).await;
    let mails = smtp.mails_to(READER, 40).await;
    let mut ids: Vec<_> = mails.iter().map(|mail| mail.header("Message-ID").to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((mails.len(), ids.len()), (40, 40));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mail_server_each_mail_is_a_file() {
    let server = TestServer::start().await;
    let folder = server.app().state().config.store.data_dir.join("mail");
    queue(&server, confirmation()).await;
    let admin = server.admin().await;
    let id = settled(&server, &admin, "sent").await["id"].as_str().unwrap().to_owned();
    let message = std::fs::read_to_string(folder.join(format!("{id}.eml"))).unwrap();
    assert!(message.contains("To: reader@example.org\r\n"), "{message}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_are_for_admins_and_come_page_by_page() {
    let server = TestServer::start().await;
    let (admin, attendee) = (server.admin().await, server.attendee().await);
    server.get(None, "/admin/mails").await.problem(401, "TOKEN_MISSING");
    server.get(Some(&attendee), "/admin/mails").await.problem(403, "ROLE_REQUIRED");
    let retry = "/admin/mails/019aa1b2-0000-7000-8000-000000000001/retry";
    server.post(Some(&attendee), retry, json!({})).await.problem(403, "ROLE_REQUIRED");
    for _ in 0..3 {
        queue(&server, Letter::PasswordChanged { api_keys_left: 0 }).await;
    }
    let kind = |page: &Value| page["items"].as_array().unwrap().len();
    let first = server.get(Some(&admin), "/admin/mails?limit=2").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = server.get(Some(&admin), &format!("/admin/mails?cursor={cursor}&limit=200")).await.expect(200);
    assert!(kind(&first) == 2 && kind(&rest) >= 1 && rest["next_cursor"].is_null(), "{first} {rest}");
    server.get(Some(&admin), "/admin/mails?status=lost").await.problem(400, "QUERY_INVALID");
    server.stop().await;
}
