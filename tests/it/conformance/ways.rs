//! Whatever way a search takes: what it finds, and in which order, is what a look at every event finds.

use inventory::{SaleWindow, TimeUs, UserId};
use persistence::{Event, EventQuery, EventSort, Near, SearchWords, Store, Tags};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

use super::events::show;
use super::finding::{NOW, at, offered, published};
use super::fixture::{Fixture, on_every_store, user};

on_every_store!(any_combination_of_filters_finds_what_a_look_at_every_event_does);

/// In the number system of SQLite's index of words, which merges by fours, one short of a round number: many pieces.
const EVENTS: usize = 255;
const SEARCHES: usize = 400;
const PAGE: u32 = 7;
const PAGES_MAX: usize = 4;

/// A few are frequent.
const CITIES: [&str; 4] = ["berlin", "rome", "oslo", "bern"];
const CATEGORIES: [&str; 3] = ["theatre", "concert", "sport"];
const TAGS: [&str; 4] = ["live", "jazz", "kids", "late"];
const WORDS: [&str; 8] = ["alpha", "alpine", "beta", "gamma", "delta", "omega", "sigma", "zeta"];

struct Known {
    event: Event,
    price_minor: i64,
    is_sold_out: bool,
    tier: &'static str,
    words: Vec<&'static str>,
    title: Vec<&'static str>,
}

/// The first is about as frequent as all others together.
fn one<T: Copy>(dice: &mut StdRng, of: &[T]) -> T {
    if dice.random_bool(0.5) { of[0] } else { of[dice.random_range(0..of.len())] }
}

async fn catalogue(store: &Store, dice: &mut StdRng, organizers: &[UserId]) -> Vec<Known> {
    let mut known = Vec::new();
    for number in 0..EVENTS {
        let title: Vec<&str> = (0..2).map(|_| one(dice, &WORDS)).collect();
        let rest: Vec<&str> = (0..2).map(|_| one(dice, &WORDS)).collect();
        let organizer = one(dice, organizers);
        let event = Event {
            title: format!("{} {number:03}", title.join(" ")),
            description: rest.join(" "),
            city: one(dice, &CITIES).into(),
            category: one(dice, &CATEGORIES).into(),
            tags: Tags(vec![one(dice, &TAGS).into()]),
            latitude_e6: Some(50_000_000 + dice.random_range(0..4) * 1_000_000),
            longitude_e6: Some(10_000_000),
            starts_at: at(dice.random_range(-24..48)),
            ..show(organizer)
        };
        let (tier, is_sold_out) = (one(dice, &["Seat", "VIP"]), dice.random_bool(0.3));
        let price_minor = 1_000 * dice.random_range(1..5);
        let tiers = vec![offered(tier, price_minor, SaleWindow::ALWAYS)];
        let event = published(store, event, tiers, is_sold_out).await;
        let words = [&title[..], &rest[..]].concat();
        known.push(Known { event, price_minor, is_sold_out, tier, words, title });
    }
    known
}

fn question(dice: &mut StdRng, organizers: &[UserId]) -> (EventQuery, Vec<&'static str>) {
    let asked: Vec<&str> = match dice.random_range(0..4) {
        0 | 1 => vec![],
        2 => vec![one(dice, &WORDS)],
        _ => vec![one(dice, &WORDS), ["alp*", "omega", "zet*"][dice.random_range(0..3)]],
    };
    let mut some = |share: f64| dice.random_bool(share);
    let [city, category, tag, days, near, price, left, tier, by] =
        [0.3, 0.3, 0.3, 0.2, 0.1, 0.2, 0.2, 0.1, 0.2].map(&mut some);
    let sorts = [EventSort::Newest, EventSort::Date, EventSort::Price, EventSort::Title, EventSort::Relevance];
    let sort = sorts[dice.random_range(0..if asked.is_empty() { 4 } else { 5 })];
    let from = dice.random_range(-24..24);
    let query = EventQuery {
        words: SearchWords::parse(&asked.join(" ")),
        city: city.then(|| one(dice, &CITIES).to_owned()),
        category: category.then(|| one(dice, &CATEGORIES).to_owned()),
        tag: tag.then(|| one(dice, &TAGS).to_owned()),
        starts_from: days.then(|| at(from)),
        starts_before: days.then(|| at(from + 12)),
        near: near.then_some(Near { latitude_e6: 51_000_000, longitude_e6: 10_000_000, radius_m: 120_000 }),
        price_max_minor: price.then_some(2_000),
        available: left,
        ticket_type: tier.then(|| "vip".to_owned()),
        organizer: by.then(|| one(dice, organizers)),
        sort,
        ..EventQuery::default()
    };
    (query, asked)
}

