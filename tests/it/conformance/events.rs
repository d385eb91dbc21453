//! Events: their names, words and end.

use inventory::{EventId, TimeUs, UserId};
use persistence::{Event, EventFilter, EventPatch, EventStatus, StoreError, Tags};
use tokio::task::JoinSet;

use super::fixture::{Fixture, event, on_every_store, user};

on_every_store!(
    an_event_is_created_once_per_request,
    a_slug_names_one_event,
    an_organizer_has_one_event_of_a_title_at_a_time,
    of_many_events_of_one_title_exactly_one_is_made,
    events_are_listed_by_who_may_see_them,
    what_a_patch_leaves_out_stays,
    a_deleted_event_is_kept_for_those_who_name_it,
    what_is_sold_is_neither_moved_nor_deleted,
);

/// Unlike every other.
pub fn show(organizer: UserId) -> Event {
    let id = event();
    Event {
        id,
        organizer_id: organizer,
        title: format!("Evening {id}"),
        slug: format!("evening-{id}"),
        description: String::new(),
        organization: "The Company".into(),
        rating: "FSK 12".into(),
        location: "Arena".into(),
        address: "Main Street 1".into(),
        city: "Berlin".into(),
        country: "DE".into(),
        latitude_e6: Some(52_520_008),
        longitude_e6: Some(-13_404_954),
        category: "concert".into(),
        tags: Tags(vec!["jazz".into(), "live".into()]),
        series_id: None,
        timezone: "Europe/Berlin".into(),
        starts_at: TimeUs(10),
        ends_at: None,
        currency: "EUR".into(),
        status: EventStatus::Draft,
        revision: 0,
        created_at: TimeUs(5),
        changed_at: TimeUs(5),
        deleted_at: None,
        request_key: None,
        images: Vec::new(),
    }
}

/// They all have one title.
fn evening(organizer: UserId) -> Event {
    Event { title: "Evening".into(), slug: "evening".into(), ..show(organizer) }
}

async fn an_event_is_created_once_per_request(fixture: Fixture) {
    let store = &fixture.store;
    let first = Event { request_key: Some([9; 16]), ends_at: Some(TimeUs(i64::MAX)), ..evening(user()) };
    assert_eq!(store.event_insert(&first).await.unwrap(), first);
    let again = Event { request_key: Some([9; 16]), ..evening(first.organizer_id) };
    assert_eq!(store.event_insert(&again).await.unwrap(), first);
    assert_eq!(store.event_find(again.id).await.unwrap(), None);
    let Event { organizer_id, starts_at, .. } = first;
    let taken = async |title, key| store.event_title_is_taken(organizer_id, starts_at, title, key).await.unwrap();
    assert!(taken(" EVENING ", None).await && taken("evening", Some([8; 16])).await);
    assert!(!taken("Evening", Some([9; 16])).await && !taken("Morning", None).await);
}

async fn a_slug_names_one_event(fixture: Fixture) {
    let store = &fixture.store;
    let first = store.event_insert(&evening(user())).await.unwrap();
    let second = store.event_insert(&evening(user())).await.unwrap();
    assert_eq!(first.slug, "evening");
    assert!(second.slug.starts_with("evening-") && second.slug.len() == "evening-".len() + 12, "{}", second.slug);
    for event in [first, second] {
        assert_eq!(store.event_find_by_slug(&event.slug).await.unwrap(), Some(event));
    }
    assert_eq!(store.event_find_by_slug("morning").await.unwrap(), None);
}

async fn an_organizer_has_one_event_of_a_title_at_a_time(fixture: Fixture) {
    let store = &fixture.store;
    let organizer = user();
    let first = store.event_insert(&evening(organizer)).await.unwrap();
    let same = Event { title: "  evening".into(), ..evening(organizer) };
    assert!(matches!(store.event_insert(&same).await, Err(StoreError::TitleTaken)));
    assert_eq!(store.event_find(same.id).await.unwrap(), None);
    let later = Event { starts_at: TimeUs(11), ..evening(organizer) };
    store.event_insert(&later).await.unwrap();
    store.event_insert(&evening(user())).await.unwrap();

    let back = EventPatch { starts_at: Some(TimeUs(10)), ..EventPatch::default() };
    assert!(matches!(store.event_update(later.id, &back, TimeUs(6)).await, Err(StoreError::TitleTaken)));
    assert_eq!(store.event_find(later.id).await.unwrap().unwrap().starts_at, TimeUs(11));
    let renamed = EventPatch { title: Some("Late".into()), ..EventPatch::default() };
    store.event_update(first.id, &renamed, TimeUs(7)).await.unwrap().unwrap();
    store.event_update(later.id, &back, TimeUs(8)).await.unwrap().unwrap();

    assert!(store.event_delete(later.id, TimeUs(9), None).await.unwrap());
    store.event_insert(&same).await.unwrap();
}

async fn of_many_events_of_one_title_exactly_one_is_made(fixture: Fixture) {
    let organizer = user();
    let mut makers = JoinSet::new();
    for _ in 0..10 {
        let store = fixture.store.clone();
        makers.spawn(async move { store.event_insert(&evening(organizer)).await });
    }
    let made = makers.join_all().await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    assert!(made.iter().all(|made| matches!(made, Ok(_) | Err(StoreError::TitleTaken))));
}

