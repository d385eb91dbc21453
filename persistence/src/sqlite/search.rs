//! Finding on SQLite: FTS5 without a copy of the texts, whose rows are named by the event's number. SQLite knows nothing
//! of how many events a filter leaves, so the way to a page is chosen here: from the narrowest filter when few events pass
//! it, along the index of the order when many do.

use sqlx::SqliteConnection;

use super::Sqlite;
use crate::StoreError;
use crate::search::{Bind, EventIndex, EventWords, Scope, SearchWords, Select, bound};
use crate::store::{Event, EventQuery, EventSort, event_index, in_time, tag_of, tier_name};

const KEYS: &str =
    concat!(event_index::keys!("(SELECT COALESCE(MAX(number), 0) + 1 FROM events)"), " RETURNING number");

const DELETE_WORDS: &str = "DELETE FROM event_search WHERE rowid = $1";

const INSERT_WORDS: &str = "INSERT INTO event_search (rowid, title, rest) VALUES ($1, $2, $3)";

pub(super) const STATEMENTS: &[&str] = &[KEYS, DELETE_WORDS, INSERT_WORDS];

/// Up to so many events are fetched and sorted; beyond, walking the order and looking each event up comes first to a page.
const FEW: i64 = 2_000;

/// Beside words, up to so many entries of another filter's index are held against the list of those that have the words.
const MANY: i64 = 20_000;

/// A word that one of so many events has is looked up event by event along the order: a page is full after some hundred of
/// them, before a list of all that have it would be made.
const FREQUENT: i64 = 5;

impl EventIndex for SqliteConnection {
    async fn index_event(&mut self, event: &Event) -> sqlx::Result<()> {
        let keys = event_index::bind_keys!(sqlx::query_scalar(KEYS), event);
        let number: i64 = keys.fetch_one(&mut *self).await?;
        event_index::put_tags!(self, event);
        let words = EventWords::of(event);
        let column = |words: &[String]| words.iter().map(|word| ascii(word)).collect::<Vec<_>>().join(" ");
        sqlx::query(DELETE_WORDS).bind(number).execute(&mut *self).await?;
        let insert = sqlx::query(INSERT_WORDS).bind(number).bind(column(&words.title)).bind(column(&words.rest));
        insert.execute(self).await?;
        Ok(())
    }
}

/// One token for FTS5 whatever version of Unicode it knows. Of a beginning it makes a beginning.
fn ascii(word: &str) -> String {
    let mut ascii = String::with_capacity(word.len());
    for character in word.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            ascii.push_str(&format!("u{:06x}", u32::from(character)));
        }
    }
    ascii
}

/// How a page is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Along the index of the order.
    Order,
    /// The same, and each event that passes the other filters is looked up among the words.
    OrderOfFrequent,
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
        match self {
            Self::Order | Self::OrderOfFrequent => match sort {
                EventSort::Newest | EventSort::Relevance => "events INDEXED BY events_newest",
                EventSort::Date => "events INDEXED BY events_by_start",
                EventSort::Price => "events INDEXED BY events_by_price",
                EventSort::Title => "events INDEXED BY events_by_title",
            },
            // Left to itself the planner takes an index whose range is asked for, and walks it for each row of the way.
            Self::Words => {
                "event_search CROSS JOIN events INDEXED BY events_newest ON events.number = event_search.rowid"
            }
            Self::City => "events INDEXED BY events_by_city",
            Self::Category => "events INDEXED BY events_by_category",
            Self::Tag => "event_tags CROSS JOIN events INDEXED BY events_by_status ON events.id = event_tags.event_id",
            Self::Tier => {
                "(SELECT DISTINCT event_id FROM event_tiers WHERE name_key = $1) AS named
                CROSS JOIN events INDEXED BY events_by_status ON events.id = named.event_id"
            }
            Self::Series => "events INDEXED BY events_by_series",
            Self::Organizer => "events INDEXED BY events_by_organizer",
            Self::Latitude => "events INDEXED BY events_by_latitude",
            Self::Days => "events INDEXED BY events_by_start",
            Self::Any => "events",
        }
    }

    /// What [`Self::from`] has as its first parameter.
    pub fn first_bind(self, query: &EventQuery) -> Option<Bind> {
        match self {
            Self::Tier => query.ticket_type.as_deref().map(|name| Bind::Text(tier_name(name))),
            _ => None,
        }
    }

    /// The number of an event, by which the way itself is ordered.
    pub const fn number(self) -> &'static str {
        match self {
            Self::Words => "event_search.rowid",
            _ => "events.number",
        }
    }
}

