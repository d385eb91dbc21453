//! Signing in at a real provider of OpenID Connect on this machine, and every way to do so as somebody else.
#![expect(clippy::unwrap_used, reason = "a test that fails here says where")]

mod lies;
mod packaged;

use persistence::{Redacted, Role, User, UserStatus};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};
use url::Url;
use usher::config::Config;
use usher_tests::openid::{CLIENT_ID, CLIENT_SECRET, OpenIdProvider, Outage};
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::server::{Answer, Home, PASSWORD, TestServer, send, session};

use crate::second_factor;

const PAGE: &str = "https://tickets.example/welcome";

fn configure(provider: &OpenIdProvider) -> impl Fn(&mut Config) + use<> {
    let issuer = provider.issuer().to_owned();
    move |config| {
        config.google.issuer.clone_from(&issuer);
        config.google.client_id = Some(CLIENT_ID.to_owned());
        config.google.client_secret = Some(CLIENT_SECRET.into());
        config.google.return_url = Some(PAGE.to_owned());
    }
}

async fn start() -> (OpenIdProvider, TestServer) {
    let provider = OpenIdProvider::start().await;
    provider.sign_in(ada());
    let server = TestServer::start_with(configure(&provider)).await;
    (provider, server)
}

async fn on_both_stores<F: Future<Output = ()>>(test: impl Fn(OpenIdProvider, TestServer) -> F) {
    let (provider, server) = start().await;
    test(provider, server).await;
    if let Some(database) = TemporaryDatabase::create().await {
        let provider = OpenIdProvider::start().await;
        provider.sign_in(ada());
        let server = TestServer::start_in(Home::on(database), configure(&provider)).await;
        test(provider, server).await;
    }
}

fn ada() -> Value {
    json!({"sub": "ada-1", "email": "ada@example.org", "email_verified": true, "name": "Ada Lovelace"})
}

/// Keeps one cookie and follows nothing by itself.
struct Browser<'a> {
    server: &'a TestServer,
    client: Client,
    cookie: Option<String>,
}

impl<'a> Browser<'a> {
    fn new(server: &'a TestServer) -> Self {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Self { server, client, cookie: None }
    }

    async fn get(&mut self, url: &str) -> Answer {
        let mut request = self.client.get(url);
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let answer = send(request).await;
        self.keep(&answer);
        answer
    }

    fn keep(&mut self, answer: &Answer) {
        if let Some(set) = answer.headers.get(SET_COOKIE) {
            let set = set.to_str().unwrap();
            assert!(set.contains("; HttpOnly; SameSite=Lax"), "{set}");
            self.cookie = set.split(';').next().map(str::to_owned);
        }
    }

    /// To the provider and, signed in there, as far as the address that it sends the browser back to.
    async fn go(&mut self) -> Url {
        let answer = self.get(&self.server.url("/api/v1/auth/google")).await;
        let there = location(answer);
        location(self.get(there.as_str()).await)
    }

    /// All the way back to the page, with the code that it gets.
    async fn sign_in(&mut self) -> String {
        let back = self.go().await;
        code(self.get(back.as_str()).await)
    }

    async fn exchange(&mut self, code: &str) -> Answer {
        let mut request = self.server.request(Method::POST, "/auth/google/exchange").json(&json!({"code": code}));
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        send(request).await
    }

    async fn tokens(&mut self) -> Value {
        let code = self.sign_in().await;
        self.exchange(&code).await.expect(200)
    }
}

#[track_caller]
fn location(answer: Answer) -> Url {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.header(LOCATION.as_str()).parse().unwrap()
}

#[track_caller]
fn code(answer: Answer) -> String {
    let page = location(answer);
    assert!(page.as_str().starts_with(PAGE), "{page}");
    page.fragment().unwrap().strip_prefix("sign_in=").unwrap().to_owned()
}

fn with(url: &Url, name: &str, value: Option<&str>) -> String {
    let kept =
        url.query_pairs().filter(|(key, _)| key != name).map(|(key, value)| (key.into_owned(), value.into_owned()));
    let kept: Vec<(String, String)> = kept.collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(kept);
    if let Some(value) = value {
        url.query_pairs_mut().append_pair(name, value);
    }
    url.into()
}

/// An account whose owner has shown that he reads what is sent to the address.
async fn confirmed(server: &TestServer, email: &str) -> uuid::Uuid {
    let state = server.app().state();
    let now = state.now();
    let id = inventory::UserId::from_uuid(usher::ids::mint(now));
    let user = User {
        id,
        name: "Grace".to_owned(),
        email: email.to_owned(),
        password_hash: Redacted(state.passwords.hash(PASSWORD.into()).await.unwrap()),
        role: Role::Attendee,
        status: UserStatus::Active,
        created_at: now,
        whitelisted: false,
        email_confirmed_at: Some(now),
        avatar: None,
    };
    state.store.user_insert(&user).await.unwrap();
    id.uuid()
}

/// Kinds of the mails to the address, newest first.
async fn told(server: &TestServer, email: &str) -> Vec<String> {
    let mails = server.app().state().store.mail_list_to(email, None, 100).await.unwrap();
    mails.into_iter().map(|mail| mail.kind).collect()
}

