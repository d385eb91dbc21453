//! Places of waiting rooms: one per account, no number twice, none lost.

use std::collections::BTreeSet;

use inventory::{EventId, TimeUs, UserId};
use persistence::{Join, Joined, PriorityPass, Store, statements};
use sqlx::{AssertSqlSafe, Row};
use tokio::task::JoinSet;

use super::fixture::{Fixture, event, on_every_store, user};

on_every_store!(
    numbers_follow_the_order_of_arrival_and_one_account_has_one_place,
    of_many_batches_at_once_every_number_is_given_once,
    a_place_given_up_is_replaced_by_the_next_number_and_only_once,
    a_number_that_was_left_is_never_given_again,
    a_new_round_begins_at_zero_and_an_old_one_never_returns,
    an_account_is_looked_up_by_its_key_in_a_room_without_statistics,
    a_room_is_found_again_after_a_restart,
    active_rooms_are_listed_page_by_page,
    a_room_is_put_away_unless_its_next_round_has_begun,
    priority_passes_are_listed_newest_first_with_their_reason,
);

const ROUND: u32 = 7;
const NOW: TimeUs = TimeUs(2_000_000);

fn new(user: UserId) -> Join {
    Join { user, replaces: None }
}

async fn room(fixture: &Fixture) -> EventId {
    let event = event();
    let room = fixture.store.waiting_room_begin(event, ROUND).await.unwrap();
    assert_eq!((room.active, room.round, room.joined), (true, ROUND, 0));
    event
}

async fn join(store: &Store, event: EventId, joins: &[Join]) -> Joined {
    store.waiting_places_join(event, ROUND, joins, NOW).await.unwrap().unwrap()
}

async fn numbers_follow_the_order_of_arrival_and_one_account_has_one_place(fixture: Fixture) {
    let event = room(&fixture).await;
    let users: Vec<UserId> = (0..600).map(|_| user()).collect();
    // Back to front, so that the order of arrival is not the order of ids; the first one twice.
    let mut joins: Vec<Join> = users.iter().rev().copied().map(new).collect();
    joins.push(joins[0]);
    let joined = join(&fixture.store, event, &joins).await;
    let mut expected: Vec<u32> = (0..600).collect();
    expected.push(0);
    assert_eq!(joined, Joined { numbers: expected, total: 600 });

    let late = user();
    let again = join(&fixture.store, event, &[new(users[0]), new(late), new(users[599])]).await;
    assert_eq!(again, Joined { numbers: vec![599, 600, 0], total: 601 });
    let found = fixture.store.waiting_place_find(event, ROUND, late).await.unwrap().unwrap();
    assert_eq!((found.user_id, found.number, found.joined_at), (late, 600, NOW));
    assert_eq!(fixture.store.waiting_place_find(event, ROUND, user()).await.unwrap(), None);
    // Known ones among many new ones, who all move up for them.
    let mut crowd: Vec<UserId> = (0..90).map(|_| user()).collect();
    crowd.reverse();
    let mixed: Vec<Join> =
        crowd.iter().enumerate().map(|(at, account)| new(if at % 3 == 0 { users[at] } else { *account })).collect();
    let mut next = 601..;
    let expected = (0..90).map(|at| if at % 3 == 0 { 599 - at } else { next.next().unwrap() }).collect();
    assert_eq!(join(&fixture.store, event, &mixed).await, Joined { numbers: expected, total: 661 });
    // Another event counts for itself.
    let other = room(&fixture).await;
    assert_eq!(join(&fixture.store, other, &[new(late)]).await, Joined { numbers: vec![0], total: 1 });
}

async fn of_many_batches_at_once_every_number_is_given_once(fixture: Fixture) {
    let event = room(&fixture).await;
    let users: Vec<UserId> = (0..150).map(|_| user()).collect();
    let mut batches = JoinSet::new();
    for at in 0..60 {
        // Every account is in four batches, among others each time.
        let joins: Vec<Join> = (0..10).map(|step| new(users[(at * 10 + step * 7) % 150])).collect();
        let store = fixture.store.clone();
        batches.spawn(async move { (joins.clone(), join(&store, event, &joins).await) });
    }
    let mut told = BTreeSet::new();
    for (joins, joined) in batches.join_all().await {
        told.extend(joins.iter().map(|join| join.user).zip(joined.numbers));
    }
    let numbers: BTreeSet<u32> = told.iter().map(|(_, number)| *number).collect();
    let accounts: BTreeSet<UserId> = told.iter().map(|(user, _)| *user).collect();
    assert_eq!(told.len(), accounts.len(), "an account was told two numbers");
    assert_eq!(numbers, (0..accounts.len() as u32).collect(), "numbers are dense and unique");
    let room = fixture.store.waiting_room_find(event).await.unwrap().unwrap();
    assert_eq!(room.joined as usize, accounts.len());
}

