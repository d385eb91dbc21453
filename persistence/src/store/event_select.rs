//! The statement of one page of found events, put together from what is asked for.

use inventory::TimeUs;
use uuid::Uuid;

use super::event_query::{Audience, EventCursor, EventPhase, EventQuery, EventSort, SortKey, tier_name};
use super::{Near, Store};
use crate::search::{Bind, Lookup, Scope, SearchWords, Select};
use crate::sqlite::way::{Rows, Way, counts};
use crate::{postgres, sqlite};

/// One page, or the part of it that lies in `scope`.
pub(super) struct Page<'a> {
    pub query: &'a EventQuery,
    pub scope: Scope,
    /// Of SQLite; Postgres finds its own.
    pub way: Option<Way>,
    /// Of Postgres, where the way does not say it.
    pub lookup: Lookup,
    pub after: Option<EventCursor>,
    pub now: TimeUs,
    pub limit: u32,
}

pub(super) fn select(page: &Page<'_>) -> Select {
    let Page { query, scope, way, lookup, ref after, now, limit } = *page;
    let mut sql = Select::default();
    if let Some(first) = way.and_then(|way| way.first_bind(query)) {
        sql.bind(first);
    }
    let from = way.map_or("events", |way| way.from(query.sort));
    sql.text = format!("SELECT events.id AS found_id FROM {from} WHERE events.status ");
    match query.status_column() {
        // Written out, for planners that know how common it is.
        Some(status) => sql.text.push_str(&format!("= '{status}'")),
        None => sql.text.push_str("IN ('draft', 'published', 'cancelled')"),
    }
    if query.status_column() != Some("published") {
        sql.and("events.deleted_at IS NULL");
    }
    and_phase(&mut sql, query, now);
    and_place(&mut sql, query, way);
    and_offer(&mut sql, query, way, now);
    if let Some(words) = &query.words {
        match way {
            Some(way) => sqlite::search::and_words(&mut sql, words, scope, way),
            None => postgres::search::and_words(&mut sql, words, scope, lookup),
        }
    }
    let number = way.map_or("events.number", Way::number);
    let key = match query.sort {
        EventSort::Newest | EventSort::Relevance => None,
        EventSort::Date => Some("events.starts_at"),
        EventSort::Price => Some("events.price_min_minor"),
        EventSort::Title => Some("events.title_key"),
    };
    if let Some(after) = after {
        and_after(&mut sql, key, number, after);
    }
    let limit = sql.bind(Bind::Int(i64::from(limit)));
    let (order, page_order) = match key {
        Some(key) => (format!("{key}, {number}"), format!("{key}, events.number")),
        None => (format!("{number} DESC"), "events.number DESC".to_owned()),
    };
    sql.text = format!(
        "SELECT events.* FROM ({} ORDER BY {order} LIMIT {limit}) AS page
        JOIN events ON events.id = page.found_id ORDER BY {page_order}",
        std::mem::take(&mut sql.text),
    );
    sql
}

fn and_after(sql: &mut Select, key: Option<&str>, number: &str, after: &EventCursor) {
    let Some(key) = key else {
        return sql.and_bound(&format!("{number} < "), Bind::Int(after.number), "");
    };
    let at = match &after.key {
        SortKey::Number(key) => sql.bind(Bind::Int(*key)),
        SortKey::Text(key) => sql.bind(Bind::Text(key.clone())),
    };
    let after = sql.bind(Bind::Int(after.number));
    sql.and(&format!("({key}, {number}) > ({at}, {after})"));
}

