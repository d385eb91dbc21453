//! No place is lost and none given twice: neither by a stop nor by `kill -9` in the middle of a rush.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::process::ServerProcess;
use usher_tests::server::{TestServer, send};

use super::{attendees, in_us, number};
use crate::show::{Show, text};

const PASSWORD: &str = "correct horse";
const ACCOUNTS: usize = 60;
const KILLS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_keeps_places_order_calls_and_sessions() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    let accounts = attendees(&server, 8).await;
    let settings = json!({"opens_at": in_us(&server, 1_200_000), "shoppers_max": 2, "rate_per_minute": 60_000});
    show.open_room(&server, settings).await;
    for account in &accounts {
        show.join(&server, account).await;
    }
    let proof = show.until_open(&server).await;
    crate::holds::until(async || show.place(&server, &accounts[0]).await["room"]["called"] == 2).await;
    let mut before = Vec::new();
    for account in &accounts {
        before.push(show.place(&server, account).await);
    }

    let server = TestServer::start_in(server.stop().await, |_| {}).await;
    assert_eq!(show.proof(&server).await, proof);
    for (account, before) in accounts.iter().zip(&before) {
        let after = show.place(&server, account).await;
        for field in ["state", "number", "rank", "position", "place_ticket", "pass", "session_until"] {
            assert_eq!(after[field], before[field], "{field}");
        }
        assert_eq!(show.join(&server, account).await["number"], before["number"]);
    }
    // The line goes on where it was.
    let inside = before.iter().position(|place| place["state"] == "admitted").unwrap();
    show.hold_with(&server, &accounts[inside], &before[inside]["pass"], 1).await.expect(201);
    assert_eq!(server.delete(Some(&accounts[inside]), &show.room("")).await.status, 204);
    let third = before.iter().position(|place| place["rank"] == 2).unwrap();
    show.until(&server, &accounts[third], "admitted").await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_in_a_rush_of_joins_lose_no_place_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    rush(vec![("USHER_DATA_DIR", directory.path().join("store").display().to_string())]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_in_a_rush_of_joins_lose_no_place_on_postgres() {
    let Some(database) = TemporaryDatabase::create().await else { return };
    let directory = tempfile::tempdir().unwrap();
    rush(vec![
        ("USHER_DATABASE_URL", database.url()),
        ("USHER_DATA_DIR", directory.path().join("node").display().to_string()),
        ("USHER_ALLOW_UNSAFE_DURABILITY", "on".to_owned()),
    ])
    .await;
}

struct Clients {
    client: reqwest::Client,
    url: String,
}

impl Clients {
    async fn login(&self, email: &str) -> String {
        let login = self.client.post(format!("{}/api/v1/auth/login", self.url));
        let answer = send(login.json(&json!({"email": email, "password": PASSWORD}))).await;
        text(&answer.expect(200)["access_token"])
    }

    async fn account(&self, at: usize) -> String {
        let email = format!("waiter-{at}@example.org");
        let register = self.client.post(format!("{}/api/v1/auth/register", self.url));
        send(register.json(&json!({"name": "A waiter", "email": email, "password": PASSWORD}))).await.expect(201);
        self.login(&email).await
    }

    /// The number, when the server says one.
    async fn join(&self, room: &str, token: &str) -> Option<u32> {
        let join = self.client.post(room).bearer_auth(token).json(&json!({}));
        let answer = join.send().await.ok()?;
        if answer.status() != 200 {
            return None;
        }
        let place: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
        Some(number(&place["number"]))
    }
}

async fn rush(mut settings: Vec<(&'static str, String)>) {
    settings.extend([
        ("USHER_RATE_LIMIT", "off".to_owned()),
        ("USHER_LOG", "error".to_owned()),
        ("USHER_PASSWORD_MEMORY_KIB", "8".to_owned()),
        ("USHER_ADMIN_PASSWORD", PASSWORD.to_owned()),
    ]);
    let mut server = ServerProcess::new(settings);
    tokio::task::block_in_place(|| server.start());
    let timeout = Duration::from_secs(5);
    let client = reqwest::Client::builder().no_proxy().timeout(timeout).build().unwrap();
    let clients = std::sync::Arc::new(Clients { client, url: server.url() });
    let events = send(clients.client.get(format!("{}/api/v1/events", clients.url))).await.expect(200);
    let room = format!("{}/api/v1/events/{}/waiting-room", clients.url, text(&events["items"][0]["id"]));
    let admin = clients.login("admin@usher.local").await;
    let settings = json!({"active": true, "opens_at": "2035-01-01T00:00:00Z"});
    send(clients.client.put(format!("{room}/settings")).bearer_auth(admin).json(&settings)).await.expect(200);
    let mut tokens = Vec::new();
    for at in 0..ACCOUNTS {
        tokens.push(clients.account(at).await);
    }

    // A third of the accounts joins before each kill, some of them in the same moment.
    let mut told: BTreeMap<usize, u32> = BTreeMap::new();
    for kill in 0..KILLS {
        let mut joins = JoinSet::new();
        for at in (0..ACCOUNTS).filter(|at| at % KILLS <= kill) {
            let (clients, room, token) = (std::sync::Arc::clone(&clients), room.clone(), tokens[at].clone());
            joins.spawn(async move { (at, clients.join(&room, &token).await) });
        }
        tokio::time::sleep(Duration::from_millis(4 + 7 * kill as u64)).await;
        tokio::task::block_in_place(|| server.kill());
        for (at, number) in joins.join_all().await {
            if let Some(number) = number {
                let before = told.insert(at, number);
                assert!(before.is_none_or(|before| before == number), "account {at} had {before:?}, now {number}");
            }
        }
        tokio::task::block_in_place(|| server.start());
    }

    let mut numbers = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        // Whoever was told "not now" or nothing asks again.
        let mut place = None;
        while place.is_none() {
            place = clients.join(&room, token).await;
        }
        let number = place.unwrap();
        assert!(
            told.get(&at).is_none_or(|before| *before == number),
            "account {at} was told {:?}, has {number}",
            told.get(&at)
        );
        assert!(numbers.insert(number), "{number} was given twice");
    }
    assert_eq!(numbers, (0..ACCOUNTS as u32).collect(), "numbers are dense");
}
