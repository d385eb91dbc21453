//! A database that stands still in the middle of a sale (RELIABILITY T13): nothing is acknowledged that was not written,
//! everybody is turned away in time, and the sale goes on as soon as the database does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use usher_tests::frozen::FreezableWay;
use usher_tests::postgres::TemporaryDatabase;
use usher_tests::server::{Answer, Home, Session, TestServer};

use crate::show::{Show, seat_map, text};

const BUYERS: usize = 8;
const FROZEN_FOR: Duration = Duration::from_secs(5);
/// What RELIABILITY grants a request, and what a loaded machine needs to notice the time.
const ANSWERED_WITHIN: Duration = Duration::from_millis(2_000 + 500);
/// From the end of the stand-still to the first sale.
const SELLING_WITHIN: Duration = Duration::from_secs(3);

/// One request for a place, sent once.
struct Attempt {
    buyer: usize,
    key: String,
    began: Instant,
    took: Duration,
    answer: Answer,
}

async fn server_behind(way: &FreezableWay, database: TemporaryDatabase) -> TestServer {
    let url = database.options().host(&way.address().ip().to_string()).port(way.address().port());
    let home = Home::on(database);
    TestServer::start_in(home, |config| {
        config.store.database_url = Some(sqlx::ConnectOptions::to_url_lossy(&url).to_string().into());
    })
    .await
}

async fn big_show(server: &TestServer) -> Show {
    let show = Show::draft_with(server, json!({"holds_per_customer_max": 1_000})).await;
    let mut map = seat_map();
    map["sections"][2]["capacity"] = json!(20_000);
    server.put(Some(&show.organizer), &show.path("/seat-map"), map).await.expect(200);
    server.post(Some(&show.organizer), &show.path("/publish"), json!({})).await.expect(200);
    show
}

async fn hold(server: &TestServer, show: &Show, buyer: &Session, key: &str) -> Answer {
    let body = json!({"items": [{"area": "F", "quantity": 1}]});
    server.post_keyed(Some(buyer), &show.path("/holds"), key, body).await
}

async fn shop(
    server: Arc<TestServer>,
    show: Arc<Show>,
    buyer: usize,
    session: Session,
    is_over: Arc<AtomicBool>,
) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    while !is_over.load(Ordering::Relaxed) && attempts.len() < 900 {
        let key = format!("buyer-{buyer}-{}", attempts.len());
        let began = Instant::now();
        let answer = hold(&server, &show, &session, &key).await;
        attempts.push(Attempt { buyer, key, began, took: began.elapsed(), answer });
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    attempts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stands_still_turns_everybody_away_in_time_and_loses_nothing() {
    let Some(database) = TemporaryDatabase::create().await else { return };
    let way = FreezableWay::to(database.options().get_host().to_owned(), database.options().get_port()).await;
    let server = Arc::new(server_behind(&way, database).await);
    let show = Arc::new(big_show(&server).await);
    let mut sessions = Vec::new();
    for _ in 0..BUYERS {
        sessions.push(server.attendee().await);
    }

    let is_over = Arc::new(AtomicBool::new(false));
    let mut buyers = JoinSet::new();
    for (buyer, session) in sessions.iter().cloned().enumerate() {
        buyers.spawn(shop(Arc::clone(&server), Arc::clone(&show), buyer, session, Arc::clone(&is_over)));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    way.freeze();
    let frozen_at = Instant::now();
    tokio::time::sleep(FROZEN_FOR).await;
    way.thaw();
    let thawed_at = Instant::now();
    tokio::time::sleep(SELLING_WITHIN).await;
    is_over.store(true, Ordering::Relaxed);
    let attempts: Vec<Attempt> = buyers.join_all().await.into_iter().flatten().collect();

    let is_sold = |attempt: &&Attempt| attempt.answer.status == 201;
    let settled = frozen_at + Duration::from_millis(200);
    let during = |attempt: &&Attempt| attempt.began > settled && attempt.began + attempt.took < thawed_at;
    assert!(attempts.iter().filter(is_sold).any(|attempt| attempt.began < frozen_at), "nothing was sold before");
    assert_eq!(attempts.iter().filter(during).filter(is_sold).count(), 0, "sold without a commit");
    for attempt in attempts.iter().filter(|attempt| attempt.began < thawed_at) {
        assert!(attempt.took < ANSWERED_WITHIN, "{:?}: {}", attempt.took, attempt.answer.text);
    }
    for Attempt { answer, .. } in attempts.iter().filter(|attempt| attempt.answer.status != 201) {
        assert!(matches!(answer.status, 503 | 504), "{}", answer.text);
        assert!(!answer.header("retry-after").is_empty(), "{}", answer.text);
    }
    let turned_away = attempts.iter().filter(during).filter(|attempt| attempt.answer.status == 503).count();
    assert!(turned_away >= BUYERS, "only {turned_away} were told to come back");
    let back = attempts.iter().filter(is_sold).find(|attempt| attempt.began > thawed_at);
    assert!(back.is_some(), "nothing is sold {SELLING_WITHIN:?} after the database came back");

    check_books(&server, &show, &sessions, attempts).await;
    Arc::into_inner(server).unwrap().stop().await;
}

/// What was acknowledged is there, and whoever asks again under the key of an unknown outcome gets one hold, not two.
async fn check_books(server: &TestServer, show: &Show, sessions: &[Session], attempts: Vec<Attempt>) {
    let mut held = 0;
    for Attempt { buyer, key, answer, .. } in attempts {
        let again = hold(server, show, &sessions[buyer], &key).await;
        assert_eq!(again.status, 201, "{}", again.text);
        if answer.status == 201 {
            assert_eq!(text(&again.body["id"]), text(&answer.body["id"]), "an acknowledged hold is lost");
        }
        held += 1;
    }
    assert_eq!(show.totals(server).await[1], held);
}
