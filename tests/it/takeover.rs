//! Accounts that somebody else has got hold of, or has made with an address that is not his: how their owners get them, and
//! what is left of the other one.

use reqwest::Method;
use serde_json::{Value, json};
use usher_tests::server::{Answer, PASSWORD, Session, TestServer, send};
use usher_tests::smtp::{SmtpServer, on_both_stores};

use crate::second_factor::{challenge, enrol};
use crate::show::{Show, faults, text};

const VICTIM: &str = "victim@example.org";
const CHOSEN: &str = "chosen by its owner";
/// Nobody has it.
const TRANSFER: &str = "/tickets/01a1fc90-e373-7093-b7e9-237b63ced171/transfer";

/// Somebody who has the account of another one's address, with everything that opens it.
struct Squatter {
    session: Session,
    key: String,
    recovery_codes: Vec<String>,
}

async fn register(server: &TestServer) -> Session {
    let body = json!({"name": "Squatter", "email": VICTIM, "password": PASSWORD});
    server.post(None, "/auth/register", body).await.expect(201);
    server.login(VICTIM, PASSWORD).await
}

async fn key(server: &TestServer, owner: &Session, proof: Value) -> Answer {
    let mut body = json!({"name": "Later", "scopes": ["booking"]});
    body.as_object_mut().unwrap().extend(proof.as_object().unwrap().clone());
    server.post(Some(owner), "/me/api-keys", body).await
}

async fn squat(server: &TestServer) -> Squatter {
    let session = register(server).await;
    let made = key(server, &session, json!({"password": PASSWORD})).await.expect(201);
    let (_, recovery_codes) = enrol(server, &session).await;
    Squatter { session, key: text(&made["key"]), recovery_codes }
}

async fn by_key(server: &TestServer, key: &str) -> Answer {
    send(server.request(Method::GET, "/orders").bearer_auth(key)).await
}

async fn login(server: &TestServer, password: &str) -> Answer {
    server.post(None, "/auth/login", json!({"email": VICTIM, "password": password})).await
}

async fn reset(server: &TestServer, smtp: &SmtpServer) {
    server.post(None, "/auth/forgot-password", json!({"email": VICTIM})).await.expect(202);
    let token = smtp.mails(VICTIM, "Choose a new password", 1).await.pop().unwrap().token();
    let body = json!({"token": token, "password": CHOSEN});
    server.post(None, "/auth/reset-password", body).await.expect(204);
}