async fn a_place_given_up_is_replaced_by_the_next_number_and_only_once(fixture: Fixture) {
    let event = room(&fixture).await;
    let (first, second) = (user(), user());
    join(&fixture.store, event, &[new(first), new(second)]).await;
    let rejoin = Join { user: first, replaces: Some(0) };
    // Twice in one batch, and again after it: the number 0 can be given up once.
    assert_eq!(join(&fixture.store, event, &[rejoin, rejoin]).await, Joined { numbers: vec![2, 2], total: 3 });
    assert_eq!(join(&fixture.store, event, &[rejoin]).await, Joined { numbers: vec![2], total: 3 });
    // What is not one's own cannot be given up, and what one does not have is no obstacle.
    let theirs = Join { user: second, replaces: Some(2) };
    let nobody = Join { user: user(), replaces: Some(7) };
    assert_eq!(join(&fixture.store, event, &[theirs, nobody]).await, Joined { numbers: vec![1, 3], total: 4 });
}

async fn a_number_that_was_left_is_never_given_again(fixture: Fixture) {
    let event = room(&fixture).await;
    let (leaver, other) = (user(), user());
    join(&fixture.store, event, &[new(leaver)]).await;
    let delete = |user, number| fixture.store.waiting_place_delete(event, ROUND, user, number);
    assert!(!delete(leaver, 1).await.unwrap());
    assert!(!delete(other, 0).await.unwrap());
    assert!(delete(leaver, 0).await.unwrap());
    assert!(!delete(leaver, 0).await.unwrap());
    assert_eq!(join(&fixture.store, event, &[new(other), new(leaver)]).await.numbers, [1, 2]);
}

async fn a_new_round_begins_at_zero_and_an_old_one_never_returns(fixture: Fixture) {
    let event = room(&fixture).await;
    let waiter = user();
    join(&fixture.store, event, &[new(waiter), new(user()), new(user())]).await;
    let later = ROUND + 1;
    let begun = fixture.store.waiting_room_begin(event, later).await.unwrap();
    assert_eq!((begun.round, begun.joined), (later, 0));
    // A batch of the old round comes too late, as does whoever still keeps it.
    assert_eq!(fixture.store.waiting_places_join(event, ROUND, &[new(user())], NOW).await.unwrap(), None);
    assert_eq!(fixture.store.waiting_room_begin(event, ROUND).await.unwrap(), begun);

    assert_eq!(fixture.store.waiting_place_find(event, later, waiter).await.unwrap(), None);
    let again = fixture.store.waiting_places_join(event, later, &[new(waiter)], NOW).await.unwrap().unwrap();
    assert_eq!(again, Joined { numbers: vec![0], total: 1 });
    // The three old places go in pieces, the new one stays.
    let prune = || fixture.store.waiting_places_prune(event, later, 2);
    assert_eq!((prune().await.unwrap(), prune().await.unwrap(), prune().await.unwrap()), (2, 1, 0));
    assert!(fixture.store.waiting_place_find(event, later, waiter).await.unwrap().is_some());
}

async fn an_account_is_looked_up_by_its_key_in_a_room_without_statistics(fixture: Fixture) {
    let event = room(&fixture).await;
    let joins: Vec<Join> = (0..1_000).map(|_| new(user())).collect();
    join(&fixture.store, event, &joins).await;
    let is_look_up = |text: &&str| text.contains("FROM waiting_places") && text.trim_start().starts_with("SELECT");
    let texts: Vec<&str> = statements(&fixture.store).into_iter().filter(is_look_up).collect();
    assert!(texts.len() >= 2, "one account, and a batch of them: {texts:?}");
    for text in texts {
        let plan = match &fixture.store {
            Store::Postgres(_) => plan_of_postgres(&fixture, text, event, joins[500].user).await,
            Store::Sqlite(_) => plan_of_sqlite(&fixture, text).await,
        };
        assert!(plan.contains("event_id") && plan.contains("round") && plan.contains("user_id"), "{text}\n{plan}");
    }
}

