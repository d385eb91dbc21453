//! What a search of events finds, in which order, page by page.

use std::collections::{BTreeMap, BTreeSet};

use engine::{Appended, Journal};
use inventory::{EventId, Lsn, OfferRow, OfferedPrice, OfferedTier, Row, SaleWindow, TimeUs, UserId};
use persistence::{
    Audience, Event, EventPatch, EventPhase, EventQuery, EventSort, EventStatus, Listing, Near, SearchWords, Store,
    Tags,
};
use sqlx::Executor as _;

use super::events::show;
use super::fixture::{Fixture, append_one, batch, event, on_every_store, tier, user, with_rows};

on_every_store!(
    every_filter_leaves_what_it_says,
    every_order_is_the_one_it_is_called,
    pages_give_each_event_once_while_others_come,
    what_is_left_follows_the_journal,
    only_ones_own_list_has_drafts_and_no_list_has_what_is_deleted,
    what_is_renamed_is_found_by_its_new_words_alone,
    what_an_earlier_version_stored_is_found_after_a_start,
    a_box_over_the_date_line_is_searched_on_both_sides,
);

pub(super) const NOW: TimeUs = TimeUs(1_000_000_000_000);
const HOUR_US: i64 = 3_600_000_000;
pub(super) const LIMIT: u32 = 200;

pub(super) fn at(hours: i64) -> TimeUs {
    TimeUs(NOW.0 + hours * HOUR_US)
}

pub(super) fn offered(name: &str, price_minor: i64, sale: SaleWindow) -> OfferedTier {
    let prices = vec![OfferedPrice { price_minor, from: None, until: sale.until }];
    OfferedTier { tier: tier(), name: name.into(), price_minor, sale, prices }
}

/// Writes what the journal would tell of the event.
pub(super) async fn told(store: &Store, id: EventId, tiers: Vec<OfferedTier>, sold_out: bool, status: &'static str) {
    let opened = store.open(id).await.unwrap();
    let lsn = Lsn(opened.last_lsn.0 + 1);
    let rows = vec![
        Row::EventStatus { event: id, status, at: TimeUs(1), lsn },
        Row::Offer(Box::new(OfferRow { event: id, tiers, at: NOW, lsn })),
        Row::SoldOut { event: id, is_sold_out: sold_out, lsn },
    ];
    let batch = with_rows(batch(id, opened.epoch, lsn.0, lsn.0), rows);
    assert_eq!(append_one(store, batch).await, Appended::Durable);
}

pub(super) async fn published(store: &Store, event: Event, tiers: Vec<OfferedTier>, sold_out: bool) -> Event {
    let event = store.event_insert(&event).await.unwrap();
    told(store, event.id, tiers, sold_out, "published").await;
    event
}

async fn found(store: &Store, query: &EventQuery) -> Vec<Listing> {
    store.event_search(query, NOW, LIMIT).await.unwrap()
}

async fn titles(store: &Store, query: &EventQuery) -> Vec<String> {
    found(store, query).await.into_iter().map(|listing| listing.event.title).collect()
}

/// Four that differ in everything.
async fn season(store: &Store) -> UserId {
    let organizer = user();
    let base = || Event { organizer_id: organizer, tags: Tags::default(), ..show(organizer) };
    let window = |from, until| SaleWindow { from: Some(at(from)), until: Some(at(until)) };
    let faust = Event {
        title: "Faust".into(),
        description: "A tragedy with jazz".into(),
        city: "Zürich".into(),
        country: "CH".into(),
        currency: "CHF".into(),
        category: "theatre".into(),
        tags: Tags(vec!["classic".into(), "german".into()]),
        latitude_e6: Some(47_376_900),
        longitude_e6: Some(8_541_700),
        starts_at: at(24),
        ..base()
    };
    let two = vec![offered("Parkett", 9_000, SaleWindow::ALWAYS), offered("Balkon", 3_000, SaleWindow::ALWAYS)];
    published(store, faust, two, false).await;
    let jazz = Event {
        title: "Jazz Night".into(),
        city: "Berlin".into(),
        tags: Tags(vec!["live".into()]),
        starts_at: at(48),
        ..base()
    };
    published(store, jazz, vec![offered("VIP", 5_000, window(-1, 2))], true).await;
    let other = user();
    let opera =
        Event { title: "Élan".into(), city: "BERLIN".into(), starts_at: at(-1), organizer_id: other, ..base() };
    published(store, opera, vec![offered("vip ", 1_000, window(5, 9))], false).await;
    let past = Event { title: "Jazz of yesterday".into(), city: "Rome".into(), starts_at: at(-48), ..base() };
    published(store, past, vec![], false).await;
    let off = Event { title: "Called off".into(), starts_at: at(72), ..base() };
    let off = store.event_insert(&off).await.unwrap();
    told(store, off.id, vec![], false, "cancelled").await;
    store.event_insert(&Event { title: "Secret draft with jazz".into(), starts_at: at(72), ..base() }).await.unwrap();
    organizer
}

