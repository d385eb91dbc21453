//! Pages of events out of a large catalogue: each kind of question with values of its own each time, some pages deep. Through
//! the store alone, one after the other: what a page costs the database, without HTTP and without what is kept.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use engine::{Batch, Journal};
use hdrhistogram::Histogram;
use inventory::{EventId, Lsn, OfferRow, OfferedPrice, OfferedTier, Row, SaleWindow, TierId, TimeUs, UserId};
use persistence::{Event, EventPhase, EventQuery, EventSort, EventStatus, Near, SearchWords, Store, StoreConfig, Tags};
use tokio::task::JoinSet;

use crate::stores::{Kind, Place, Places};

#[derive(Args)]
pub struct Options {
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// Of each kind of question.
    #[arg(long, default_value_t = 300)]
    queries: u64,
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    stores: Vec<Kind>,
    /// A catalogue that stays, to be asked again: directories, and URLs of databases. Made where it is missing
    #[arg(long, value_delimiter = ',')]
    catalogues: Vec<String>,
}

const PAGE: u32 = 51;
const NOW: TimeUs = TimeUs(1_800_000_000_000_000);
const DAY_US: i64 = 24 * 3_600 * 1_000_000;
const CITIES: u64 = 500;
const CATEGORIES: u64 = 20;
const TAGS: u64 = 300;
const WORDS: u64 = 5_000;
const ORGANIZERS: u64 = 2_000;
const EVENTS_PER_COMMIT: usize = 50;
/// Of one call while the catalogue is made: all makers wait for one writer.
const PATIENCE: Duration = Duration::from_secs(120);
const MERGED_PAGES: u32 = 64;
const MAKERS: u64 = 8;

/// Numbers that are the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Small numbers are much more frequent, as words and cities are: about one in `ln(end)` is the first.
    fn skewed(&mut self, end: u64) -> u64 {
        let unit = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        ((end as f64).powf(unit) - 1.0) as u64
    }
}

