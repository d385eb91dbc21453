use std::collections::HashSet;
use std::time::Duration;

use engine::Journal;
use inventory::{TimeUs, UserId};
use persistence::{
    Attendee, IdempotentAnswer, Redacted, Role, Store, StoreError, User, UserFilter, UserSort, UserStatus, Venue,
};
use tokio::task::JoinSet;

use super::fixture::{Fixture, append_one, batch, event, on_every_store, order, user};

on_every_store!(
    an_address_has_one_account_in_any_case,
    of_many_registrations_of_one_address_exactly_one_succeeds,
    users_are_found_listed_and_changed,
    users_are_searched_by_how_they_begin,
    an_answer_is_kept_for_its_key_and_forgotten_with_age,
    a_secret_is_made_once,
    attendees_are_kept_once,
    an_account_has_so_many_venues_and_no_more,
    journal_heads_are_listed,
    a_ping_has_an_answer,
    a_password_hash_is_not_printed,
);

pub async fn insert_user(store: &Store, id: UserId) -> UserId {
    store.user_insert(&account(id, &format!("{id}@example.org"))).await.unwrap();
    id
}

fn account(id: UserId, email: &str) -> User {
    User {
        id,
        name: "Ada".into(),
        email: email.into(),
        password_hash: Redacted("$argon2id$v=19$secret".into()),
        role: Role::Attendee,
        status: UserStatus::Active,
        created_at: TimeUs(5),
        whitelisted: false,
        email_confirmed_at: None,
        avatar: None,
    }
}

async fn an_address_has_one_account_in_any_case(fixture: Fixture) {
    let store = &fixture.store;
    assert!(store.store_is_empty().await.unwrap());
    let ada = account(user(), "Ada@Example.org");
    store.user_insert(&ada).await.unwrap();
    assert!(!store.store_is_empty().await.unwrap());
    for again in ["ada@example.org", "ADA@EXAMPLE.ORG", " Ada@Example.org "] {
        let taken = store.user_insert(&account(user(), again)).await;
        assert!(matches!(taken, Err(StoreError::EmailTaken)), "{again}: {taken:?}");
        assert_eq!(store.user_find_by_email(again).await.unwrap(), Some(ada.clone()));
    }
    assert_eq!(store.user_find_by_email("bob@example.org").await.unwrap(), None);
}

async fn of_many_registrations_of_one_address_exactly_one_succeeds(fixture: Fixture) {
    let mut registrations = JoinSet::new();
    for _ in 0..20 {
        let store = fixture.store.clone();
        registrations.spawn(async move { store.user_insert(&account(user(), "ada@example.org")).await });
    }
    let answers = registrations.join_all().await;
    let taken = answers.iter().filter(|answer| matches!(answer, Err(StoreError::EmailTaken))).count();
    assert_eq!((taken, answers.iter().filter(|answer| answer.is_ok()).count()), (19, 1));
}

async fn users_are_found_listed_and_changed(fixture: Fixture) {
    let store = &fixture.store;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(insert_user(store, user()).await);
    }
    let first = store.user_list(&UserFilter::default(), UserSort::Oldest, None, 3).await.unwrap();
    assert_eq!(first.iter().map(|user| user.id).collect::<Vec<_>>(), ids[..3]);
    let rest = store.user_list(&UserFilter::default(), UserSort::Oldest, Some(first[2].id), 3).await.unwrap();
    assert_eq!(rest.iter().map(|user| user.id).collect::<Vec<_>>(), ids[3..]);

    assert!(store.user_set_name(ids[0], "Grace", None).await.unwrap());
    assert_eq!(store.user_find(ids[0]).await.unwrap().unwrap().name, "Grace");
    assert!(!store.user_set_name(user(), "Nobody", None).await.unwrap());
    assert_eq!(store.user_find(user()).await.unwrap(), None);
}

async fn users_are_searched_by_how_they_begin(fixture: Fixture) {
    let store = &fixture.store;
    let mut ids = Vec::new();
    for (name, email) in [("Ada Lovelace", "x1@b.cd"), ("ädel", "ada@b.cd"), ("A da", "x2@b.cd"), ("b", "ad@b.cd")] {
        let user = User { name: name.into(), ..account(user(), email) };
        store.user_insert(&user).await.unwrap();
        ids.push(user.id);
    }
    let found = async |search: &str| {
        let filter = UserFilter { search: Some(search.into()), ..UserFilter::default() };
        let found = store.user_list(&filter, UserSort::Oldest, None, 9).await.unwrap();
        found.iter().map(|user| user.id).collect::<Vec<_>>()
    };
    assert_eq!(found("ADA").await, ids[..2]);
    assert_eq!(found("ad").await, [ids[0], ids[1], ids[3]]);
    assert_eq!(found("Äd").await, ids[1..2]);
    assert!(store.user_set_name(ids[3], "Zoë", None).await.unwrap());
    assert_eq!(found("zoë").await, ids[3..]);
    assert_eq!(found("%").await, []);
}

