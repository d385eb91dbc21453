//! What the time of an answer must not tell.

use std::time::{Duration, Instant};

use serde_json::json;
use usher_tests::server::TestServer;

/// Pairs of logins in a round, one of each kind, in alternating order: whatever else the machine does hits both alike. Each
/// of another account, so that none is guessed at often.
const PAIRS: usize = 24;
/// How much longer the one takes than the other asked for beside it, in the middle of all pairs: up to half of them may be
/// spoilt by a machine that is busy elsewhere, in whatever direction.
const DIFFERENCE_MAX: f64 = 0.05;
/// And what the middle may be off by chance: so many of its standard errors, which a busy machine makes large. An unknown address
/// without a hash is answered in a small part of the time, whatever the machine does.
const ERRORS: f64 = 3.0;
/// However busy.
const NOISE_MAX: f64 = 0.4;
/// All of them count.
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
        for (pair, user) in users.iter().enumerate() {
            let nobody = format!("nobody-{pair}@example.org");
            let (unknown, wrong) = if pair % 2 == 0 {
                let unknown = refused(&server, &nobody).await;
                (unknown, refused(&server, &user.email).await)
            } else {
                let wrong = refused(&server, &user.email).await;
                (refused(&server, &nobody).await, wrong)
            };
            // Of logarithms, so that twice as long and half as long are as far from the same.
            differences.push((unknown.as_secs_f64() / wrong.as_secs_f64()).ln());
        }
    }
    differences.sort_unstable_by(f64::total_cmp);
    let middle = differences[differences.len() / 2];
    let most = (DIFFERENCE_MAX + ERRORS * error_of_median(&differences)).min(NOISE_MAX);
    assert!(
        middle.abs() <= most,
        "an unknown address takes {middle:+.3} longer, more than {most:.3}: {differences:.3?}"
    );
    server.stop().await;
}

/// Of sorted figures that lie as chance has it: 1.2533 σ/√n, and σ is their middle half's width over 1.349.
fn error_of_median(sorted: &[f64]) -> f64 {
    let (lower, upper) = (sorted[sorted.len() / 4], sorted[sorted.len() * 3 / 4]);
    1.2533 * (upper - lower) / 1.349 / (sorted.len() as f64).sqrt()
}

async fn refused(server: &TestServer, email: &str) -> Duration {
    let body = json!({"email": email, "password": "not the password"});
    let asked = Instant::now();
    let answer = server.post(None, "/auth/login", body).await;
    let took = asked.elapsed();
    answer.problem(401, "CREDENTIALS_WRONG");
    took
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
