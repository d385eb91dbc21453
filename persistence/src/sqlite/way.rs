//! The way to a page of found events. SQLite knows nothing of how many events a filter leaves, so the filters are counted and
//! the way that should touch least is taken: along the index of the order until the page is full, or from a filter through all
//! that pass it. Every way's index holds what is compared (migration 27), so that none of them reads rows.

use super::Sqlite;
use super::search::matching;
use crate::StoreError;
use crate::search::{Bind, Lookup, Scope, Select, bound};
use crate::store::{EventQuery, EventSort, in_time, tag_of, tier_name};

/// Filters are counted up to here; beyond, a filter is taken for twice as wide.
const COUNTED_MAX: i64 = 20_000;

/// How a page is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub rows: Rows,
    pub words: Lookup,
}

/// What the statement goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    /// Along the index of the order.
    Order,
    /// From the words to their events, which come newest first.
    Words,
    City,
    Category,
    Tag,
    Tier,
    Series,
    Organizer,
    Latitude,
    /// From the days that are asked for, in another order than theirs.
    Days,
    /// Nothing is known that would be better than the planner's choice.
    Any,
}

impl Way {
    /// From which rows the statement goes, in this order.
    pub const fn from(self, sort: EventSort) -> &'static str {
        match self.rows {
            Rows::Order => match sort {
                EventSort::Newest | EventSort::Relevance => "events INDEXED BY events_newest",
                EventSort::Date => "events INDEXED BY events_by_start",
                EventSort::Price => "events INDEXED BY events_by_price",
                EventSort::Title => "events INDEXED BY events_by_title",
            },
            // Left to itself the planner takes an index whose range is asked for, and walks it for each row of the way.
            Rows::Words => {
                "event_search CROSS JOIN events INDEXED BY events_newest ON events.number = event_search.rowid"
            }
            Rows::City => "events INDEXED BY events_by_city",
            Rows::Category => "events INDEXED BY events_by_category",
            Rows::Tag => "event_tags CROSS JOIN events INDEXED BY events_by_status ON events.id = event_tags.event_id",
            Rows::Tier => {
                "(SELECT DISTINCT event_id FROM event_tiers WHERE name_key = $1) AS named
                CROSS JOIN events INDEXED BY events_by_status ON events.id = named.event_id"
            }
            Rows::Series => "events INDEXED BY events_by_series",
            Rows::Organizer => "events INDEXED BY events_by_organizer",
            Rows::Latitude => "events INDEXED BY events_by_latitude",
            Rows::Days => "events INDEXED BY events_by_start",
            Rows::Any => "events",
        }
    }

    /// What [`Self::from`] has as its first parameter.
    pub fn first_bind(self, query: &EventQuery) -> Option<Bind> {
        match self.rows {
            Rows::Tier => query.ticket_type.as_deref().map(|name| Bind::Text(tier_name(name))),
            _ => None,
        }
    }

    /// The number of an event, by which the way itself is ordered.
    pub const fn number(self) -> &'static str {
        match self.rows {
            Rows::Words => "event_search.rowid",
            _ => "events.number",
        }
    }
}

/// One count for each filter that a way could begin with, and how many events there are behind them.
pub(crate) fn counts(query: &EventQuery) -> (Vec<Rows>, Select) {
    let mut sql = Select::default();
    let mut counted = Vec::new();
    let status = query.status_column().map(|status| Bind::Text(status.to_owned()));
    let text = |text: &Option<String>| text.clone().map(Bind::Text);
    let words = query.words.as_ref().map(|words| Bind::Text(matching(words, Scope::All)));
    let tier = query.ticket_type.as_deref().map(|name| Bind::Text(tier_name(name)));
    let ways = [
        (Rows::Words, "event_search WHERE event_search MATCH ", words),
        (Rows::Tag, "event_tags WHERE tag = ", query.tag.as_deref().map(|tag| Bind::Text(tag_of(tag)))),
        (Rows::Tier, "event_tiers WHERE name_key = ", tier),
        (Rows::Series, "events WHERE series_id = ", query.series.map(Bind::Id)),
        (Rows::Organizer, "events WHERE organizer_id = ", query.organizer().map(|user| Bind::Id(user.uuid()))),
    ];
    let mut columns = Vec::new();
    for (way, rows, value) in ways {
        if let Some(value) = value {
            columns.push(format!("{rows}{}", sql.bind(value)));
            counted.push(way);
        }
    }
    if let Some(status) = status {
        let status = sql.bind(status);
        let named = [
            (Rows::City, "city_key", query.city_key().map(Bind::Text)),
            (Rows::Category, "category", text(&query.category)),
        ];
        for (way, column, value) in named {
            if let Some(value) = value {
                columns.push(format!("events WHERE status = {status} AND {column} = {}", sql.bind(value)));
                counted.push(way);
            }
        }
        if let Some(near) = query.near {
            let (south, north) = near.latitudes();
            let (south, north) = (sql.bind(Bind::Int(south)), sql.bind(Bind::Int(north)));
            columns.push(format!("events WHERE status = {status} AND latitude_e6 BETWEEN {south} AND {north}"));
            counted.push(Rows::Latitude);
        }
        if query.starts_from.is_some() || query.starts_before.is_some() {
            let from = sql.bind(Bind::Int(query.starts_from.map_or(i64::MIN, |at| at.0)));
            let before = sql.bind(Bind::Int(query.starts_before.map_or(i64::MAX, |at| at.0)));
            let days = format!("starts_at >= {from} AND starts_at < {before}");
            columns.push(format!("events INDEXED BY events_by_start WHERE status = {status} AND {days}"));
            counted.push(Rows::Days);
        }
    }
    let limit = sql.bind(Bind::Int(COUNTED_MAX));
    let count = |rows: &String| format!("(SELECT COUNT(*) FROM (SELECT 1 FROM {rows} LIMIT {limit}))");
    let mut numbers: Vec<String> = columns.iter().map(count).collect();
    numbers.push("(SELECT COALESCE(MAX(number), 0) FROM events)".to_owned());
    sql.text = format!("SELECT {}", numbers.join(" UNION ALL SELECT "));
    (counted, sql)
}