/// Neither login, nor key, nor second factor of before.
async fn expect_evicted(server: &TestServer, squatter: &Squatter) {
    server.get(Some(&squatter.session), "/me").await.problem(401, "TOKEN_INVALID");
    let refresh = json!({"refresh_token": squatter.session.refresh_token});
    server.post(None, "/auth/refresh", refresh).await.problem(401, "REFRESH_TOKEN_INVALID");
    by_key(server, &squatter.key).await.problem(401, "API_KEY_INVALID");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_of_a_mail_hands_an_account_to_its_owner_alone() {
    on_both_stores(|server, smtp| async move {
        let squatter = squat(&server).await;
        by_key(&server, &squatter.key).await.expect(200);
        let waiting = challenge(&server, &squatter.session).await;
        server.post(None, "/auth/codes", json!({"email": VICTIM})).await.expect(202);
        let code = smtp.mails(VICTIM, "Your code to sign in", 1).await.pop().unwrap().code();
        let tokens = server.post(None, "/auth/codes/verify", json!({"email": VICTIM, "code": code})).await.expect(200);
        assert_eq!(tokens["user"]["email_confirmed"], true);
        expect_evicted(&server, &squatter).await;
        login(&server, PASSWORD).await.problem(401, "CREDENTIALS_WRONG");
        let answer = json!({"challenge": waiting, "code": squatter.recovery_codes[0]});
        server.post(None, "/auth/second-factor", answer).await.problem(401, "CHALLENGE_INVALID");
        let mail = smtp.mails(VICTIM, "Your address is confirmed", 1).await.pop().unwrap();
        assert!(mail.text().contains("/forgot-password"), "{}", mail.text());

        // The owner goes on, and the next code changes nothing any more.
        reset(&server, &smtp).await;
        login(&server, CHOSEN).await.expect(200);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_password_hands_an_account_to_its_owner_alone() {
    on_both_stores(|server, smtp| async move {
        let squatter = squat(&server).await;
        reset(&server, &smtp).await;
        expect_evicted(&server, &squatter).await;
        // Without a code of the squatter's app.
        let tokens = login(&server, CHOSEN).await.expect(200);
        assert_eq!(tokens["user"]["email_confirmed"], true);
        login(&server, PASSWORD).await.problem(401, "CREDENTIALS_WRONG");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_of_the_first_mail_leaves_the_password_and_the_login_that_follows_it() {
    on_both_stores(|server, smtp| async move {
        let squatter = squat(&server).await;
        let token = json!({"token": smtp.mail_to(VICTIM, 1).await.token()});
        server.post(None, "/auth/confirm-email", token).await.expect(204);
        expect_evicted(&server, &squatter).await;
        login(&server, PASSWORD).await.expect(200);
        // What is set up from here on is the business of a confirmed account: a reset ends all but the second factor.
        let session = server.login(VICTIM, PASSWORD).await;
        let made = key(&server, &session, json!({"password": PASSWORD})).await.expect(201);
        enrol(&server, &session).await;
        let waiting = challenge(&server, &session).await;
        reset(&server, &smtp).await;
        by_key(&server, &text(&made["key"])).await.problem(401, "API_KEY_INVALID");
        login(&server, CHOSEN).await.problem(401, "SECOND_FACTOR_REQUIRED");
        let answer = json!({"challenge": waiting, "code": "000000"});
        server.post(None, "/auth/second-factor", answer).await.problem(401, "CHALLENGE_INVALID");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_confirms_while_signed_in_stays_so() {
    on_both_stores(|server, smtp| async move {
        let (here, there) = (register(&server).await, server.login(VICTIM, PASSWORD).await);
        let token = json!({"token": smtp.mail_to(VICTIM, 1).await.token()});
        server.post(Some(&here), "/auth/confirm-email", token).await.expect(204);
        server.get(Some(&here), "/me").await.expect(200);
        server.get(Some(&there), "/me").await.problem(401, "TOKEN_INVALID");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_a_role_nor_a_ticket_goes_to_an_address_that_nobody_has_confirmed() {
    on_both_stores(|server, _smtp| async move {
        let show = Show::on_sale(&server).await;
        register(&server).await;
        let (buyer, admin) = (server.attendee().await, server.admin().await);
        let paid = show.buy(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let transfer = format!("/tickets/{}/transfer", text(&paid["tickets"][0]["id"]));
        let appoint = async |email: &str| {
            let staff = json!({"email": email, "role": "door"});
            server.post(Some(&show.organizer), &show.path("/staff"), staff).await
        };
        let suspended = server.attendee().await;
        let path = format!("/users/{}", suspended.id);
        server.patch(Some(&admin), &path, json!({"status": "suspended"})).await.expect(200);
        for email in [VICTIM, suspended.email.as_str(), "nobody@example.org", "a\u{0}b"] {
            let problem = appoint(email).await.problem(422, "VALIDATION_FAILED");
            assert_eq!(faults(&problem)[0].0, "email", "{email:?}");
        }
        // A ticket may be offered to anybody, and is had by whoever has shown that he reads what is sent to the address.
        let offer = server.post(Some(&buyer), &transfer, json!({"email": VICTIM})).await.expect(201);
        let accept = format!("/ticket-transfers/{}/accept", text(&offer["id"]));
        let squatter = server.login(VICTIM, PASSWORD).await;
        server.post(Some(&squatter), &accept, json!({})).await.problem(403, "EMAIL_NOT_CONFIRMED");
        server.confirm(VICTIM).await;
        appoint(VICTIM).await.expect(201);
        let owner = server.login(VICTIM, PASSWORD).await;
        server.post(Some(&owner), &accept, json!({})).await.expect(200);
        server.stop().await;
    })
    .await;
}

/// Finding out which ids are tickets: whoever holds none hears the same of each, whatever else is wrong.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_tells_a_stranger_nothing_of_a_ticket() {
    on_both_stores(|server, _smtp| async move {
        let show = Show::on_sale(&server).await;
        let (buyer, stranger) = (server.attendee().await, server.attendee().await);
        let paid = show.buy(&server, &buyer, json!([{"seat": "A-1-1"}])).await;
        let real = format!("/tickets/{}/transfer", text(&paid["tickets"][0]["id"]));
        for (number, path) in [real.as_str(), TRANSFER].into_iter().enumerate() {
            for email in ["nobody@example.org", stranger.email.as_str()] {
                let body = json!({"email": email});
                server.post(Some(&stranger), path, body.clone()).await.problem(404, "TICKET_NOT_FOUND");
                let key = format!("{number}-{email}");
                server.post_keyed(Some(&stranger), path, &key, body).await.problem(404, "TICKET_NOT_FOUND");
            }
        }
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_alone_makes_neither_a_key_nor_a_second_factor() {
    on_both_stores(|server, smtp| async move {
        let session = server.attendee().await;
        let other = server.login(&session.email, PASSWORD).await;
        let missing = key(&server, &session, json!({})).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&missing), [("password".to_owned(), "MISSING_FIELD".to_owned())]);
        key(&server, &session, json!({"password": "wrong horse"})).await.problem(401, "CREDENTIALS_WRONG");
        key(&server, &session, json!({"password": PASSWORD})).await.expect(201);
        smtp.mails(&session.email, "An API key was made", 1).await;

        let start = async |body: Value| server.post(Some(&session), "/me/second-factor", body).await;
        start(json!({})).await.problem(422, "VALIDATION_FAILED");
        start(json!({"password": "wrong horse"})).await.problem(401, "CREDENTIALS_WRONG");
        let (app, codes) = enrol(&server, &session).await;
        smtp.mails(&session.email, "Your second factor was switched on", 1).await;
        server.get(Some(&session), "/me").await.expect(200);
        server.get(Some(&other), "/me").await.problem(401, "TOKEN_INVALID");

        // From here on a code is asked for in place of the password.
        let missing = key(&server, &session, json!({"password": PASSWORD})).await.problem(422, "VALIDATION_FAILED");
        assert_eq!(faults(&missing), [("code".to_owned(), "MISSING_FIELD".to_owned())]);
        key(&server, &session, json!({"code": codes[0]})).await.expect(201);
        key(&server, &session, json!({"code": app.code(1)})).await.expect(201);
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_password_ends_keys_if_asked_and_counts_them_if_not() {
    on_both_stores(|server, smtp| async move {
        let session = server.attendee().await;
        let made = key(&server, &session, json!({"password": PASSWORD})).await.expect(201);
        let change = async |present: &str, new: &str, revoke: Option<bool>| {
            let mut body = json!({"current_password": present, "new_password": new});
            if let Some(revoke) = revoke {
                body["revoke_api_keys"] = json!(revoke);
            }
            server.put(Some(&session), "/me/password", body).await.expect(204);
        };
        change(PASSWORD, CHOSEN, None).await;
        by_key(&server, &text(&made["key"])).await.expect(200);
        let mail = smtp.mails(&session.email, "Your password was changed", 1).await.pop().unwrap();
        assert!(mail.text().contains("API keys of the account still open it"), "{}", mail.text());
        change(CHOSEN, PASSWORD, Some(true)).await;
        by_key(&server, &text(&made["key"])).await.problem(401, "API_KEY_INVALID");
        let mail = smtp.mails(&session.email, "Your password was changed", 2).await.pop().unwrap();
        assert!(!mail.text().contains("API keys"), "{}", mail.text());
        server.stop().await;
    })
    .await;
}