fn and_phase(sql: &mut Select, query: &EventQuery, now: TimeUs) {
    let now = Bind::Int(now.0);
    match query.phase {
        None if query.audience == Audience::Public => sql.and_bound("events.over_at > ", now, ""),
        None | Some(EventPhase::Draft | EventPhase::Published | EventPhase::Cancelled) => {}
        Some(EventPhase::Upcoming) => sql.and_bound("events.starts_at > ", now, ""),
        Some(EventPhase::Ended) => sql.and_bound("events.over_at <= ", now, ""),
        Some(EventPhase::Ongoing) => {
            sql.and_bound("events.starts_at <= ", now.clone(), "");
            sql.and_bound("events.over_at > ", now, "");
        }
        Some(EventPhase::OnSale) => {
            sql.and_bound("events.over_at > ", now.clone(), "");
            sql.and_bound("events.sale_from <= ", now.clone(), "");
            sql.and_bound("events.sale_until > ", now, "");
        }
    }
    for (condition, at) in [("events.starts_at >= ", query.starts_from), ("events.starts_at < ", query.starts_before)] {
        if let Some(at) = at {
            sql.and_bound(condition, Bind::Int(at.0), "");
        }
    }
}

fn and_place(sql: &mut Select, query: &EventQuery, way: Option<Way>) {
    let equal = [
        ("events.city_key = ", query.city_key().map(Bind::Text)),
        ("events.country = ", query.country.clone().map(Bind::Text)),
        ("events.category = ", query.category.clone().map(Bind::Text)),
        ("events.currency = ", query.currency.clone().map(Bind::Text)),
        ("events.organizer_id = ", query.organizer().map(|user| Bind::Id(user.uuid()))),
        ("events.series_id = ", query.series.map(Bind::Id)),
    ];
    for (condition, value) in equal {
        if let Some(value) = value {
            sql.and_bound(condition, value, "");
        }
    }
    if let (Audience::Organizer(_), Some(also)) = (query.audience, query.organizer) {
        sql.and_bound("events.organizer_id = ", Bind::Id(also.uuid()), "");
    }
    if let Some(tag) = &query.tag {
        let tag = Bind::Text(tag_of(tag));
        match way {
            Some(Way { rows: Rows::Tag, .. }) => sql.and_bound("event_tags.tag = ", tag, ""),
            _ => {
                let tag = sql.bind(tag);
                sql.and(&any(way, &format!("FROM event_tags WHERE event_id = events.id AND tag = {tag}")));
            }
        }
    }
    if let Some(near) = query.near {
        and_near(sql, near);
    }
}

fn and_near(sql: &mut Select, near: Near) {
    let (south, north) = near.latitudes();
    let (south, north) = (sql.bind(Bind::Int(south)), sql.bind(Bind::Int(north)));
    sql.and(&format!("events.latitude_e6 BETWEEN {south} AND {north}"));
    let Some(ranges) = near.longitudes() else { return };
    let mut either = Vec::new();
    for (west, east) in ranges.into_iter().flatten() {
        let (west, east) = (sql.bind(Bind::Int(west)), sql.bind(Bind::Int(east)));
        either.push(format!("events.longitude_e6 BETWEEN {west} AND {east}"));
    }
    sql.and(&format!("({})", either.join(" OR ")));
}

/// The columns of the event tell what no tier can have; what is left is looked up tier by tier.
fn and_offer(sql: &mut Select, query: &EventQuery, way: Option<Way>, now: TimeUs) {
    if query.available {
        sql.and_bound("events.is_sold_out = ", Bind::Flag(false), "");
        sql.and_bound("events.over_at > ", Bind::Int(now.0), "");
    }
    let mut tier = String::new();
    if let Some(name) = &query.ticket_type {
        let name = sql.bind(Bind::Text(tier_name(name)));
        tier.push_str(&format!(" AND tier.name_key = {name}"));
    }
    let mut price = String::new();
    if let Some(least) = query.price_min_minor {
        let least = sql.bind(Bind::Int(least));
        sql.and(&format!("events.price_max_minor >= {least}"));
        price.push_str(&format!(" AND price.price_minor >= {least}"));
    }
    if let Some(most) = query.price_max_minor {
        let most = sql.bind(Bind::Int(most));
        sql.and(&format!("events.price_min_minor <= {most}"));
        price.push_str(&format!(" AND price.price_minor <= {most}"));
    }
    if query.phase == Some(EventPhase::OnSale) {
        let now = sql.bind(Bind::Int(now.0));
        tier.push_str(&format!(" AND tier.sale_from <= {now} AND tier.sale_until > {now}"));
    }
    if !price.is_empty() {
        let now = sql.bind(Bind::Int(now.0));
        let prices = |of: &str| {
            format!(
                "FROM event_tier_prices AS price WHERE {of} AND price.starts_at <= {now} AND price.ends_at > {now}{price}"
            )
        };
        if tier.is_empty() {
            sql.and(&any(way, &prices("price.event_id = events.id AND price.lsn = events.offer_lsn")));
        } else {
            let of_tier = "price.event_id = tier.event_id AND price.tier_id = tier.tier_id AND price.lsn = tier.lsn";
            tier.push_str(&format!(" AND {}", any(way, &prices(of_tier))));
        }
    }
    if !tier.is_empty() {
        let rows =
            format!("FROM event_tiers AS tier WHERE tier.event_id = events.id AND tier.lsn = events.offer_lsn{tier}");
        sql.and(&any(way, &rows));
    }
}

