//! Roles at events: one per account and event.

use inventory::{TimeUs, UserId};
use persistence::{EventFilter, StaffRole};

use super::events::show;
use super::fixture::{Fixture, on_every_store, user};
use super::relational::insert_user;

on_every_store!(
    an_account_has_one_role_at_an_event,
    staff_is_listed_by_event_and_by_account,
    an_event_is_listed_once_for_whoever_has_to_do_with_it,
);

const NOW: TimeUs = TimeUs(9);

async fn an_account_has_one_role_at_an_event(fixture: Fixture) {
    let store = &fixture.store;
    let (organizer, door) = (insert_user(store, user()).await, insert_user(store, user()).await);
    let event = store.event_insert(&show(organizer)).await.unwrap().id;
    assert_eq!(store.staff_role(event, door).await.unwrap(), None);
    assert!(!store.staff_set_role(event, door, StaffRole::Door, None).await.unwrap());
    assert!(store.staff_insert(event, door, StaffRole::Door, organizer, NOW, None).await.unwrap());
    assert!(!store.staff_insert(event, door, StaffRole::BoxOffice, organizer, NOW, None).await.unwrap());
    assert_eq!(store.staff_role(event, door).await.unwrap(), Some(StaffRole::Door));
    assert!(store.staff_set_role(event, door, StaffRole::BoxOffice, None).await.unwrap());
    let found = store.staff_find(event, door).await.unwrap().unwrap();
    assert_eq!((found.user_id, found.role, found.added_at), (door, StaffRole::BoxOffice, NOW));
    assert!(store.staff_delete(event, door, None).await.unwrap());
    assert!(!store.staff_delete(event, door, None).await.unwrap());
    assert_eq!(store.staff_find(event, door).await.unwrap(), None);
}

async fn staff_is_listed_by_event_and_by_account(fixture: Fixture) {
    let store = &fixture.store;
    let organizer = insert_user(store, user()).await;
    let mut members: Vec<UserId> = Vec::new();
    for _ in 0..3 {
        members.push(insert_user(store, user()).await);
    }
    let mut events = Vec::new();
    for _ in 0..3 {
        let event = store.event_insert(&show(organizer)).await.unwrap().id;
        for member in &members {
            assert!(store.staff_insert(event, *member, StaffRole::Door, organizer, NOW, None).await.unwrap());
        }
        events.push(event);
    }
    let first = store.staff_list(events[0], None, 2).await.unwrap();
    assert_eq!(first.iter().map(|member| member.user_id).collect::<Vec<_>>(), members[..2]);
    let rest = store.staff_list(events[0], Some(members[1]), 2).await.unwrap();
    assert_eq!(rest.iter().map(|member| member.user_id).collect::<Vec<_>>(), members[2..]);
    let newest = store.staff_list_of_user(members[0], None, 2).await.unwrap();
    assert_eq!(newest.iter().map(|post| post.event_id).collect::<Vec<_>>(), [events[2], events[1]]);
    let oldest = store.staff_list_of_user(members[0], Some(events[1]), 2).await.unwrap();
    assert_eq!(oldest.iter().map(|post| post.event_id).collect::<Vec<_>>(), [events[0]]);
}

async fn an_event_is_listed_once_for_whoever_has_to_do_with_it(fixture: Fixture) {
    let store = &fixture.store;
    let (ada, bob) = (insert_user(store, user()).await, insert_user(store, user()).await);
    let own = store.event_insert(&show(ada)).await.unwrap().id;
    let other = store.event_insert(&show(bob)).await.unwrap().id;
    let unrelated = store.event_insert(&show(bob)).await.unwrap().id;
    for event in [own, other] {
        assert!(store.staff_insert(event, ada, StaffRole::Door, bob, NOW, None).await.unwrap());
    }
    let listed = |user, after| store.event_list(EventFilter::Member(user), after, 10);
    let ids = |events: Vec<persistence::Event>| events.into_iter().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(ids(listed(ada, None).await.unwrap()), [other, own]);
    assert_eq!(ids(listed(ada, Some(other)).await.unwrap()), [own]);
    assert_eq!(ids(listed(bob, None).await.unwrap()), [unrelated, other]);
}
