//! What a waiter without a socket takes of the server's memory: nothing.

use inventory::UserId;
use serde_json::json;
use usher_tests::server::{Session, TestServer};
use uuid::Uuid;
use wire::{Role, UserStatus};

use crate::allocated::settled_bytes;
use crate::show::Show;

/// Once as many have joined, what is made once has been made; and whatever doubles when it is full does so before the second
/// half is in.
const HALF: usize = 3_000;
/// An account's id has 16, and room to grow comes on top. All else of the server takes some 20 kB in these seconds, whether
/// anybody joins or not: each connection to the store keeps the statements that it has met.
const BYTES_PER_WAITER_MAX: usize = 15;

/// Signed in by this server, whatever its store knows of them.
fn waiters(server: &TestServer, count: usize) -> Vec<Session> {
    let state = server.app().state();
    let mut waiters = Vec::with_capacity(count);
    for nth in 1..=count as u128 {
        let (user, login) = (Uuid::from_u128(nth), Uuid::from_u128(nth));
        let token = state.tokens.issue(UserId::from_uuid(user), Role::Attendee, UserStatus::Active, login, state.now());
        let access_token = token.expect("a token can be signed");
        let nothing = String::new();
        waiters.push(Session { id: user.to_string(), email: nothing.clone(), access_token, refresh_token: nothing });
    }
    waiters
}

/// One after another: a connection more would be larger than what is looked for.
async fn join_all(server: &TestServer, show: &Show, accounts: &[Session]) {
    for account in accounts {
        let place = show.join(server, account).await;
        assert_eq!(place["state"], "pre_queue", "{place}");
    }
}

/// On one store: what the server keeps of a waiter besides his row does not depend on where the row is.
#[tokio::test(flavor = "current_thread")]
async fn a_waiter_takes_no_memory() {
    let server = TestServer::start().await;
    let show = Show::on_sale(&server).await;
    show.open_room(&server, json!({"opens_at": "2034-01-01T00:00:00Z"})).await;
    let accounts = waiters(&server, 2 * HALF);
    let (first, second) = accounts.split_at(HALF);
    join_all(&server, &show, first).await;
    // Whose token was good is remembered, of waiters as of everybody.
    for account in second {
        server.get(Some(account), &show.path("")).await.expect(200);
    }
    let before = settled_bytes(&server).await;
    join_all(&server, &show, second).await;
    let grown = settled_bytes(&server).await.saturating_sub(before);
    assert!(grown < HALF * BYTES_PER_WAITER_MAX, "{HALF} waiters take {grown} B");
    server.stop().await;
}