/// Whether there are such rows. SQLite makes a join of EXISTS and begins with the wrong table: with a way of our own, they are
/// counted, which are a few by their key.
fn any(way: Option<Way>, rows: &str) -> String {
    match way {
        Some(_) => format!("(SELECT COUNT(*) {rows}) > 0"),
        None => format!("EXISTS (SELECT 1 {rows})"),
    }
}

/// Postgres stores no NUL, so that no event has one; asked for one it would fail.
pub(crate) fn tag_of(tag: &str) -> String {
    tag.replace('\0', "\u{fffd}")
}

/// Every way, order, scope and filter once, for the test that has the database prepare them.
pub(crate) fn statements(store: &Store) -> Vec<String> {
    let text = || Some("x".to_owned());
    let user = inventory::UserId::from_bytes([1; 16]);
    let near = Near { latitude_e6: 1, longitude_e6: 180_000_000, radius_m: 1_000 };
    let lookups = [Lookup::Listed, Lookup::Each];
    let ways: Vec<(Option<Way>, Lookup)> = match store {
        Store::Postgres(_) => lookups.map(|lookup| (None, lookup)).to_vec(),
        Store::Sqlite(_) => [
            Rows::Order,
            Rows::Words,
            Rows::City,
            Rows::Category,
            Rows::Tag,
            Rows::Tier,
            Rows::Series,
            Rows::Organizer,
            Rows::Latitude,
            Rows::Days,
            Rows::Any,
        ]
        .into_iter()
        .flat_map(|rows| lookups.map(|words| (Some(Way { rows, words }), words)))
        .collect(),
    };
    let phases = [None, Some(EventPhase::OnSale), Some(EventPhase::Ongoing), Some(EventPhase::Ended)];
    let mut texts = std::collections::BTreeSet::new();
    for sort in [EventSort::Newest, EventSort::Date, EventSort::Price, EventSort::Title, EventSort::Relevance] {
        for phase in phases {
            let query = EventQuery {
                audience: Audience::Public,
                phase,
                words: SearchWords::parse("one"),
                starts_from: Some(TimeUs(1)),
                starts_before: Some(TimeUs(1)),
                city: text(),
                country: text(),
                near: Some(near),
                category: text(),
                tag: text(),
                price_min_minor: Some(1),
                price_max_minor: Some(1),
                currency: text(),
                ticket_type: text(),
                available: true,
                organizer: Some(user),
                series: Some(Uuid::nil()),
                sort,
                after: None,
            };
            if matches!(store, Store::Sqlite(_)) {
                texts.insert(counts(&query).1.text);
            }
            for &(way, lookup) in &ways {
                let key = if sort == EventSort::Title { SortKey::Text("x".to_owned()) } else { SortKey::Number(1) };
                let after = Some(EventCursor { key, number: 1 });
                let page = Page { query: &query, scope: Scope::All, way, lookup, after, now: TimeUs(1), limit: 1 };
                texts.insert(select(&page).text);
            }
        }
    }
    texts.into_iter().collect()
}