fn has(words: &[&str], asked: &str) -> bool {
    match asked.strip_suffix('*') {
        Some(beginning) => words.iter().any(|word| word.starts_with(beginning)),
        None => words.contains(&asked),
    }
}

fn passes(known: &Known, query: &EventQuery, asked: &[&str]) -> bool {
    let event = &known.event;
    let over_at = TimeUs(event.starts_at.0 + 12 * 3_600_000_000);
    let degrees = |near: Near| (event.latitude_e6.unwrap_or(0) - near.latitude_e6).abs() <= 1_000_000;
    over_at > NOW
        && asked.iter().all(|word| has(&known.words, word))
        && query.city.as_deref().is_none_or(|city| event.city == city)
        && query.category.as_deref().is_none_or(|category| event.category == category)
        && query.tag.as_ref().is_none_or(|tag| event.tags.0.contains(tag))
        && query.starts_from.is_none_or(|from| event.starts_at >= from)
        && query.starts_before.is_none_or(|before| event.starts_at < before)
        && query.near.is_none_or(degrees)
        && query.price_max_minor.is_none_or(|most| known.price_minor <= most)
        && !(query.available && known.is_sold_out)
        && query.ticket_type.as_ref().is_none_or(|_| known.tier == "VIP")
        && query.organizer.is_none_or(|by| event.organizer_id == by)
}

/// Numbers of the events, in the order that is asked for.
fn expected(catalogue: &[Known], query: &EventQuery, asked: &[&str]) -> Vec<String> {
    let mut left: Vec<(usize, &Known)> =
        catalogue.iter().enumerate().filter(|(_, known)| passes(known, query, asked)).collect();
    let in_title = |known: &Known| asked.iter().all(|word| has(&known.title, word));
    match query.sort {
        EventSort::Newest => left.reverse(),
        EventSort::Date => left.sort_by_key(|(number, known)| (known.event.starts_at, *number)),
        EventSort::Price => left.sort_by_key(|(number, known)| (known.price_minor, *number)),
        EventSort::Title => left.sort_by_key(|(number, known)| (known.event.title.clone(), *number)),
        EventSort::Relevance => {
            left.sort_by_key(|(number, known)| (!in_title(known), std::cmp::Reverse(*number)));
        }
    }
    left.into_iter().map(|(_, known)| known.event.title.clone()).collect()
}

async fn any_combination_of_filters_finds_what_a_look_at_every_event_does(fixture: Fixture) {
    let store = &fixture.store;
    let dice = &mut StdRng::seed_from_u64(27);
    let organizers = [user(), user(), user()];
    let catalogue = catalogue(store, dice, &organizers).await;
    let mut is_found = 0;
    for search in 0..SEARCHES {
        if search == SEARCHES / 2 {
            assert_eq!(merged(store).await, matches!(store, Store::Sqlite(_)), "the index lies in pieces");
        }
        let (query, asked) = question(dice, &organizers);
        let expected = expected(&catalogue, &query, &asked);
        let (mut found, mut next) = (Vec::new(), query.clone());
        for _ in 0..PAGES_MAX {
            let page = store.event_search(&next, NOW, PAGE).await.unwrap();
            found.extend(page.iter().map(|listing| listing.event.title.clone()));
            let Some(last) = page.last() else { break };
            next.after = Some(last.cursor.clone());
        }
        let shown = expected.len().min(PAGE as usize * PAGES_MAX);
        assert_eq!(found, expected[..shown], "{query:?}");
        is_found += usize::from(!found.is_empty());
    }
    assert!(is_found > SEARCHES / 4, "{is_found} of {SEARCHES} found something");
}

/// Whether there was anything to put together. Afterwards there is not.
async fn merged(store: &Store) -> bool {
    let mut steps = 0;
    while store.search_merge(16, steps > 0).await.unwrap() {
        steps += 1;
        assert!(steps < 1_000, "it never ends");
    }
    assert!(!store.search_merge(16, false).await.unwrap());
    steps > 0
}