async fn accounts(server: &TestServer) -> usize {
    let admin = server.admin().await;
    server.get(Some(&admin), "/users").await.expect(200)["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_gets_an_account_and_finds_it_again() {
    on_both_stores(|provider, server| async move {
        let mut browser = Browser::new(&server);
        let asked = location(browser.get(&server.url("/api/v1/auth/google")).await);
        let query: Vec<String> = asked.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
        assert!(query.contains(&"code_challenge_method=S256".to_owned()), "{query:?}");

        let first = browser.tokens().await;
        assert_eq!(
            (&first["user"]["email"], &first["user"]["name"]),
            (&json!("ada@example.org"), &json!("Ada Lovelace"))
        );
        assert_eq!(first["user"]["role"], "attendee");
        // Known by the provider's name for him, whatever his address has become.
        provider.sign_in(json!({"sub": "ada-1", "email": "other@example.org", "email_verified": false}));
        let second = Browser::new(&server).tokens().await;
        assert_eq!(second["user"], first["user"]);
        let session = session(&second);
        let me = server.get(Some(&session), "/me").await.expect(200);
        assert_eq!((&me["id"], &me["email_confirmed"]), (&first["user"]["id"], &json!(true)));
        let sessions = server.get(Some(&session), "/me/sessions").await.expect(200);
        assert_eq!(sessions["items"].as_array().unwrap().len(), 2);
        // The account has no password that anybody knows.
        let body = json!({"email": "ada@example.org", "password": ""});
        server.post(None, "/auth/login", body).await.problem(401, "CREDENTIALS_WRONG");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_exchanged_once_and_by_the_browser_that_signed_in() {
    on_both_stores(|provider, server| async move {
        let _alive = provider;
        let mut browser = Browser::new(&server);
        let code = browser.sign_in().await;
        Browser::new(&server).exchange(&code).await.problem(401, "SIGN_IN_ATTEMPT_INVALID");
        let mut thief = Browser::new(&server);
        thief.sign_in().await;
        thief.exchange(&code).await.problem(401, "SIGN_IN_ATTEMPT_INVALID");
        for other in ["", "x", &code[1..], &code[..code.len() - 1]] {
            browser.exchange(other).await.problem(401, "SIGN_IN_ATTEMPT_INVALID");
        }
        browser.exchange(&code).await.expect(200);
        browser.exchange(&code).await.problem(401, "SIGN_IN_ATTEMPT_INVALID");
        server.stop().await;
    })
    .await;
}

/// Whoever registers somebody else's address first must not share the account with its owner.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_linked_only_when_both_sides_have_shown_that_the_address_is_theirs() {
    on_both_stores(|provider, server| async move {
        let email = "unconfirmed@example.org";
        let body = json!({"name": "Eve", "email": email, "password": PASSWORD});
        server.post(None, "/auth/register", body).await.expect(201);
        let sign_in = |sub: &str, is_verified: Value| {
            provider.sign_in(json!({"sub": sub, "email": email, "email_verified": is_verified}));
        };
        let before = accounts(&server).await;
        for is_verified in [json!(false), json!("true"), json!(1), Value::Null] {
            sign_in("unverified", is_verified);
            let mut browser = Browser::new(&server);
            let back = browser.go().await;
            browser.get(back.as_str()).await.problem(403, "EMAIL_NOT_VERIFIED");
        }
        sign_in("owner", json!(true));
        let mut browser = Browser::new(&server);
        let back = browser.go().await;
        browser.get(back.as_str()).await.problem(409, "EMAIL_TAKEN");
        assert_eq!(accounts(&server).await, before);

        let id = confirmed(&server, "grace@example.org").await;
        provider.sign_in(json!({"sub": "grace", "email": "Grace@example.org", "email_verified": true}));
        let tokens = Browser::new(&server).tokens().await;
        assert_eq!(tokens["user"]["id"], json!(id));
        // The password goes on working.
        let grace = server.login("grace@example.org", PASSWORD).await;
        // Its owner hears of it, whoever it was, and can end it.
        assert_eq!(told(&server, &grace.email).await, ["identity_linked"]);
        let linked = server.get(Some(&grace), "/me/identities").await.expect(200)["items"].clone();
        assert_eq!((linked.as_array().unwrap().len(), &linked[0]["email"]), (1, &json!("Grace@example.org")));
        let path = format!("/me/identities/{}", linked[0]["id"].as_str().unwrap());
        server.delete(Some(&grace), &path).await.expect(204);
        server.delete(Some(&grace), &path).await.problem(404, "IDENTITY_NOT_FOUND");
        assert_eq!(server.get(Some(&grace), "/me/identities").await.expect(200), json!({"items": []}));
        assert_eq!(told(&server, &grace.email).await, ["identity_unlinked", "identity_linked"]);
        let admin = server.admin().await;
        for (action, via) in [("identity.link", "anonymous"), ("identity.unlink", "session")] {
            let path = format!("/admin/audit-log?object={id}&action={action}");
            let entries = server.get(Some(&admin), &path).await.expect(200)["items"].clone();
            assert_eq!((entries.as_array().unwrap().len(), &entries[0]["via"]), (1, &json!(via)), "{action}");
        }
        // Not the same address, though a comparison that folds more than ASCII says so.
        confirmed(&server, "kelvin@example.org").await;
        provider.sign_in(json!({"sub": "k", "email": "\u{212a}elvin@example.org", "email_verified": true}));
        let mut browser = Browser::new(&server);
        let back = browser.go().await;
        browser.get(back.as_str()).await.problem(409, "EMAIL_TAKEN");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_browser_that_began_ends_it_and_only_once() {
    on_both_stores(|provider, server| async move {
        let _alive = provider;
        let mut browser = Browser::new(&server);
        let back = browser.go().await;
        let other = Browser::new(&server).go().await;
        let foreign_state = other.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
        let begun = browser.cookie.clone();
        for url in
            [with(&back, "state", None), with(&back, "state", Some("x")), with(&back, "state", Some(&foreign_state))]
        {
            browser.get(&url).await.problem(401, "SIGN_IN_ATTEMPT_INVALID");
        }
        // A browser that began nothing, one that began something else, and a cookie made up.
        for cookie in [None, Some("usher_google=AAAA".to_owned())] {
            browser.cookie = cookie;
            browser.get(back.as_str()).await.problem(401, "SIGN_IN_ATTEMPT_INVALID");
        }
        let mut another = Browser::new(&server);
        another.go().await;
        another.get(back.as_str()).await.problem(401, "SIGN_IN_ATTEMPT_INVALID");

        browser.cookie.clone_from(&begun);
        code(browser.get(back.as_str()).await);
        browser.cookie.clone_from(&begun);
        browser.get(back.as_str()).await.problem(401, "SIGN_IN_ATTEMPT_INVALID");
        // Replayed with a code that the provider has not seen yet.
        let fresh = Browser::new(&server).go().await;
        let fresh = fresh.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let replayed = with(&back, "code", Some(&fresh));
        browser.get(&replayed).await.problem(401, "SIGN_IN_ATTEMPT_INVALID");
        server.stop().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_of_another_sign_in_is_refused() {
    let (_provider, server) = start().await;
    let stolen = Browser::new(&server).go().await;
    let stolen = stolen.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let mut browser = Browser::new(&server);
    let back = browser.go().await;
    // The provider compares the verifier: the code was given for another one.
    browser.get(&with(&back, "code", Some(&stolen))).await.problem(401, "SIGN_IN_REFUSED");
    for (name, value) in
        [("code", None), ("code", Some("made-up")), ("error", Some("access_denied")), ("iss", Some("x"))]
    {
        let mut browser = Browser::new(&server);
        let back = browser.go().await;
        browser.get(&with(&back, name, value)).await.problem(401, "SIGN_IN_REFUSED");
    }
    assert_eq!(accounts(&server).await, 2, "admin and organizer");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_does_not_answer_is_told_so_in_time() {
    let (provider, server) = start().await;
    for outage in [Outage::Error, Outage::Endless, Outage::Silent] {
        provider.fail(outage);
        let mut browser = Browser::new(&server);
        let back = browser.go().await;
        browser.get(back.as_str()).await.problem(503, "IDENTITY_PROVIDER_UNAVAILABLE");
    }
    provider.fail(Outage::None);
    Browser::new(&server).tokens().await;
    let home = server.stop().await;
    let settings = configure(&provider);
    drop(provider);
    let server = TestServer::start_in(home, settings).await;
    let answer = Browser::new(&server).get(&server.url("/api/v1/auth/google")).await;
    answer.problem(503, "IDENTITY_PROVIDER_UNAVAILABLE");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_off_unless_it_is_configured() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    for path in ["/api/v1/auth/google", "/api/v1/auth/google/callback?state=x&code=y"] {
        browser.get(&server.url(path)).await.problem(404, "GOOGLE_SIGN_IN_OFF");
    }
    browser.exchange("x").await.problem(404, "GOOGLE_SIGN_IN_OFF");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_factor_is_asked_for_here_too() {
    on_both_stores(|provider, server| async move {
        // Switching it on takes a password.
        confirmed(&server, "grace@example.org").await;
        provider.sign_in(json!({"sub": "grace", "email": "grace@example.org", "email_verified": true}));
        let account = session(&Browser::new(&server).tokens().await);
        let (app, _) = second_factor::enrol(&server, &account).await;
        let mut browser = Browser::new(&server);
        let code = browser.sign_in().await;
        let problem = browser.exchange(&code).await.problem(401, "SECOND_FACTOR_REQUIRED");
        browser.exchange(&code).await.problem(401, "SIGN_IN_ATTEMPT_INVALID");
        let challenge = problem["challenge"].as_str().unwrap();
        let tokens = second_factor::answer(&server, challenge, &app.code(1)).await.expect(200);
        assert_eq!(tokens["user"]["id"], account.id.as_str());
        server.stop().await;
    })
    .await;
}