pub(crate) fn and_words(sql: &mut Select, words: &SearchWords, scope: Scope, way: Way) {
    let matching = Bind::Text(matching(words, scope));
    match way {
        Way::Words => sql.and_bound("event_search MATCH ", matching, ""),
        Way::OrderOfFrequent => {
            let before = "(SELECT COUNT(*) FROM event_search WHERE rowid = events.number AND event_search MATCH ";
            sql.and_bound(before, matching, ") > 0");
        }
        _ => {
            // Looked up once: a lookup for each event would open every segment of the index each time.
            let before = "+events.number IN (SELECT rowid FROM event_search WHERE event_search MATCH ";
            sql.and_bound(before, matching, ")");
        }
    }
}

/// Words are letters and digits: nothing in them needs to be escaped.
fn matching(words: &SearchWords, scope: Scope) -> String {
    let word = |(word, is_beginning)| format!("\"{}\"{}", ascii(word), if is_beginning { "*" } else { "" });
    let all = format!("({})", words.iter().map(word).collect::<Vec<_>>().join(" AND "));
    match scope {
        Scope::All => all,
        Scope::Title => format!("title : {all}"),
        Scope::NotTitle => format!("{all} NOT (title : {all})"),
    }
}

/// One count for each filter that a way could begin with: no further than [`FEW`], beside words than [`MANY`], of words than
/// what is [`FREQUENT`]; and, behind them, from how many on a word is.
pub(crate) fn counts(query: &EventQuery) -> (Vec<Way>, Select) {
    let mut sql = Select::default();
    let mut counted = Vec::new();
    let status = query.status_column().map(|status| Bind::Text(status.to_owned()));
    let text = |text: &Option<String>| text.clone().map(Bind::Text);
    let words = query.words.as_ref().map(|words| Bind::Text(matching(words, Scope::All)));
    let tier = query.ticket_type.as_deref().map(|name| Bind::Text(tier_name(name)));
    let ways = [
        (Way::Words, "event_search WHERE event_search MATCH ", words),
        (Way::Tag, "event_tags WHERE tag = ", query.tag.as_deref().map(|tag| Bind::Text(tag_of(tag)))),
        (Way::Tier, "event_tiers WHERE name_key = ", tier),
        (Way::Series, "events WHERE series_id = ", query.series.map(Bind::Id)),
        (Way::Organizer, "events WHERE organizer_id = ", query.organizer().map(|user| Bind::Id(user.uuid()))),
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
            (Way::City, "city_key", query.city_key().map(Bind::Text)),
            (Way::Category, "category", text(&query.category)),
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
            counted.push(Way::Latitude);
        }
        if query.words.is_some() && (query.starts_from.is_some() || query.starts_before.is_some()) {
            let from = sql.bind(Bind::Int(query.starts_from.map_or(i64::MIN, |at| at.0)));
            let before = sql.bind(Bind::Int(query.starts_before.map_or(i64::MAX, |at| at.0)));
            let days = format!("starts_at >= {from} AND starts_at < {before}");
            columns.push(format!("events INDEXED BY events_by_start WHERE status = {status} AND {days}"));
            counted.push(Way::Days);
        }
    }
    let few = sql.bind(Bind::Int(if query.words.is_some() { MANY } else { FEW }));
    let least_frequent = sql.bind(Bind::Int(FEW));
    let frequent = format!("MAX({least_frequent}, (SELECT COALESCE(MAX(number), 0) FROM events) / {FREQUENT})");
    let count = |(way, rows): (&Way, &String)| {
        let limit = if *way == Way::Words { &frequent } else { &few };
        format!("(SELECT COUNT(*) FROM (SELECT 1 FROM {rows} LIMIT {limit}))")
    };
    let mut numbers: Vec<String> = counted.iter().zip(&columns).map(count).collect();
    numbers.push(frequent);
    sql.text = format!("SELECT {}", numbers.join(" UNION ALL SELECT "));
    (counted, sql)
}

impl Sqlite {
    pub(crate) async fn way(&self, query: &EventQuery) -> Result<Way, StoreError> {
        let is_newest_first = matches!(query.sort, EventSort::Newest | EventSort::Relevance);
        let (ways, sql) = counts(query);
        if is_newest_first && ways == [Way::Words] {
            return Ok(Way::Words);
        }
        let (text, binds) = sql.into_parts();
        let counts: Vec<i64> = if ways.is_empty() {
            Vec::new()
        } else {
            let counts = bound!(sqlx::query_scalar(text), binds).fetch_all(&self.readers);
            in_time(self.call_timeout, counts).await.map_err(StoreError::read)?
        };
        let frequent = counts.last().copied().unwrap_or(i64::MAX);
        Ok(Counted { ways: ways.into_iter().zip(counts).collect(), frequent }.way(query))
    }
}