impl Sqlite {
    pub(crate) async fn way(&self, query: &EventQuery) -> Result<Way, StoreError> {
        let (ways, sql) = counts(query);
        if query.is_newest_first() && ways == [Rows::Words] {
            return Ok(Way { rows: Rows::Words, words: Lookup::Each });
        }
        if ways.is_empty() {
            return Ok(Counted { ways: Vec::new(), all: 0 }.way(query));
        }
        let (text, binds) = sql.into_parts();
        let counts = bound!(sqlx::query_scalar(text), binds).fetch_all(&self.readers);
        let counts: Vec<i64> = in_time(self.call_timeout, counts).await.map_err(StoreError::read)?;
        let all = counts.last().copied().unwrap_or(0);
        Ok(Counted { ways: ways.into_iter().zip(counts).collect(), all }.way(query))
    }
}

impl EventQuery {
    const fn is_newest_first(&self) -> bool {
        matches!(self.sort, EventSort::Newest | EventSort::Relevance)
    }
}

/// How many events each filter leaves, as far as was counted.
struct Counted {
    ways: Vec<(Rows, i64)>,
    all: i64,
}

/// Told by every index that a way goes along.
const TOLD: [Rows; 4] = [Rows::City, Rows::Category, Rows::Latitude, Rows::Days];
/// Looked up in another table, or in the row.
const CHECKED: [Rows; 4] = [Rows::Tag, Rows::Tier, Rows::Series, Rows::Organizer];

/// What a page costs, in tenths of a microsecond: an entry of an index that is gone through, one that is sought by id or number,
/// a look into another table, a word looked up for one event, an event of a list of those that have the words.
const ENTRY: f64 = 3.0;
const SOUGHT: f64 = 20.0;
const CHECK: f64 = 20.0;
const LOOKUP: f64 = 60.0;
const LISTED: f64 = 2.5;
/// Events of a page and of what it is cut from.
const PAGE: f64 = 60.0;
/// Of the events that have a word, one in so many has it in the title.
const TITLES: f64 = 10.0;

impl Counted {
    fn way(&self, query: &EventQuery) -> Way {
        let order = if query.status_column().is_some() { Rows::Order } else { Rows::Any };
        let rows = self.ways.iter().map(|(rows, _)| *rows).chain([order]);
        let ways = rows.flat_map(|rows| [Lookup::Listed, Lookup::Each].map(|words| Way { rows, words }));
        let cheapest = ways.min_by(|one, other| self.cost(*one, query).total_cmp(&self.cost(*other, query)));
        cheapest.unwrap_or(Way { rows: order, words: Lookup::Listed })
    }

