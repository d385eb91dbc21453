use std::collections::HashSet;
use std::time::Duration;

use engine::Journal;
use inventory::{EventId, TimeUs, UserId};
use persistence::{
    Attendee, Event, EventFilter, EventPatch, EventStatus, IdempotentAnswer, Redacted, Role, Store, StoreError, User,
    UserStatus,
};
use tokio::task::JoinSet;

use super::fixture::{Fixture, append_one, batch, event, on_every_store, order, user};

on_every_store!(
    an_address_has_one_account_in_any_case,
    of_many_registrations_of_one_address_exactly_one_succeeds,
    users_are_found_listed_and_changed,
    an_event_is_created_once_per_request,
    events_are_listed_by_who_may_see_them,
    what_a_patch_leaves_out_stays,
    only_drafts_are_deleted,
    an_answer_is_kept_for_its_key_and_forgotten_with_age,
    a_secret_is_made_once,
    attendees_are_replaced_whole,
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

pub fn show(organizer: UserId) -> Event {
    Event {
        id: event(),
        organizer_id: organizer,
        title: "Evening".into(),
        description: String::new(),
        location: "Arena".into(),
        timezone: "Europe/Berlin".into(),
        starts_at: TimeUs(10),
        ends_at: None,
        currency: "EUR".into(),
        status: EventStatus::Draft,
        created_at: TimeUs(5),
        request_key: None,
        images: Vec::new(),
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
    let first = store.user_list(None, 3).await.unwrap();
    assert_eq!(first.iter().map(|user| user.id).collect::<Vec<_>>(), ids[..3]);
    let rest = store.user_list(Some(first[2].id), 3).await.unwrap();
    assert_eq!(rest.iter().map(|user| user.id).collect::<Vec<_>>(), ids[3..]);

    assert!(store.user_set_role(ids[0], Role::Organizer, None).await.unwrap());
    assert!(store.user_set_status(ids[0], UserStatus::Suspended, None).await.unwrap());
    let changed = store.user_find(ids[0]).await.unwrap().unwrap();
    assert_eq!((changed.role, changed.status), (Role::Organizer, UserStatus::Suspended));
    assert!(!store.user_set_role(user(), Role::Admin, None).await.unwrap());
    assert_eq!(store.user_find(user()).await.unwrap(), None);
}

async fn an_event_is_created_once_per_request(fixture: Fixture) {
    let store = &fixture.store;
    let first = Event { request_key: Some([9; 16]), ends_at: Some(TimeUs(i64::MAX)), ..show(user()) };
    assert_eq!(store.event_insert(&first).await.unwrap(), first);
    let again = Event { request_key: Some([9; 16]), ..show(first.organizer_id) };
    assert_eq!(store.event_insert(&again).await.unwrap(), first);
    assert_eq!(store.event_find(again.id).await.unwrap(), None);

    let (keyless, other) = (show(user()), show(user()));
    assert_eq!(store.event_insert(&keyless).await.unwrap(), keyless);
    assert_eq!(store.event_insert(&other).await.unwrap(), other);
}

async fn events_are_listed_by_who_may_see_them(fixture: Fixture) {
    let store = &fixture.store;
    let (mine, others) = (user(), user());
    let mut ids: Vec<EventId> = Vec::new();
    for (organizer, status) in
        [(mine, EventStatus::Draft), (others, EventStatus::Published), (mine, EventStatus::Published)]
    {
        let event = Event { status, ..show(organizer) };
        store.event_insert(&event).await.unwrap();
        ids.push(event.id);
    }
    let list = async |filter, after, limit| {
        let events = store.event_list(filter, after, limit).await.unwrap();
        events.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(list(EventFilter::Published, None, 9).await, [ids[2], ids[1]]);
    assert_eq!(list(EventFilter::Organizer(mine), None, 9).await, [ids[2], ids[0]]);
    assert_eq!(list(EventFilter::All, None, 2).await, [ids[2], ids[1]]);
    assert_eq!(list(EventFilter::All, Some(ids[1]), 2).await, [ids[0]]);
}

async fn what_a_patch_leaves_out_stays(fixture: Fixture) {
    let store = &fixture.store;
    let event = show(user());
    store.event_insert(&event).await.unwrap();
    let unchanged = store.event_update(event.id, &EventPatch::default()).await.unwrap();
    assert_eq!(unchanged, Some(event.clone()));
    let patch = EventPatch { title: Some("Matinee".into()), ends_at: Some(TimeUs(77)), ..EventPatch::default() };
    let expected = Event { title: "Matinee".into(), ends_at: Some(TimeUs(77)), ..event };
    assert_eq!(store.event_update(expected.id, &patch).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.event_find(expected.id).await.unwrap(), Some(expected));
    assert_eq!(store.event_update(super::fixture::event(), &patch).await.unwrap(), None);
}

async fn only_drafts_are_deleted(fixture: Fixture) {
    let store = &fixture.store;
    let draft = show(user());
    let published = Event { status: EventStatus::Published, ..show(user()) };
    store.event_insert(&draft).await.unwrap();
    store.event_insert(&published).await.unwrap();
    assert!(store.event_delete(draft.id).await.unwrap());
    assert!(!store.event_delete(draft.id).await.unwrap());
    assert!(!store.event_delete(published.id).await.unwrap());
    assert_eq!(store.event_find(draft.id).await.unwrap(), None);
    assert_eq!(store.event_find(published.id).await.unwrap(), Some(published));
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

async fn attendees_are_replaced_whole(fixture: Fixture) {
    let store = &fixture.store;
    let order = order();
    let attendee =
        |position, name: &str| Attendee { position, name: name.into(), email: (position == 0).then(|| "a@b".into()) };
    let two = [attendee(0, "Ada"), attendee(u32::MAX, "Bob")];
    store.attendees_put(order, &two).await.unwrap();
    assert_eq!(store.attendees_list(order).await.unwrap(), two);
    let one = [attendee(0, "Cleo")];
    store.attendees_put(order, &one).await.unwrap();
    assert_eq!(store.attendees_list(order).await.unwrap(), one);

    let position_twice = [attendee(1, "Ada"), attendee(1, "Bob")];
    assert!(matches!(store.attendees_put(order, &position_twice).await, Err(StoreError::Defect(_))));
    assert_eq!(store.attendees_list(order).await.unwrap(), one, "a failed write is rolled back whole");
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