/// How many events each filter leaves, as far as was counted.
struct Counted {
    ways: Vec<(Way, i64)>,
    /// From how many on a word is.
    frequent: i64,
}

/// What a page costs, in units of some half a microsecond: an entry of an index, one of a list of words, a row.
const ENTRY: i64 = 1;
const LISTED: i64 = 1;
const ROW: i64 = 10;
/// Events of the pages that people look at.
const PAGES: i64 = 100;

impl Counted {
    fn way(&self, query: &EventQuery) -> Way {
        let is_newest_first = matches!(query.sort, EventSort::Newest | EventSort::Relevance);
        let words = self.ways.iter().find(|(way, _)| *way == Way::Words).map(|(_, count)| *count);
        let cheapest = match words {
            Some(words) => self.beside_words(words, is_newest_first),
            None => self.ways.iter().copied().filter(|(_, count)| *count < FEW).min_by_key(|(_, count)| *count),
        };
        let is_frequent = words.is_some_and(|words| words >= self.frequent);
        match cheapest {
            Some((way, _)) => way,
            None if words.is_some() && is_newest_first => Way::Words,
            None if query.status_column().is_none() => Way::Any,
            None if is_frequent => Way::OrderOfFrequent,
            None => Way::Order,
        }
    }

    /// The cheapest way that is known to end soon, with its cost: by all that have the words, or by all that pass another
    /// filter, held against a list of those that have the words.
    fn beside_words(&self, words: i64, is_newest_first: bool) -> Option<(Way, i64)> {
        let all = self.frequent.max(FEW).saturating_mul(FREQUENT);
        let others = self.ways.iter().filter(|(way, _)| *way != Way::Words).map(|(_, count)| *count);
        // The words' events come newest first: no more are fetched than fill the pages.
        let until_full = others.min().map_or(PAGES, |least| PAGES * all / least.max(1));
        let cost = |(way, count): (Way, i64)| match way {
            Way::Words if is_newest_first => Some(count.min(until_full) * ROW),
            Way::Words => (count < FEW).then_some(count * ROW),
            // Their indexes know no number: a row is read to compare it.
            Way::Tag | Way::Tier | Way::Series | Way::Organizer => {
                (count < FEW).then_some(count * ROW + words * LISTED)
            }
            _ => {
                let both = if count < FEW { count.min(words) } else { words * count / all };
                let is_short = count < FEW || (count < MANY && words < self.frequent && both < FEW / 2);
                is_short.then_some(count * ENTRY + words * LISTED + both * ROW)
            }
        };
        self.ways.iter().filter_map(|each| Some((each.0, cost(*each)?))).min_by_key(|(_, cost)| *cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(ways: &[(Way, i64)], sort: EventSort) -> Way {
        let query = EventQuery { sort, ..EventQuery::default() };
        Counted { ways: ways.to_vec(), frequent: 20_000 }.way(&query)
    }

    #[test]
    fn the_narrowest_filter_is_the_way_and_the_order_when_none_is_narrow() {
        let (city, category) = ((Way::City, 700), (Way::Category, 300));
        assert_eq!(way(&[city, category], EventSort::Date), Way::Category);
        assert_eq!(way(&[(Way::City, FEW), (Way::Category, FEW)], EventSort::Date), Way::Order);
        assert_eq!(way(&[], EventSort::Newest), Way::Order);
    }

    #[test]
    fn beside_words_the_way_is_the_one_that_touches_least() {
        let words = |count| (Way::Words, count);
        assert_eq!(way(&[words(1_500)], EventSort::Date), Way::Words);
        assert_eq!(way(&[words(1_500)], EventSort::Newest), Way::Words);
        assert_eq!(way(&[words(15_000)], EventSort::Newest), Way::Words);
        assert_eq!(way(&[words(15_000)], EventSort::Date), Way::Order);
        assert_eq!(way(&[words(20_000)], EventSort::Date), Way::OrderOfFrequent);
        // A list of 15,000 is made sooner than 1,900 rows are fetched to look at their words.
        assert_eq!(way(&[words(1_900), (Way::City, 4_000)], EventSort::Price), Way::City);
        assert_eq!(way(&[words(12_000), (Way::City, 4_000)], EventSort::Price), Way::City);
        assert_eq!(way(&[words(12_000), (Way::City, 15_000)], EventSort::Price), Way::Order);
        assert_eq!(way(&[words(12_000), (Way::Days, 900)], EventSort::Title), Way::Days);
        assert_eq!(way(&[words(30), (Way::City, 4_000)], EventSort::Newest), Way::Words);
        assert_eq!(way(&[words(12_000), (Way::Tag, 4_000)], EventSort::Price), Way::Order);
        assert_eq!(way(&[words(12_000), (Way::Tag, 400)], EventSort::Price), Way::Tag);
    }
}