async fn an_answer_is_kept_for_its_key_and_forgotten_with_age(fixture: Fixture) {
    let store = &fixture.store;
    let answer = IdempotentAnswer {
        scope_key: [1; 16],
        body_digest: [2; 16],
        status: u16::MAX,
        content_type: "application/json".into(),
        response: vec![0, 1, 255],
        created_at: TimeUs(100),
    };
    assert_eq!(store.idempotency_find([1; 16]).await.unwrap(), None);
    assert!(store.idempotency_put(&answer).await.unwrap());
    let later = IdempotentAnswer { status: 500, created_at: TimeUs(101), ..answer.clone() };
    assert!(!store.idempotency_put(&later).await.unwrap());
    assert_eq!(store.idempotency_find([1; 16]).await.unwrap(), Some(answer));
    assert_eq!(store.idempotency_prune(TimeUs(100)).await.unwrap(), 0);
    assert_eq!(store.idempotency_prune(TimeUs(101)).await.unwrap(), 1);
    assert_eq!(store.idempotency_find([1; 16]).await.unwrap(), None);
}

async fn a_secret_is_made_once(fixture: Fixture) {
    let mut makers = JoinSet::new();
    for number in 0..10u8 {
        let store = fixture.store.clone();
        makers.spawn(async move { store.secret_get_or_insert("jwt", &[number; 32]).await.unwrap() });
    }
    let values: HashSet<_> = makers.join_all().await.into_iter().collect();
    assert_eq!(values.len(), 1);
    assert_eq!(fixture.store.secret_get_or_insert("tickets", &[200]).await.unwrap(), [200]);
}

async fn attendees_are_kept_once(fixture: Fixture) {
    let store = &fixture.store;
    let order = order();
    let attendee =
        |position, name: &str| Attendee { position, name: name.into(), email: (position == 0).then(|| "a@b".into()) };
    let two = [attendee(0, "Ada"), attendee(u32::MAX, "Bob")];
    store.attendees_keep(order, &two).await.unwrap();
    assert_eq!(store.attendees_list(order).await.unwrap(), two);
    let one = [attendee(0, "Cleo")];
    store.attendees_keep(order, &one).await.unwrap();
    assert_eq!(store.attendees_list(order).await.unwrap(), two, "what was said first stays");
}

async fn an_account_has_so_many_venues_and_no_more(fixture: Fixture) {
    let store = &fixture.store;
    let (ada, bob) = (insert_user(store, user()).await, insert_user(store, user()).await);
    let venue = |owner: UserId, number: u128, request_key| Venue {
        id: uuid::Uuid::from_u128(number),
        owner_id: owner,
        name: "Town Hall".into(),
        address: String::new(),
        city: String::new(),
        country: String::new(),
        timezone: String::new(),
        latitude_e6: None,
        longitude_e6: None,
        created_at: TimeUs(5),
        request_key,
    };
    let mut makers = JoinSet::new();
    for number in 1..=5 {
        let (store, venue) = (store.clone(), venue(ada, number, Some([number as u8; 16])));
        makers.spawn(async move { store.venue_insert(&venue, 2, None).await.unwrap() });
    }
    let made: Vec<Venue> = makers.join_all().await.into_iter().flatten().collect();
    assert_eq!((made.len(), store.venue_list(Some(ada), None, 10).await.unwrap().len()), (2, 2));
    let again = venue(ada, 99, made[0].request_key);
    assert_eq!(store.venue_insert(&again, 2, None).await.unwrap().as_ref(), Some(&made[0]), "a repeat makes no other");
    assert!(store.venue_insert(&venue(bob, 100, None), 2, None).await.unwrap().is_some());
}

async fn journal_heads_are_listed(fixture: Fixture) {
    let store = &fixture.store;
    let (first, second) = (event(), event());
    let epoch = store.open(first).await.unwrap().epoch;
    store.open(second).await.unwrap();
    store.open(second).await.unwrap();
    append_one(store, batch(first, epoch, 1, 12)).await;
    let heads = store.journal_events(None, 10).await.unwrap();
    let heads: Vec<_> = heads.iter().map(|head| (head.event_id, head.epoch, head.last_lsn.0)).collect();
    assert_eq!(heads, [(first, epoch.0, 12), (second, 2, 0)]);
    assert_eq!(store.journal_events(Some(second), 10).await.unwrap(), []);
}

async fn a_ping_has_an_answer(fixture: Fixture) {
    fixture.store.ping(Duration::from_secs(5)).await.unwrap();
    fixture.store.close().await;
    let closed = fixture.store.ping(Duration::from_secs(5)).await;
    assert!(matches!(closed, Err(StoreError::Unavailable(_))), "{closed:?}");
}

async fn a_password_hash_is_not_printed(fixture: Fixture) {
    let id = insert_user(&fixture.store, user()).await;
    let stored = fixture.store.user_find(id).await.unwrap().unwrap();
    assert_eq!(stored.password_hash.0, "$argon2id$v=19$secret");
    assert!(!format!("{stored:?}").contains("secret"));
}