async fn every_filter_leaves_what_it_says(fixture: Fixture) {
    let store = &fixture.store;
    let organizer = season(store).await;
    let q = |words: &str| EventQuery { words: SearchWords::parse(words), ..EventQuery::default() };
    let any = EventQuery::default;
    let some = |text: &str| Some(text.to_owned());
    let near = |radius_m| EventQuery {
        near: Some(Near { latitude_e6: 47_400_000, longitude_e6: 8_500_000, radius_m }),
        ..any()
    };
    let phase = |phase| EventQuery { phase: Some(phase), ..any() };
    let price = |min, max| EventQuery { price_min_minor: min, price_max_minor: max, ..any() };
    let rows: Vec<(EventQuery, &[&str])> = vec![
        (any(), &["Élan", "Jazz Night", "Faust"]),
        (q("jazz"), &["Jazz Night", "Faust"]),
        (q("JAZZ tragedy"), &["Faust"]),
        (q("elan"), &["Élan"]),
        (q("zurich"), &["Faust"]),
        (q("trag"), &[]),
        (q("trag*"), &["Faust"]),
        (q("jaz* night"), &["Jazz Night"]),
        (q("ja*"), &[]),
        (q("classic theatre"), &["Faust"]),
        (q("draft"), &[]),
        (EventQuery { sort: EventSort::Relevance, ..q("jazz") }, &["Jazz Night", "Faust"]),
        (EventQuery { sort: EventSort::Date, ..q("jazz") }, &["Faust", "Jazz Night"]),
        (EventQuery { city: some("zurich"), ..any() }, &["Faust"]),
        (EventQuery { city: some("berlin"), ..any() }, &["Élan", "Jazz Night"]),
        (EventQuery { country: some("CH"), ..any() }, &["Faust"]),
        (EventQuery { currency: some("CHF"), ..any() }, &["Faust"]),
        (EventQuery { category: some("theatre"), ..any() }, &["Faust"]),
        (EventQuery { tag: some("german"), ..any() }, &["Faust"]),
        (EventQuery { tag: some("ger"), ..any() }, &[]),
        (EventQuery { organizer: Some(organizer), ..any() }, &["Jazz Night", "Faust"]),
        (EventQuery { organizer: Some(user()), ..any() }, &[]),
        (near(5_000), &["Faust"]),
        (near(1_000), &[]),
        (EventQuery { starts_from: Some(at(24)), ..any() }, &["Jazz Night", "Faust"]),
        (EventQuery { starts_before: Some(at(48)), ..any() }, &["Élan", "Faust"]),
        (EventQuery { available: true, ..any() }, &["Élan", "Faust"]),
        (EventQuery { ticket_type: some("VIP"), ..any() }, &["Élan", "Jazz Night"]),
        (EventQuery { ticket_type: some("balkon"), ..any() }, &["Faust"]),
        (EventQuery { ticket_type: some("balkon"), ..price(Some(4_000), None) }, &[]),
        (price(Some(5_000), None), &["Jazz Night", "Faust"]),
        (price(None, Some(1_000)), &["Élan"]),
        // Between the two prices of one event there is no price.
        (price(Some(4_000), Some(8_000)), &["Jazz Night"]),
        (phase(EventPhase::Published), &["Jazz of yesterday", "Élan", "Jazz Night", "Faust"]),
        (phase(EventPhase::Upcoming), &["Jazz Night", "Faust"]),
        (phase(EventPhase::Ongoing), &["Élan"]),
        (phase(EventPhase::Ended), &["Jazz of yesterday"]),
        (phase(EventPhase::OnSale), &["Jazz Night", "Faust"]),
        (phase(EventPhase::Cancelled), &["Called off"]),
        // Not even somebody who asks for them by mistake.
        (phase(EventPhase::Draft), &[]),
    ];
    for (query, expected) in rows {
        assert_eq!(titles(store, &query).await, expected, "{query:?}");
        // Whichever order: the same events.
        for sort in [EventSort::Date, EventSort::Price, EventSort::Title] {
            let sorted: BTreeSet<_> = titles(store, &EventQuery { sort, ..query.clone() }).await.into_iter().collect();
            let expected: BTreeSet<String> = expected.iter().map(|title| (*title).to_owned()).collect();
            assert_eq!(sorted, expected, "{sort:?} {query:?}");
        }
    }
}