/// The condition by which the index is searched, as the planner has it for these values.
async fn plan_of_postgres(fixture: &Fixture, text: &str, event: EventId, user: UserId) -> String {
    let mut connection = fixture.postgres_connection().await;
    let account = if text.contains("uuid[]") { format!("'{{{user}}}'") } else { format!("'{user}'") };
    let call = format!("PREPARE look_up AS {text}; EXPLAIN EXECUTE look_up ('{event}', {ROUND}, {account})");
    let rows = sqlx::raw_sql(AssertSqlSafe(call)).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).find(|line: &String| line.contains("Index Cond")).unwrap_or_default()
}

async fn plan_of_sqlite(fixture: &Fixture, text: &str) -> String {
    let mut connection = fixture.sqlite_connection().await;
    let plan = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}")));
    plan.fetch_one(&mut connection).await.unwrap().get("detail")
}

async fn a_room_is_found_again_after_a_restart(mut fixture: Fixture) {
    let event = room(&fixture).await;
    let users: Vec<UserId> = (0..20).map(|_| user()).collect();
    let joins: Vec<Join> = users.iter().copied().map(new).collect();
    join(&fixture.store, event, &joins).await;
    fixture.reopen().await;
    let room = fixture.store.waiting_room_begin(event, ROUND).await.unwrap();
    assert_eq!((room.active, room.joined), (true, 20));
    for (user, number) in users.iter().zip(0..) {
        let place = fixture.store.waiting_place_find(event, ROUND, *user).await.unwrap().unwrap();
        assert_eq!(place.number, number);
    }
    assert_eq!(join(&fixture.store, event, &[new(user())]).await.numbers, [20]);
}

async fn a_room_is_put_away_unless_its_next_round_has_begun(fixture: Fixture) {
    let event = room(&fixture).await;
    let is_active = async || fixture.store.waiting_room_find(event).await.unwrap().unwrap().active;
    fixture.store.waiting_room_put_away(event, ROUND).await.unwrap();
    assert!(!is_active().await);
    // Switched on again, whoever was told of it first.
    fixture.store.waiting_room_begin(event, ROUND + 1).await.unwrap();
    assert!(is_active().await);
    fixture.store.waiting_room_put_away(event, ROUND).await.unwrap();
    assert!(is_active().await, "by a keeper that lags behind");
    fixture.store.waiting_room_put_away(event, ROUND + 1).await.unwrap();
    fixture.store.waiting_room_begin(event, ROUND).await.unwrap();
    assert!(!is_active().await, "by a keeper that lags behind");
}

async fn active_rooms_are_listed_page_by_page(fixture: Fixture) {
    let mut events: Vec<EventId> = (0..5).map(|_| event()).collect();
    for event in &events {
        fixture.store.waiting_room_keep(*event).await.unwrap();
    }
    fixture.store.waiting_room_begin(events[0], ROUND).await.unwrap();
    fixture.store.waiting_room_put_away(events[2], 0).await.unwrap();
    assert!(!fixture.store.waiting_room_find(events[2]).await.unwrap().unwrap().active);
    events.remove(2);
    events.sort();
    let first = fixture.store.waiting_room_list_active(None, 3).await.unwrap();
    assert_eq!(first, events[..3]);
    let rest = fixture.store.waiting_room_list_active(Some(first[2]), 3).await.unwrap();
    assert_eq!(rest, events[3..]);
    // Switching on what is on forgets nothing.
    fixture.store.waiting_room_keep(events[0]).await.unwrap();
    assert_eq!(fixture.store.waiting_room_find(events[0]).await.unwrap().unwrap().round, ROUND);
}

async fn priority_passes_are_listed_newest_first_with_their_reason(fixture: Fixture) {
    let event = event();
    let pass = |number: u128, user_id: Option<UserId>| PriorityPass {
        id: uuid::Uuid::from_u128(number),
        event_id: event,
        issued_by: user(),
        issued_at: NOW,
        reason: "wheelchair users".to_owned(),
        uses: 3,
        expires_at: NOW.plus_us(1),
        user_id,
    };
    let passes = [pass(1, None), pass(2, Some(user())), pass(3, None)];
    for pass in &passes {
        fixture.store.priority_pass_insert(pass, None).await.unwrap();
    }
    let [first, second, third] = passes;
    let newest = fixture.store.priority_pass_list(event, None, 2).await.unwrap();
    assert_eq!(newest, [third, second.clone()]);
    assert_eq!(fixture.store.priority_pass_list(event, Some(second.id), 2).await.unwrap(), [first]);
}
