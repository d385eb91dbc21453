//! What the time of an answer must not tell.

use std::time::{Duration, Instant};

use serde_json::json;
use usher_tests::server::TestServer;

/// Pairs of logins in a round, one of each kind, in alternating order: whatever else the machine does hits both alike. Each
/// of another account, so that none is guessed at often.
const PAIRS: usize = 24;
/// Of the medians.
const DIFFERENCE_MAX: f64 = 0.05;
/// A machine that is busy elsewhere may spoil a round, and never all of them in one direction.
const ROUNDS: usize = 4;

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_take_the_same_time() {
    // As users run it: with the cheap hashing of other tests the difference would drown in everything else.
    let server = TestServer::start_with(|config| config.auth.password_memory_kib = 19 << 10).await;
    let mut users = Vec::new();
    for _ in 0..PAIRS {
        users.push(server.attendee().await);
    }
    let mut differences = Vec::new();
    for _ in 0..ROUNDS {
        let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
        for (pair, user) in users.iter().enumerate() {
            let nobody = format!("nobody-{pair}@example.org");
            if pair % 2 == 0 {
                unknown.push(refused(&server, &nobody).await);
                wrong.push(refused(&server, &user.email).await);
            } else {
                wrong.push(refused(&server, &user.email).await);
                unknown.push(refused(&server, &nobody).await);
            }
        }
        let (unknown, wrong) = (median(unknown), median(wrong));
        let difference = (unknown.as_secs_f64() / wrong.as_secs_f64() - 1.0).abs();
        if difference <= DIFFERENCE_MAX {
            server.stop().await;
            return;
        }
        differences.push((unknown, wrong, difference));
    }
    panic!("unknown address, wrong password, difference: {differences:?}");
}

async fn refused(server: &TestServer, email: &str) -> Duration {
    let body = json!({"email": email, "password": "not the password"});
    let asked = Instant::now();
    let answer = server.post(None, "/auth/login", body).await;
    let took = asked.elapsed();
    answer.problem(401, "CREDENTIALS_WRONG");
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
async fn stored_hashes_have_the_parameters_that_owasp_asks_for() {
    let server = TestServer::start_with(|config| {
        config.auth.password_memory_kib = usher::config::Config::default().auth.password_memory_kib;
    })
    .await;
    let user = server.attendee().await;
    let stored = server.app().state().store.user_find_by_email(&user.email).await.unwrap().unwrap();
    let hash = stored.password_hash.0;
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "another cost than 19 MiB, 2 passes, 1 lane");
    server.stop().await;
}