async fn every_order_is_the_one_it_is_called(fixture: Fixture) {
    let store = &fixture.store;
    season(store).await;
    let rows = [
        (EventSort::Newest, ["Élan", "Jazz Night", "Faust"]),
        (EventSort::Date, ["Élan", "Faust", "Jazz Night"]),
        (EventSort::Price, ["Élan", "Faust", "Jazz Night"]),
        (EventSort::Title, ["Élan", "Faust", "Jazz Night"]),
    ];
    for (sort, expected) in rows {
        assert_eq!(titles(store, &EventQuery { sort, ..EventQuery::default() }).await, expected, "{sort:?}");
    }
    let listed = found(store, &EventQuery { sort: EventSort::Price, ..EventQuery::default() }).await;
    let prices: Vec<_> = listed.iter().map(|listing| (listing.price_min_minor, listing.is_sold_out)).collect();
    assert_eq!(prices, [(Some(1_000), false), (Some(3_000), false), (Some(5_000), true)]);
}

/// Many are equal in what they are ordered by, so that pages end between equals.
async fn pages_give_each_event_once_while_others_come(fixture: Fixture) {
    let store = &fixture.store;
    let make = async |number: i64| {
        let title = ["Jazz one", "Two", "Élan", "jazz three"][number as usize % 4];
        let event = Event {
            // One organizer has a title once at a time.
            organizer_id: user(),
            title: title.into(),
            description: "Some jazz".into(),
            starts_at: at(24 + number % 3),
            ..show(user())
        };
        published(store, event, vec![offered("Seat", 1_000 * (number % 3), SaleWindow::ALWAYS)], false).await.id
    };
    let mut first = BTreeSet::new();
    for number in 0..30 {
        first.insert(make(number).await);
    }
    let words = || SearchWords::parse("jazz");
    let sorts = [EventSort::Newest, EventSort::Date, EventSort::Price, EventSort::Title];
    let mut queries: Vec<EventQuery> = sorts.map(|sort| EventQuery { sort, ..EventQuery::default() }).to_vec();
    queries.extend(sorts.map(|sort| EventQuery { sort, words: words(), ..EventQuery::default() }));
    queries.push(EventQuery { sort: EventSort::Relevance, words: words(), ..EventQuery::default() });
    let mut number = 30;
    for query in queries {
        let known: BTreeSet<EventId> = found(store, &query).await.iter().map(|listing| listing.event.id).collect();
        let mut seen: BTreeMap<EventId, u32> = BTreeMap::new();
        let mut next = query.clone();
        for size in (3..8).cycle() {
            let page = store.event_search(&next, NOW, size).await.unwrap();
            for listing in &page {
                *seen.entry(listing.event.id).or_default() += 1;
            }
            let Some(last) = page.last() else { break };
            next.after = Some(last.cursor.clone());
            if number % 2 == 0 {
                make(number).await;
            }
            number += 1;
        }
        assert!(seen.values().all(|times| *times == 1), "{query:?}");
        assert!(known.is_subset(&seen.keys().copied().collect()), "{query:?}");
        assert!(first.is_subset(&known), "{query:?}");
    }
}

