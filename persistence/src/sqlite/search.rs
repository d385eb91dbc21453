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

/// One count for each filter that a way could begin with: no further than [`FEW`], of words than what is [`FREQUENT`]; and,
/// behind them, from how many on a word is.
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
    }
    let few = sql.bind(Bind::Int(FEW));
    let frequent = format!("MAX({few}, (SELECT COALESCE(MAX(number), 0) FROM events) / {FREQUENT})");
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
        let counted = || ways.iter().copied().zip(counts.iter().copied());
        let narrowest = counted().filter(|(_, count)| *count < FEW).min_by_key(|(_, count)| *count);
        let has_frequent_words = counted().any(|(way, count)| way == Way::Words && count >= frequent);
        Ok(match narrowest {
            Some((way, _)) => way,
            None if query.words.is_some() && is_newest_first => Way::Words,
            None if query.status_column().is_some() && has_frequent_words => Way::OrderOfFrequent,
            None if query.status_column().is_some() => Way::Order,
            None => Way::Any,
        })
    }
}
