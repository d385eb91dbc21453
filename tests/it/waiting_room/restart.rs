//! No place is lost and none given twice: neither by a stop nor by `kill -9` in the middle of a rush.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
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
/// Let in one by one while the server is killed.
const SHOPPERS: usize = 24;

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
    on_sqlite(rush).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_in_a_rush_of_joins_lose_no_place_on_postgres() {
    on_postgres(rush).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_while_the_called_come_in_end_no_session_and_take_back_no_call_on_sqlite() {
    on_sqlite(admission).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_while_the_called_come_in_end_no_session_and_take_back_no_call_on_postgres() {
    on_postgres(admission).await;
}

async fn on_sqlite(test: impl AsyncFnOnce(Vec<(&'static str, String)>)) {
    let directory = tempfile::tempdir().unwrap();
    test(vec![("USHER_DATA_DIR", directory.path().join("store").display().to_string())]).await;
}

async fn on_postgres(test: impl AsyncFnOnce(Vec<(&'static str, String)>)) {
    let Some(database) = TemporaryDatabase::create().await else { return };
    let directory = tempfile::tempdir().unwrap();
    test(vec![
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
        let login = self.client.post(format!("{}/auth/login", self.url));
        let answer = send(login.json(&json!({"email": email, "password": PASSWORD}))).await;
        text(&answer.expect(200)["access_token"])
    }

    async fn account(&self, at: usize) -> String {
        let email = format!("waiter-{at}@example.org");
        let register = self.client.post(format!("{}/auth/register", self.url));
        send(register.json(&json!({"name": "A waiter", "email": email, "password": PASSWORD}))).await.expect(201);
        self.login(&email).await
    }

    /// The number, when the server says one.
    async fn join(&self, room: &str, token: &str) -> Option<u32> {
        self.place(room, token).await.map(|place| number(&place["number"]))
    }

    async fn place(&self, room: &str, token: &str) -> Option<Value> {
        let join = self.client.post(room).bearer_auth(token).json(&json!({}));
        let answer = join.send().await.ok()?;
        if answer.status() != 200 {
            return None;
        }
        serde_json::from_str(&answer.text().await.ok()?).ok()
    }
}

/// A server of its own process, whose first event has a waiting room.
struct House {
    server: ServerProcess,
    clients: Arc<Clients>,
    admin: String,
    /// Address of the event.
    event: String,
}

impl House {
    async fn open(mut settings: Vec<(&'static str, String)>) -> Self {
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
        let clients = Arc::new(Clients { client, url: format!("{}/api/v1", server.url()) });
        let events = send(clients.client.get(format!("{}/events", clients.url))).await.expect(200);
        let event = format!("{}/events/{}", clients.url, text(&events["items"][0]["id"]));
        let admin = clients.login("admin@usher.local").await;
        Self { server, clients, admin, event }
    }

    fn room(&self) -> String {
        format!("{}/waiting-room", self.event)
    }

    async fn arm(&self, settings: &Value) {
        let put = self.clients.client.put(format!("{}/settings", self.room()));
        send(put.bearer_auth(&self.admin).json(settings)).await.expect(200);
    }

    async fn accounts(&self, count: usize) -> Vec<String> {
        let mut tokens = Vec::with_capacity(count);
        for at in 0..count {
            tokens.push(self.clients.account(at).await);
        }
        tokens
    }

    fn kill(&mut self) {
        tokio::task::block_in_place(|| self.server.kill());
    }

    fn start(&mut self) {
        tokio::task::block_in_place(|| self.server.start());
    }
}

async fn rush(settings: Vec<(&'static str, String)>) {
    let mut house = House::open(settings).await;
    let (room, clients) = (house.room(), Arc::clone(&house.clients));
    house.arm(&json!({"active": true, "opens_at": "2035-01-01T00:00:00Z"})).await;
    let tokens = house.accounts(ACCOUNTS).await;

    // A third of the accounts joins before each kill, some of them in the same moment.
    let mut told: BTreeMap<usize, u32> = BTreeMap::new();
    for kill in 0..KILLS {
        let mut joins = JoinSet::new();
        for at in (0..ACCOUNTS).filter(|at| at % KILLS <= kill) {
            let (clients, room, token) = (Arc::clone(&clients), room.clone(), tokens[at].clone());
            joins.spawn(async move { (at, clients.join(&room, &token).await) });
        }
        tokio::time::sleep(Duration::from_millis(4 + 7 * kill as u64)).await;
        house.kill();
        for (at, number) in joins.join_all().await {
            if let Some(number) = number {
                let before = told.insert(at, number);
                assert!(before.is_none_or(|before| before == number), "account {at} had {before:?}, now {number}");
            }
        }
        house.start();
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

/// What an account was told of its place. Nothing of it may be different later.
#[derive(Clone, Debug, Default, PartialEq)]
struct Told {
    number: Option<u32>,
    rank: Option<u32>,
    pass: Option<String>,
}

#[derive(Default)]
struct Line {
    told: BTreeMap<usize, Told>,
    /// Told by any answer before the last kill.
    called: u32,
    called_before_kill: u32,
}

impl Line {
    fn note(&mut self, at: usize, place: &Value) {
        let told = self.told.entry(at).or_default();
        let is = Told {
            number: Some(number(&place["number"])),
            rank: place["rank"].as_u64().map(|rank| rank as u32),
            pass: place["pass"].as_str().map(str::to_owned),
        };
        assert!(told.number.is_none_or(|number| Some(number) == is.number), "{at}: {told:?}, {place}");
        assert!(told.rank.is_none_or(|rank| Some(rank) == is.rank), "{at}: {told:?}, {place}");
        assert!(told.pass.is_none() || told.pass == is.pass, "{at} was inside: {told:?}, {place}");
        let called = number(&place["room"]["called"]);
        assert!(called >= self.called_before_kill, "{} were called, now {called}", self.called_before_kill);
        if is.pass.is_some() {
            assert!(is.rank.is_some_and(|rank| rank < called), "{place}");
        }
        self.called = self.called.max(called);
        *told = is;
    }
}

/// Places are called slowly. Half of the accounts come as soon as they are called, the others' calls stay open; meanwhile
/// the server is killed.
async fn admission(settings: Vec<(&'static str, String)>) {
    let mut house = House::open(settings).await;
    let (room, clients) = (house.room(), Arc::clone(&house.clients));
    let tokens = house.accounts(SHOPPERS).await;
    let clock = engine::SystemClock::default();
    let opens_at = usher::time::utc(engine::Clock::now(&clock).plus_us(60_000_000)).to_rfc3339();
    let settings = json!({"active": true, "opens_at": opens_at, "shoppers_max": SHOPPERS, "rate_per_minute": 300});
    house.arm(&settings).await;
    let mut line = Line::default();
    for (at, token) in tokens.iter().enumerate() {
        line.note(at, &clients.place(&room, token).await.expect("a place"));
    }
    let opens_at = usher::time::utc(engine::Clock::now(&clock).plus_us(300_000)).to_rfc3339();
    house.arm(&json!({"active": true, "opens_at": opens_at, "shoppers_max": SHOPPERS, "rate_per_minute": 300})).await;

    for kill in 0..KILLS {
        let mut coming = JoinSet::new();
        for at in (0..SHOPPERS).filter(|at| at % 2 == 0) {
            let (clients, room, token) = (Arc::clone(&clients), room.clone(), tokens[at].clone());
            coming.spawn(async move {
                let mut places = Vec::new();
                while let Some(place) = clients.place(&room, &token).await {
                    places.push((at, place));
                    tokio::time::sleep(Duration::from_millis(15)).await;
                }
                places
            });
        }
        tokio::time::sleep(Duration::from_millis(700 + 130 * kill as u64)).await;
        house.kill();
        for (at, place) in coming.join_all().await.into_iter().flatten() {
            line.note(at, &place);
        }
        line.called_before_kill = line.called;
        house.start();
    }
    let were_inside = line.told.values().filter(|told| told.pass.is_some()).count();
    assert!(line.called > 0 && were_inside > 0, "nobody was inside at any kill: {} called", line.called);

    // In the end everybody comes, also those whose call was open at a kill.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while line.told.values().any(|told| told.pass.is_none()) {
        assert!(tokio::time::Instant::now() < deadline, "{:?}", line.told);
        for (at, token) in tokens.iter().enumerate() {
            if let Some(place) = clients.place(&room, token).await {
                line.note(at, &place);
            }
        }
    }
    let told = |of: fn(&Told) -> Option<u32>| line.told.values().filter_map(of).collect::<BTreeSet<u32>>();
    let all: BTreeSet<u32> = (0..SHOPPERS as u32).collect();
    assert_eq!((told(|told| told.number), told(|told| told.rank)), (all.clone(), all), "each is given once");
    // The sessions are as good as before.
    for (at, told) in &line.told {
        let body = json!({"items": [{"best_available": {"quantity": 1}}], "pass": told.pass});
        let hold = clients.client.post(format!("{}/holds", house.event)).bearer_auth(&tokens[*at]).json(&body);
        send(hold).await.expect(201);
    }
}