async fn what_is_left_follows_the_journal(fixture: Fixture) {
    let store = &fixture.store;
    let id = published(store, Event { starts_at: at(1), ..show(user()) }, vec![], false).await.id;
    let available = EventQuery { available: true, ..EventQuery::default() };
    assert_eq!(found(store, &available).await.len(), 1);
    let opened = store.open(id).await.unwrap();
    let next = opened.last_lsn.0 + 1;
    let sold_out = |is_sold_out, lsn| Row::SoldOut { event: id, is_sold_out, lsn: Lsn(lsn) };
    let commit = async |first, last, rows: Vec<Row>| {
        let batch = with_rows(batch(id, opened.epoch, first, last), rows);
        assert_eq!(append_one(store, batch).await, Appended::Durable);
    };
    commit(next, next + 1, vec![sold_out(false, next), sold_out(true, next + 1)]).await;
    assert_eq!(found(store, &available).await, []);
    assert_eq!(store.event_sold_out(&[event(), id]).await.unwrap(), [id]);
    // An older row after a newer one changes nothing.
    commit(next + 2, next + 2, vec![sold_out(false, next)]).await;
    assert_eq!(found(store, &available).await, []);
    commit(next + 3, next + 3, vec![sold_out(false, next + 3)]).await;
    assert_eq!(found(store, &available).await.len(), 1);
    assert_eq!(store.event_sold_out(&[event(), id]).await.unwrap(), []);

    // A tier that is gone is found no more.
    let offer = |tiers, lsn| Row::Offer(Box::new(OfferRow { event: id, tiers, at: NOW, lsn: Lsn(lsn) }));
    let vip = EventQuery { ticket_type: Some("vip".into()), ..EventQuery::default() };
    commit(next + 4, next + 4, vec![offer(vec![offered("VIP\0", 5, SaleWindow::ALWAYS)], next + 4)]).await;
    assert_eq!(found(store, &vip).await, []);
    commit(next + 5, next + 5, vec![offer(vec![offered("VIP", 5, SaleWindow::ALWAYS)], next + 5)]).await;
    assert_eq!(found(store, &vip).await.len(), 1);
    let version = store.catalogue_version();
    commit(next + 6, next + 6, vec![offer(vec![offered("Seat", 5, SaleWindow::ALWAYS)], next + 6)]).await;
    assert_eq!(found(store, &vip).await, []);
    assert!(store.catalogue_version() > version);

    // A batch that is refused leaves nothing.
    let stale = with_rows(batch(id, engine::Epoch(0), next + 7, next + 7), [sold_out(true, next + 7)]);
    assert_eq!(append_one(store, stale).await, Appended::Fenced);
    assert_eq!(found(store, &available).await.len(), 1);
}

async fn only_ones_own_list_has_drafts_and_no_list_has_what_is_deleted(fixture: Fixture) {
    let store = &fixture.store;
    let organizer = season(store).await;
    let of = |audience, words| EventQuery { audience, words: SearchWords::parse(words), ..EventQuery::default() };
    let mine = Audience::Organizer(organizer);
    assert_eq!(titles(store, &of(mine, "")).await.len(), 5);
    assert_eq!(titles(store, &of(mine, "draft")).await, ["Secret draft with jazz"]);
    assert_eq!(titles(store, &of(Audience::Organizer(user()), "")).await, Vec::<String>::new());
    assert_eq!(titles(store, &of(Audience::Admin, "")).await.len(), 6);
    for sort in [EventSort::Date, EventSort::Price, EventSort::Title] {
        assert_eq!(titles(store, &EventQuery { sort, ..of(Audience::Admin, "") }).await.len(), 6);
    }
    // One's own list narrowed to another's events is empty, not the other's.
    let others = EventQuery { organizer: Some(user()), ..of(mine, "") };
    assert_eq!(titles(store, &others).await, Vec::<String>::new());
    let drafts = EventQuery { phase: Some(EventPhase::Draft), ..of(mine, "") };
    assert_eq!(titles(store, &drafts).await, ["Secret draft with jazz"]);

    for listing in found(store, &of(Audience::Admin, "")).await {
        store.event_delete(listing.event.id, NOW, None).await.unwrap();
    }
    let cancelled = EventQuery { phase: Some(EventPhase::Cancelled), ..EventQuery::default() };
    assert_eq!(titles(store, &cancelled).await, Vec::<String>::new());
    assert_eq!(titles(store, &of(Audience::Admin, "")).await.len(), 4, "what is published stays");
    assert_eq!(titles(store, &of(mine, "draft")).await, Vec::<String>::new());
}

