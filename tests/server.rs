//! A server in this process, on a store of its own, and clients that speak HTTP to it. Used by every test in `tests/it`
//! that concerns the API.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use persistence::{Store, StoreConfig};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use usher::app::App;
use usher::config::Config;

use crate::contract;
use crate::postgres::TemporaryDatabase;

pub const ADMIN_EMAIL: &str = "admin@usher.local";
pub const PASSWORD: &str = "correct horse";

/// Stops with its value; use [`TestServer::stop`] to wait for it.
pub struct TestServer {
    app: Option<App>,
    base: String,
    client: Client,
    promoter: tokio::sync::OnceCell<Session>,
    // Dropped last: the server's files and database.
    home: Home,
}

/// Where the store is. Kept to start the server a second time on it.
#[derive(Default)]
pub struct Home {
    directory: Option<TempDir>,
    database: Option<TemporaryDatabase>,
}

/// Someone signed in.
#[derive(Clone, Debug)]
pub struct Session {
    pub id: String,
    pub email: String,
    pub access_token: String,
    pub refresh_token: String,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// `null` when there is none or it is not JSON.
    pub body: Value,
    pub text: String,
}

impl Home {
    /// # Panics
    /// When no temporary directory can be made.
    pub fn on(database: TemporaryDatabase) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        Self { directory: Some(directory), database: Some(database) }
    }

    /// Of an embedded store.
    ///
    /// # Panics
    /// When no temporary directory can be made.
    pub fn embedded() -> Self {
        Self { directory: Some(directory()), database: None }
    }

    /// Of an embedded store below `parent`: on the disk that the test is about.
    ///
    /// # Panics
    /// When no directory can be made there.
    pub fn embedded_in(parent: &Path) -> Self {
        let directory = tempfile::tempdir_in(parent).expect("a directory can be made");
        Self { directory: Some(directory), database: None }
    }

    /// To open the store without its server.
    ///
    /// # Panics
    /// When there is no store.
    pub fn store_config(&self) -> StoreConfig {
        let data_dir = self.data_dir().to_owned();
        match &self.database {
            Some(database) => StoreConfig {
                connections_max: 4,
                data_dir,
                allow_unsafe_durability: true,
                ..StoreConfig::postgres(database.url())
            },
            None => StoreConfig::embedded(data_dir),
        }
    }

    /// I6: whatever was paid stands as tickets, was kept, or went back, and every movement is in the ledger once. The server
    /// must have stopped.
    ///
    /// # Panics
    /// When the books do not balance.
    pub async fn must_balance(&self) {
        let store = Box::pin(Store::connect(&self.store_config())).await.expect("the store opens");
        let report = Box::pin(usher::audit::audit(&store)).await.expect("the store answers");
        store.close().await;
        let findings = report.findings().iter().filter(|found| found.problem.starts_with("I6"));
        let findings: Vec<_> = findings.collect();
        assert!(findings.is_empty(), "{findings:#?}");
    }

    /// # Panics
    /// When the store is not the embedded one.
    pub fn data_dir(&self) -> &std::path::Path {
        self.directory.as_ref().expect("the store is the embedded one").path()
    }
}

impl TestServer {
    /// On SQLite, without demo and rate limits, with passwords that hash fast.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(Home::embedded(), change).await
    }

    /// `None`, said loudly, when there is no Postgres to test on.
    pub async fn start_on_postgres() -> Option<Self> {
        Self::start_on_postgres_with(|_| {}).await
    }

    pub async fn start_on_postgres_with(change: impl FnOnce(&mut Config)) -> Option<Self> {
        let database = TemporaryDatabase::create().await?;
        Some(Self::start_in(Home::on(database), change).await)
    }

    /// # Panics
    /// When the server does not start.
    pub async fn start_in(home: Home, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(&home);
        change(&mut config);
        let app = Box::pin(App::start(config)).await.expect("the server starts");
        let base = format!("http://{}", app.addr());
        let client = Client::builder().no_proxy().build().expect("a client can be made");
        Self { app: Some(app), base, client, promoter: tokio::sync::OnceCell::new(), home }
    }

    /// The graceful way. What is left can be started again.
    pub async fn stop(mut self) -> Home {
        if let Some(app) = self.app.take() {
            app.stop().await;
        }
        std::mem::take(&mut self.home)
    }

    pub fn app(&self) -> &App {
        self.app.as_ref().expect("the server runs until it is stopped")
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A request to `/api/v1` and the rest of the path.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}/api/v1{path}", self.base))
    }

    /// The same without a client that adds or repairs anything: raw bytes to the server's port.
    pub fn address(&self) -> std::net::SocketAddr {
        self.app().addr()
    }

    pub async fn get(&self, session: Option<&Session>, path: &str) -> Answer {
        send(authorized(self.request(Method::GET, path), session)).await
    }

    /// With a JSON body and no idempotency key.
    pub async fn post(&self, session: Option<&Session>, path: &str, body: Value) -> Answer {
        send(authorized(self.request(Method::POST, path), session).json(&body)).await
    }

    pub async fn put(&self, session: Option<&Session>, path: &str, body: Value) -> Answer {
        send(authorized(self.request(Method::PUT, path), session).json(&body)).await
    }

    pub async fn patch(&self, session: Option<&Session>, path: &str, body: Value) -> Answer {
        send(authorized(self.request(Method::PATCH, path), session).json(&body)).await
    }

    pub async fn delete(&self, session: Option<&Session>, path: &str) -> Answer {
        send(authorized(self.request(Method::DELETE, path), session)).await
    }

    /// A `POST` under an idempotency key.
    pub async fn post_keyed(&self, session: Option<&Session>, path: &str, key: &str, body: Value) -> Answer {
        let request = authorized(self.request(Method::POST, path), session).header("idempotency-key", key);
        send(request.json(&body)).await
    }

    /// # Panics
    /// When the login is refused.
    pub async fn login(&self, email: &str, password: &str) -> Session {
        let answer = self.post(None, "/auth/login", json!({"email": email, "password": password})).await;
        session(&answer.expect(200))
    }

    pub async fn admin(&self) -> Session {
        self.login(ADMIN_EMAIL, PASSWORD).await
    }

    /// A new account of role attendee that has shown its address to be its own, signed in.
    ///
    /// # Panics
    /// When the server refuses it.
    pub async fn attendee(&self) -> Session {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let email = format!("attendee-{}@example.org", NUMBER.fetch_add(1, Ordering::Relaxed));
        let body = json!({"name": "An attendee", "email": email, "password": PASSWORD});
        self.post(None, "/auth/register", body).await.expect(201);
        self.confirm(&email).await;
        self.login(&email, PASSWORD).await
    }

    /// As if the link of the mail to the address had been followed.
    ///
    /// # Panics
    /// When no account has it.
    pub async fn confirm(&self, email: &str) {
        let state = self.app().state();
        let account = state.store.user_find_by_email(email).await.expect("the store is there");
        let account = account.expect("the account was registered");
        state.store.address_prove(account.id, None, None, None, state.now()).await.expect("the store is there");
    }

    /// A new account of role organizer, signed in.
    pub async fn organizer(&self) -> Session {
        let account = self.attendee().await;
        // Signed in once: an account may have only so many logins, and the oldest would end.
        let admin = self.promoter.get_or_init(|| self.admin()).await;
        self.patch(Some(admin), &format!("/users/{}", account.id), json!({"role": "organizer"})).await.expect(200);
        self.login(&account.email, PASSWORD).await
    }
}