fn bytes(kind: u8, number: u64) -> [u8; 16] {
    let mut bytes = [kind; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn word(number: u64) -> String {
    let syllables = ["ka", "lo", "mi", "ne", "ru", "sa", "ti", "vo", "zu", "be"];
    format!("{number:04}").bytes().map(|digit| syllables[usize::from(digit - b'0')]).collect()
}

fn text(dice: &mut Dice, words: u64) -> String {
    (0..words).map(|_| word(dice.skewed(WORDS))).collect::<Vec<_>>().join(" ")
}

/// Cities lie scattered over Europe.
fn place(city: u64) -> (i64, i64) {
    let mut dice = Dice(city);
    (36_000_000 + dice.below(24_000_000) as i64, -9_000_000 + dice.below(40_000_000) as i64)
}

fn show(number: u64) -> Event {
    let mut dice = Dice(number);
    let id = EventId::from_bytes(bytes(1, number));
    let city = dice.skewed(CITIES);
    let (latitude, longitude) = place(city);
    Event {
        id,
        organizer_id: UserId::from_bytes(bytes(2, dice.skewed(ORGANIZERS))),
        title: format!("{} {number}", text(&mut dice, 3)),
        slug: format!("event-{number}"),
        description: text(&mut dice, 60),
        organization: text(&mut dice, 2),
        rating: String::new(),
        location: text(&mut dice, 2),
        address: String::new(),
        city: format!("City {city}"),
        country: "DE".into(),
        latitude_e6: Some(latitude + dice.below(100_000) as i64),
        longitude_e6: Some(longitude + dice.below(100_000) as i64),
        category: format!("category-{}", dice.skewed(CATEGORIES)),
        tags: Tags((0..3).map(|_| format!("tag-{}", dice.skewed(TAGS))).collect()),
        series_id: None,
        timezone: "UTC".into(),
        // One in five is over.
        starts_at: TimeUs(NOW.0 + (dice.below(1_000) as i64 - 200) * DAY_US),
        ends_at: None,
        currency: "EUR".into(),
        status: EventStatus::Draft,
        revision: 0,
        created_at: NOW,
        changed_at: NOW,
        deleted_at: None,
        request_key: None,
        images: Vec::new(),
    }
}

/// What the journal tells: nine of ten are published, three of ten sold out.
fn rows(number: u64) -> Vec<Row> {
    let mut dice = Dice(number ^ 0xffff);
    let event = EventId::from_bytes(bytes(1, number));
    let status = match dice.below(20) {
        0 => "draft",
        1 => "cancelled",
        _ => "published",
    };
    let until = Some(TimeUs(NOW.0 + (dice.below(1_000) as i64 - 100) * DAY_US));
    let names = ["Standing", "Seat", "VIP", "Box"];
    let tiers = (0..=dice.below(3)).map(|tier| OfferedTier {
        tier: TierId::from_bytes(bytes(3, number * 4 + tier)),
        name: names[tier as usize].into(),
        price_minor: 500 + 100 * dice.below(200) as i64,
        sale: SaleWindow { from: None, until },
        prices: vec![OfferedPrice { price_minor: 500 + 100 * dice.below(200) as i64, from: None, until }],
    });
    let (lsn, tiers) = (Lsn(1), tiers.collect());
    vec![
        Row::EventStatus { event, status, at: TimeUs(1), lsn },
        Row::Offer(Box::new(OfferRow { event, tiers, at: NOW, lsn })),
        Row::SoldOut { event, is_sold_out: dice.below(10) < 3, lsn },
    ]
}

async fn fill(store: &Store, events: u64) -> anyhow::Result<()> {
    let mut makers = JoinSet::new();
    for maker in 0..MAKERS {
        let store = store.clone();
        makers.spawn(async move {
            let mut batches = Vec::new();
            for number in (maker..events).step_by(MAKERS as usize) {
                let event = store.event_insert(&show(number)).await?.id;
                let epoch = store.open(event).await?.epoch;
                let (first_lsn, last_lsn) = (Lsn(1), Lsn(1));
                batches.push(Batch { event, epoch, first_lsn, last_lsn, records: vec![0], rows: rows(number) });
                if batches.len() == EVENTS_PER_COMMIT {
                    store.append(std::mem::take(&mut batches)).await?;
                }
            }
            store.append(batches).await?;
            anyhow::Ok(())
        });
    }
    while let Some(made) = makers.join_next().await {
        made??;
    }
    Ok(())
}

type Ask = fn(&mut Dice) -> EventQuery;

fn any() -> EventQuery {
    EventQuery::default()
}

fn words(dice: &mut Dice, count: u64) -> Option<SearchWords> {
    SearchWords::parse(&text(dice, count))
}

fn city(dice: &mut Dice) -> Option<String> {
    Some(format!("City {}", dice.skewed(CITIES)))
}

fn category(dice: &mut Dice) -> Option<String> {
    Some(format!("category-{}", dice.skewed(CATEGORIES)))
}

fn sort(dice: &mut Dice) -> EventSort {
    [EventSort::Newest, EventSort::Date, EventSort::Price, EventSort::Title][dice.below(4) as usize]
}

/// What people ask. Values are as skewed as what there is: what is frequent is asked for most.
const QUESTIONS: &[(&str, Ask)] = &[
    ("newest", |_| any()),
    ("by date", |_| EventQuery { sort: EventSort::Date, ..any() }),
    ("upcoming by date", |_| EventQuery { sort: EventSort::Date, phase: Some(EventPhase::Upcoming), ..any() }),
    ("by price", |_| EventQuery { sort: EventSort::Price, ..any() }),
    ("by title", |_| EventQuery { sort: EventSort::Title, ..any() }),
    ("one word", |dice| EventQuery { words: words(dice, 1), sort: EventSort::Relevance, ..any() }),
    ("two words", |dice| EventQuery { words: words(dice, 2), sort: EventSort::Relevance, ..any() }),
    ("one rare word", |dice| EventQuery {
        words: SearchWords::parse(&word(dice.below(WORDS))),
        sort: EventSort::Relevance,
        ..any()
    }),
    ("a beginning", |dice| EventQuery {
        words: SearchWords::parse(&format!("{}*", &word(dice.skewed(WORDS))[..4])),
        sort: EventSort::Relevance,
        ..any()
    }),
    ("one word, any order", |dice| EventQuery { words: words(dice, 1), sort: sort(dice), ..any() }),
    ("a word in a city", |dice| EventQuery { words: words(dice, 1), city: city(dice), sort: sort(dice), ..any() }),
    ("a word, left", |dice| EventQuery {
        words: words(dice, 1),
        available: true,
        category: category(dice),
        sort: EventSort::Date,
        ..any()
    }),
    ("a word in a week", |dice| {
        let from = TimeUs(NOW.0 + dice.below(700) as i64 * DAY_US);
        let before = Some(from.plus_us(7 * DAY_US));
        EventQuery { words: words(dice, 1), starts_from: Some(from), starts_before: before, sort: sort(dice), ..any() }
    }),
    ("city", |dice| EventQuery { city: city(dice), sort: sort(dice), ..any() }),
    ("rare city", |dice| EventQuery { city: Some(format!("City {}", dice.below(CITIES))), sort: sort(dice), ..any() }),
    ("unknown city", |dice| EventQuery { city: Some("Nowhere".into()), sort: sort(dice), ..any() }),
    ("category", |dice| EventQuery { category: category(dice), sort: sort(dice), ..any() }),
    ("tag", |dice| EventQuery { tag: Some(format!("tag-{}", dice.skewed(TAGS))), sort: sort(dice), ..any() }),
    ("category in a city", |dice| EventQuery { category: category(dice), city: city(dice), sort: sort(dice), ..any() }),
    ("organizer", |dice| EventQuery {
        organizer: Some(UserId::from_bytes(bytes(2, dice.skewed(ORGANIZERS)))),
        sort: sort(dice),
        ..any()
    }),
    ("a week", |dice| {
        let from = TimeUs(NOW.0 + dice.below(700) as i64 * DAY_US);
        let before = Some(from.plus_us(7 * DAY_US));
        EventQuery { starts_from: Some(from), starts_before: before, sort: sort(dice), ..any() }
    }),
    ("price range", |dice| {
        let from = 500 + 100 * dice.below(150) as i64;
        EventQuery { price_min_minor: Some(from), price_max_minor: Some(from + 2_000), sort: sort(dice), ..any() }
    }),
    ("left", |dice| EventQuery { available: true, sort: sort(dice), ..any() }),
    ("on sale", |dice| EventQuery { phase: Some(EventPhase::OnSale), sort: sort(dice), ..any() }),
    ("ticket type", |dice| EventQuery { ticket_type: Some("Box".into()), sort: sort(dice), ..any() }),
    ("near", |dice| {
        let (latitude_e6, longitude_e6) = place(dice.skewed(CITIES));
        let near = Near { latitude_e6, longitude_e6, radius_m: 25_000 };
        EventQuery { near: Some(near), sort: sort(dice), ..any() }
    }),
    ("all at once", |dice| EventQuery {
        words: words(dice, 1),
        city: city(dice),
        category: category(dice),
        available: true,
        price_max_minor: Some(10_000),
        starts_from: Some(NOW),
        sort: sort(dice),
        ..any()
    }),
];

pub async fn run(places: &Places, options: &Options) -> anyhow::Result<()> {
    for catalogue in &options.catalogues {
        let config = match catalogue.strip_prefix("postgres://") {
            Some(_) => StoreConfig::postgres(catalogue.clone()),
            None => StoreConfig::embedded(Path::new(catalogue)),
        };
        ask(catalogue, config, options, || Ok(())).await?;
    }
    if !options.catalogues.is_empty() {
        return Ok(());
    }
    for &kind in &options.stores {
        let place = places.fresh(kind)?;
        let name = format!("{kind:?}");
        match &place {
            Place::Dir(_, dir) => ask(&name, StoreConfig::embedded(dir.path()), options, || Ok(())).await?,
            Place::Postgres(database) => {
                ask(&name, StoreConfig::postgres(database.url()), options, || database.analyze()).await?;
            }
        }
    }
    Ok(())
}

/// `analyze`: once the catalogue is made.
#[expect(clippy::disallowed_macros, reason = "prints its figures")]
async fn ask(
    name: &str,
    config: StoreConfig,
    options: &Options,
    analyze: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let patient = StoreConfig { call_timeout: PATIENCE, append_timeout: PATIENCE, acquire_timeout: PATIENCE, ..config };
    let store = Store::connect(&patient).await?;
    let last = EventId::from_bytes(bytes(1, options.events.saturating_sub(1)));
    if store.event_find(last).await?.is_none() {
        let started = Instant::now();
        fill(&store, options.events).await?;
        analyze()?;
        println!("{name}: {} events made in {:.0} s", options.events, started.elapsed().as_secs_f64());
    }
    // As the server does beside its work.
    let mut is_begun = false;
    while store.search_merge(MERGED_PAGES, is_begun).await? {
        is_begun = true;
    }
    println!("{name}:");
    let mut all = histogram()?;
    for (name, ask) in QUESTIONS {
        let took = measure(&store, *ask, options.queries).await.with_context(|| (*name).to_owned())?;
        print(name, &took);
        all.add(&took)?;
    }
    print("all", &all);
    store.close().await;
    Ok(())
}

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

#[expect(clippy::disallowed_macros, reason = "prints its figures")]
fn print(name: &str, took: &Histogram<u64>) {
    let ms = |quantile| took.value_at_quantile(quantile) as f64 / 1_000.0;
    println!(
        "  {name:<22} {:>6} pages  p50 {:>7.2} ms  p99 {:>7.2} ms  max {:>7.2} ms",
        took.len(),
        ms(0.5),
        ms(0.99),
        took.max() as f64 / 1_000.0
    );
}

/// One page of each question, and the one behind it of every third.
async fn measure(store: &Store, ask: Ask, queries: u64) -> anyhow::Result<Histogram<u64>> {
    let mut took = histogram()?;
    let mut dice = Dice(7);
    for number in 0..queries {
        let mut query = ask(&mut dice);
        for _ in 0..1 + u64::from(number % 3 == 0) {
            let started = Instant::now();
            let page = store.event_search(&query, NOW, PAGE).await?;
            took.saturating_record(started.elapsed().as_micros() as u64);
            let Some(last) = page.last() else { break };
            query.after = Some(last.cursor.clone());
        }
    }
    Ok(took)
}