async fn events_are_listed_by_who_may_see_them(fixture: Fixture) {
    let store = &fixture.store;
    let (mine, others) = (user(), user());
    let mut ids: Vec<EventId> = Vec::new();
    for (at, (organizer, status)) in [
        (mine, EventStatus::Draft),
        (others, EventStatus::Published),
        (mine, EventStatus::Published),
        (mine, EventStatus::Draft),
    ]
    .into_iter()
    .enumerate()
    {
        let event = Event { status, title: format!("Evening {at}"), ..evening(organizer) };
        store.event_insert(&event).await.unwrap();
        ids.push(event.id);
    }
    assert!(store.event_delete(ids[3], TimeUs(9), None).await.unwrap());
    let list = async |filter, after, limit| {
        let events = store.event_list(filter, after, limit).await.unwrap();
        events.iter().map(|event| event.id).collect::<Vec<_>>()
    };
    assert_eq!(list(EventFilter::Published, None, 9).await, [ids[2], ids[1]]);
    assert_eq!(list(EventFilter::Member(mine), None, 9).await, [ids[2], ids[0]]);
    assert_eq!(list(EventFilter::Published, Some(ids[2]), 2).await, [ids[1]]);
}

async fn what_a_patch_leaves_out_stays(fixture: Fixture) {
    let store = &fixture.store;
    let event = evening(user());
    store.event_insert(&event).await.unwrap();
    let unchanged = store.event_update(event.id, &EventPatch::default(), TimeUs(6)).await.unwrap();
    let event = Event { revision: 1, changed_at: TimeUs(6), ..event };
    assert_eq!(unchanged, Some(event.clone()));
    let patch = EventPatch {
        title: Some("Matinee".into()),
        tags: Some(Tags::default()),
        ends_at: Some(Some(TimeUs(77))),
        ..EventPatch::default()
    };
    let expected = Event {
        title: "Matinee".into(),
        tags: Tags::default(),
        ends_at: Some(TimeUs(77)),
        revision: 2,
        changed_at: TimeUs(7),
        ..event
    };
    assert_eq!(store.event_update(expected.id, &patch, TimeUs(7)).await.unwrap(), Some(expected.clone()));
    assert_eq!(store.event_find(expected.id).await.unwrap(), Some(expected.clone()));
    let none = EventPatch { ends_at: Some(None), coordinates: Some(None), ..EventPatch::default() };
    let expected =
        Event { ends_at: None, latitude_e6: None, longitude_e6: None, revision: 3, changed_at: TimeUs(8), ..expected };
    assert_eq!(store.event_update(expected.id, &none, TimeUs(8)).await.unwrap(), Some(expected.clone()));
    let back = EventPatch { coordinates: Some(Some((1, -2))), ..EventPatch::default() };
    let back = store.event_update(expected.id, &back, TimeUs(9)).await.unwrap().unwrap();
    assert_eq!((back.latitude_e6, back.longitude_e6, back.ends_at), (Some(1), Some(-2), None));
    assert_eq!(store.event_update(super::fixture::event(), &patch, TimeUs(8)).await.unwrap(), None);
}

async fn a_deleted_event_is_kept_for_those_who_name_it(fixture: Fixture) {
    let store = &fixture.store;
    let draft = evening(user());
    let published = Event { status: EventStatus::Published, ..evening(user()) };
    store.event_insert(&draft).await.unwrap();
    let published_stored = store.event_insert(&published).await.unwrap();
    assert!(store.event_delete(draft.id, TimeUs(9), None).await.unwrap());
    assert!(!store.event_delete(draft.id, TimeUs(9), None).await.unwrap());
    assert!(!store.event_delete(published.id, TimeUs(9), None).await.unwrap());
    assert_eq!(store.event_find(draft.id).await.unwrap(), None);
    assert_eq!(store.event_find_by_slug(&draft.slug).await.unwrap(), None);
    let patch = EventPatch { title: Some("Back".into()), ..EventPatch::default() };
    assert_eq!(store.event_update(draft.id, &patch, TimeUs(9)).await.unwrap(), None);
    let kept = store.event_find_any(draft.id).await.unwrap();
    assert_eq!(kept, Some(Event { deleted_at: Some(TimeUs(9)), ..draft }));
    assert_eq!(store.event_find(published.id).await.unwrap(), Some(published_stored));
}

async fn what_is_sold_is_neither_moved_nor_deleted(fixture: Fixture) {
    let store = &fixture.store;
    let show = store.event_insert(&evening(user())).await.unwrap();
    let patch = EventPatch { city: Some("Rome".into()), only_unsold: true, ..EventPatch::default() };
    assert!(store.event_update(show.id, &patch, TimeUs(6)).await.unwrap().is_some());
    assert!(!store.event_is_sold(show.id).await.unwrap());
    super::projection::sell(&fixture, show.id).await;
    assert!(store.event_is_sold(show.id).await.unwrap());
    assert_eq!(store.event_update(show.id, &patch, TimeUs(7)).await.unwrap(), None);
    let elsewhere = EventPatch { coordinates: Some(Some((1, 2))), ..EventPatch::default() };
    assert_eq!(elsewhere.moves(&show), ["coordinates"]);
    let here = EventPatch { coordinates: Some(show.coordinates()), ..EventPatch::default() };
    assert!(here.moves(&show).is_empty());
    let renamed = EventPatch { title: Some("Matinee".into()), only_unsold: true, ..EventPatch::default() };
    assert_eq!(store.event_update(show.id, &renamed, TimeUs(7)).await.unwrap(), None);
    let taken = async |title| store.event_title_is_taken(show.organizer_id, show.starts_at, title, None).await.unwrap();
    assert!(taken("Evening").await && !taken("Matinee").await, "refused, it keeps its title");
    assert!(!store.event_delete(show.id, TimeUs(7), None).await.unwrap());
    let words = EventPatch { city: Some("Paris".into()), ..EventPatch::default() };
    assert_eq!(store.event_update(show.id, &words, TimeUs(8)).await.unwrap().unwrap().city, "Paris");
}