/// In memory where there is room: what is tested here is not the disk, and that of a shared machine may stop for seconds.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = has_room(memory).then(|| tempfile::tempdir_in(memory).ok()).flatten();
    made.unwrap_or_else(|| tempfile::tempdir().expect("a temporary directory can be made"))
}

#[cfg(target_os = "linux")]
fn has_room(memory: &Path) -> bool {
    const ROOM_BYTES: u64 = 4 << 30;
    rustix::fs::statvfs(memory).is_ok_and(|found| found.f_bavail.saturating_mul(found.f_frsize) >= ROOM_BYTES)
}

#[cfg(not(target_os = "linux"))]
const fn has_room(_memory: &Path) -> bool {
    false
}

fn config(home: &Home) -> Config {
    let mut config = Config::default();
    config.http.listen = ([127, 0, 0, 1], 0).into();
    if let Some(directory) = &home.directory {
        config.store.data_dir = directory.path().to_owned();
    }
    config.store.database_url = home.database.as_ref().map(|database| database.url().into());
    // A test server may run with fsync off: what is tested here is not the disk.
    config.store.allow_unsafe_durability = home.database.is_some();
    config.rate_limit.enabled = false;
    config.auth.password_memory_kib = 8;
    config.first_start.demo = false;
    config.first_start.admin_password = Some(PASSWORD.into());
    config
}

fn authorized(request: RequestBuilder, session: Option<&Session>) -> RequestBuilder {
    match session {
        Some(session) => request.bearer_auth(&session.access_token),
        None => request,
    }
}

/// # Panics
/// When no answer comes, or one that the document of the API does not list.
pub async fn send(request: RequestBuilder) -> Answer {
    let (client, request) = request.build_split();
    let request = request.expect("a request can be made");
    let method = request.method().clone();
    let response = client.execute(request).await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    contract::must_list(&method, response.url().path(), status);
    let text = response.text().await.expect("the answer's body is text");
    let body = serde_json::from_str(&text).unwrap_or_default();
    Answer { status, headers, body, text }
}

/// What a sign-in has answered.
pub fn session(tokens: &Value) -> Session {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    Session {
        id: text(&tokens["user"]["id"]),
        email: text(&tokens["user"]["email"]),
        access_token: text(&tokens["access_token"]),
        refresh_token: text(&tokens["refresh_token"]),
    }
}

impl Answer {
    /// # Panics
    /// With the whole answer, when its status is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// A problem document of this status and code, complete.
    ///
    /// # Panics
    /// With the whole answer, when it is anything else.
    #[track_caller]
    pub fn problem(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, &self.body["code"]), (status, &json!(code)), "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        assert_eq!(self.body["status"], json!(status), "{}", self.text);
        assert_eq!(self.body["request_id"], json!(self.header("x-request-id")), "{}", self.text);
        for text in ["type", "title", "detail"] {
            assert!(self.body[text].as_str().is_some_and(|text| !text.is_empty()), "{text}: {}", self.text);
        }
        let is_later = matches!(status, 429 | 503 | 504);
        assert!(!is_later || !self.header("retry-after").is_empty(), "no Retry-After: {}", self.text);
        self.body
    }

    /// Empty when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