    /// As if no filter said anything of another. Two that exclude each other are walked to the end of the order at worst.
    fn cost(&self, way: Way, query: &EventQuery) -> f64 {
        let all = self.all.max(1) as f64;
        let wide = |rows: Rows| self.count(rows).map_or(all, |count| count.min(all));
        let is_range = way.rows == Rows::Order && query.sort == EventSort::Date;
        let is_way = |rows: Rows| rows == way.rows || (is_range && rows == Rows::Days);
        let share =
            |of: &[Rows]| of.iter().filter(|rows| !is_way(**rows)).map(|rows| wide(*rows) / all).product::<f64>();
        let told = share(&TOLD);
        let checked = share(&CHECKED);
        let worded = match (way.rows, query.sort) {
            (Rows::Words, _) => 1.0,
            (_, EventSort::Relevance) => share(&[Rows::Words]) / TITLES,
            _ => share(&[Rows::Words]),
        };
        let (length, entry) = match way.rows {
            Rows::Order if is_range => (wide(Rows::Days), ENTRY),
            Rows::Order | Rows::Any => (all, ENTRY),
            rows @ (Rows::Words | Rows::Tag | Rows::Tier) => (wide(rows), SOUGHT),
            rows => (wide(rows), ENTRY),
        };
        let is_in_order = way.rows == Rows::Order || (way.rows == Rows::Words && query.is_newest_first());
        let until_full = PAGE / (told * checked * worded).max(f64::MIN_POSITIVE);
        let walked = if is_in_order { length.min(until_full) } else { length };
        let is_checked = CHECKED.iter().any(|rows| !is_way(*rows) && self.count(*rows).is_some());
        let checks = if is_checked { walked * told * CHECK } else { 0.0 };
        let lookups = match way.words {
            _ if is_way(Rows::Words) || self.count(Rows::Words).is_none() => 0.0,
            Lookup::Listed => wide(Rows::Words) * LISTED,
            Lookup::Each => walked * told * checked * LOOKUP,
        };
        walked * entry + checks + lookups
    }

    fn count(&self, of: Rows) -> Option<f64> {
        let (_, count) = self.ways.iter().find(|(rows, _)| *rows == of)?;
        Some(if *count < COUNTED_MAX { *count as f64 } else { 2.0 * COUNTED_MAX as f64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::SearchWords;

    fn way(ways: &[(Rows, i64)], sort: EventSort) -> (Rows, Lookup) {
        let words = ways.iter().any(|(rows, _)| *rows == Rows::Words);
        let words = words.then(|| SearchWords::parse("word")).flatten();
        let query = EventQuery { sort, words, ..EventQuery::default() };
        let Way { rows, words } = Counted { ways: ways.to_vec(), all: 100_000 }.way(&query);
        (rows, words)
    }

    #[test]
    fn a_narrow_filter_is_the_way_and_the_order_where_none_is_narrow() {
        let rows = |ways: &[(Rows, i64)], sort| way(ways, sort).0;
        assert_eq!(rows(&[(Rows::City, 700), (Rows::Category, 300)], EventSort::Date), Rows::Category);
        assert_eq!(rows(&[(Rows::City, 9_000)], EventSort::Date), Rows::Order, "full after 700 of them");
        assert_eq!(rows(&[(Rows::City, 3_000), (Rows::Category, 2_000)], EventSort::Price), Rows::Category);
        assert_eq!(rows(&[(Rows::City, COUNTED_MAX), (Rows::Category, COUNTED_MAX)], EventSort::Price), Rows::Order);
        assert_eq!(rows(&[(Rows::Tag, 500)], EventSort::Price), Rows::Tag);
        assert_eq!(rows(&[(Rows::Tag, 5_000)], EventSort::Price), Rows::Order);
        assert_eq!(rows(&[(Rows::Days, 700)], EventSort::Date), Rows::Order, "they are a range of it");
        assert_eq!(rows(&[(Rows::Days, 700)], EventSort::Price), Rows::Days);
        assert_eq!(rows(&[], EventSort::Newest), Rows::Order);
    }

    #[test]
    fn words_are_listed_where_they_are_rare_and_looked_up_where_few_are_left() {
        let words = |count| (Rows::Words, count);
        assert_eq!(way(&[words(150)], EventSort::Date).0, Rows::Words);
        assert_eq!(way(&[words(5_000)], EventSort::Date), (Rows::Order, Lookup::Listed));
        assert_eq!(way(&[words(COUNTED_MAX)], EventSort::Date), (Rows::Order, Lookup::Each));
        assert_eq!(way(&[words(COUNTED_MAX)], EventSort::Newest).0, Rows::Words);
        assert_eq!(way(&[words(COUNTED_MAX), (Rows::City, 200)], EventSort::Price), (Rows::City, Lookup::Each));
        assert_eq!(way(&[words(2_000), (Rows::City, 3_000)], EventSort::Price), (Rows::City, Lookup::Listed));
        assert_eq!(way(&[words(12_000), (Rows::Days, 900)], EventSort::Title).0, Rows::Days);
        assert_eq!(way(&[words(30), (Rows::City, 4_000)], EventSort::Newest).0, Rows::Words);
    }
}