async fn what_is_renamed_is_found_by_its_new_words_alone(fixture: Fixture) {
    let store = &fixture.store;
    let id =
        published(store, Event { title: "Hamlet".into(), starts_at: at(1), ..show(user()) }, vec![], false).await.id;
    let version = store.catalogue_version();
    let patch = EventPatch {
        title: Some("東京 Φαῦστος".into()),
        city: Some("Rome".into()),
        tags: Some(Tags(vec!["new".into()])),
        ..EventPatch::default()
    };
    store.event_update(id, &patch, NOW).await.unwrap().unwrap();
    assert!(store.catalogue_version() > version);
    let count = async |query: EventQuery| found(store, &query).await.len();
    let q = |words| EventQuery { words: SearchWords::parse(words), ..EventQuery::default() };
    let city = |city: &str| EventQuery { city: Some(city.into()), ..EventQuery::default() };
    let tag = |tag: &str| EventQuery { tag: Some(tag.into()), ..EventQuery::default() };
    let rows = [
        (q("hamlet"), 0),
        (q("東"), 1),
        (q("φαυστ"), 1),
        (city("berlin"), 0),
        (city("rome"), 1),
        (tag("jazz"), 0),
        (tag("new"), 1),
    ];
    for (query, expected) in rows {
        assert_eq!(count(query.clone()).await, expected, "{query:?}");
    }
}

async fn what_an_earlier_version_stored_is_found_after_a_start(mut fixture: Fixture) {
    let event = Event { title: "Hamlet".into(), starts_at: at(1), status: EventStatus::Published, ..show(user()) };
    fixture.store.event_insert(&event).await.unwrap();
    let forget = "UPDATE events SET title_key = '', city_key = '', over_at = 0, number = NULL; DELETE FROM event_tags;
        DELETE FROM event_search";
    match &fixture.store {
        Store::Postgres(_) => {
            fixture.postgres_connection().await.execute(forget).await.unwrap();
        }
        Store::Sqlite(_) => {
            fixture.sqlite_connection().await.execute(forget).await.unwrap();
        }
    }
    let query = EventQuery {
        words: SearchWords::parse("hamlet"),
        city: Some("Berlin".into()),
        tag: Some("jazz".into()),
        ..EventQuery::default()
    };
    assert_eq!(titles(&fixture.store, &query).await, Vec::<String>::new());
    fixture.reopen().await;
    assert_eq!(titles(&fixture.store, &query).await, ["Hamlet"]);
}

/// More are in the corners of the box than a page holds: the page is filled from behind them.
async fn a_box_over_the_date_line_is_searched_on_both_sides(fixture: Fixture) {
    let store = &fixture.store;
    let make = async |title: &str, latitude_e6, longitude_e6| {
        let event = Event {
            title: title.into(),
            starts_at: at(1),
            latitude_e6: Some(latitude_e6),
            longitude_e6: Some(longitude_e6),
            ..show(user())
        };
        published(store, event, vec![], false).await;
    };
    make("West", 0, 179_990_000).await;
    make("East", 0, -179_990_000).await;
    make("Greenwich", 0, 0).await;
    for _ in 0..10 {
        make("Corner", 95_000, 179_995_000).await;
        make("Corner", 89_000, -179_911_000).await;
    }
    let near = Near { latitude_e6: 0, longitude_e6: 180_000_000, radius_m: 10_500 };
    let query = EventQuery { near: Some(near), ..EventQuery::default() };
    assert_eq!(titles(store, &query).await, ["East", "West"]);
    let first = store.event_search(&query, NOW, 1).await.unwrap();
    assert_eq!(first[0].event.title, "East");
    let rest = EventQuery { after: Some(first[0].cursor.clone()), ..query };
    assert_eq!(titles(store, &rest).await, ["West"]);
}
