//! Databases for tests. `TEST_POSTGRES_URL` names a server and a superuser on it; each test gets a database of its own,
//! dropped at its end, so that tests never meet.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

const URL: &str = "TEST_POSTGRES_URL";
/// Set to `1` where a skipped test must be a failed one.
const REQUIRED: &str = "USHER_TEST_REQUIRE_POSTGRES";

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Dropped with everything in it when the value goes, also when the test panics.
pub struct TemporaryDatabase {
    server: PgConnectOptions,
    name: String,
}

impl TemporaryDatabase {
    /// `None`, said loudly, when there is no server to test on.
    ///
    /// # Panics
    /// When there must be a server and is none, or when it refuses a database.
    pub async fn create() -> Option<Self> {
        let Ok(url) = std::env::var(URL) else {
            assert!(std::env::var(REQUIRED).as_deref() != Ok("1"), "{REQUIRED} is 1, but {URL} is not set");
            shout_skipped();
            return None;
        };
        let server: PgConnectOptions = url.parse().expect("TEST_POSTGRES_URL is a URL of Postgres");
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("usher_test_{}_{number}_{:08x}", std::process::id(), rand::random::<u32>());
        let mut connection = server.connect().await.expect("the server of TEST_POSTGRES_URL answers");
        execute(&mut connection, format!("CREATE DATABASE {name}")).await.expect("the user may create databases");
        connection.close().await.expect("the connection closes");
        Some(Self { server, name })
    }

    pub fn url(&self) -> String {
        self.options().to_url_lossy().into()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }
}

impl Drop for TemporaryDatabase {
    fn drop(&mut self) {
        let server = self.server.clone();
        let name = self.name.clone();
        // A runtime of its own: that of the test may be on its way out.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
            runtime.block_on(async {
                let mut connection = server.connect().await?;
                execute(&mut connection, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
            })
        })
        .join();
        let is_clean = matches!(dropped, Ok(Ok(())));
        assert!(is_clean || std::thread::panicking(), "the database {} is left behind: {dropped:?}", self.name);
    }
}

async fn execute(connection: &mut PgConnection, sql: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

#[expect(clippy::disallowed_macros, reason = "whoever runs the tests must see what was not tested")]
fn shout_skipped() {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    eprintln!("SKIPPED {test}: {URL} is not set, so nothing was tested on Postgres");
}
