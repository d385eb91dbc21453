//! How long what is sent to somebody is good: by the end that the store has of what a call made. That the end is kept is
//! tested beside each of them.

use std::time::Duration;

use inventory::TimeUs;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use usher_tests::server::{Home, PASSWORD, TestServer};

use crate::second_factor;
use crate::show::{Show, text};

const MINUTE_US: i64 = 60 * 1_000_000;

struct Lives {
    server: TestServer,
    database: SqliteConnectOptions,
    began_at: TimeUs,
}

impl Lives {
    /// The first row that the condition finds, once it is there, ends so many minutes after it was made.
    async fn must_end(&self, table: &str, condition: &str, minutes: i64) {
        let text = format!("SELECT expires_at FROM {table} WHERE {condition}");
        let mut connection = self.database.connect().await.unwrap();
        let found = async {
            loop {
                let query = sqlx::query_scalar(AssertSqlSafe(text.clone()));
                let found: Option<i64> = query.fetch_optional(&mut connection).await.unwrap();
                if let Some(expires_at) = found {
                    return expires_at;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let expires_at = tokio::time::timeout(Duration::from_secs(20), found).await.unwrap();
        let made = self.began_at.0..=self.server.app().state().now().0;
        let life = minutes * MINUTE_US;
        assert!(made.contains(&(expires_at - life)), "{table}: {} minutes", (expires_at - self.began_at.0) / MINUTE_US);
    }

    fn begin(&mut self) {
        self.began_at = self.server.app().state().now();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_and_links_are_good_for_as_long_as_is_said() {
    let home = Home::embedded();
    let database = SqliteConnectOptions::new().filename(home.data_dir().join("usher.sqlite3"));
    let server = TestServer::start_in(home, |_| {}).await;
    let show = Show::on_sale(&server).await;
    let account = server.attendee().await;
    second_factor::enrol(&server, &account).await;
    let began_at = server.app().state().now();
    let mut lives = Lives { server, database, began_at };

    let ada = json!({"name": "Ada", "email": "ada@example.org", "password": PASSWORD});
    lives.server.post(None, "/auth/register", ada).await.expect(201);
    lives.must_end("link_tokens", "purpose = 'confirm_email' ORDER BY expires_at DESC", 24 * 60).await;
    lives.must_end("mails", "kind = 'confirm_email' AND recipient = 'ada@example.org'", 24 * 60).await;

    lives.begin();
    lives.server.post(None, "/auth/forgot-password", json!({"email": account.email})).await.expect(202);
    lives.must_end("link_tokens", "purpose = 'reset_password'", 60).await;
    lives.must_end("mails", "kind = 'reset_password'", 60).await;

    lives.begin();
    lives.server.post(None, "/auth/codes", json!({"email": account.email})).await.expect(202);
    lives.must_end("login_codes", "1 = 1", 5).await;
    lives.must_end("mails", "kind = 'login_code'", 5).await;

    lives.begin();
    second_factor::challenge(&lives.server, &account).await;
    lives.must_end("login_challenges", "1 = 1", 5).await;

    lives.begin();
    let giver = lives.server.attendee().await;
    let order = show.buy(&lives.server, &giver, json!([{"seat": "A-1-1"}])).await;
    let offer = format!("/tickets/{}/transfer", text(&order["tickets"][0]["id"]));
    lives.server.post(Some(&giver), &offer, json!({"email": "ada@example.org"})).await.expect(201);
    lives.must_end("ticket_transfers", "1 = 1", 72 * 60).await;
    lives.server.stop().await;
}
