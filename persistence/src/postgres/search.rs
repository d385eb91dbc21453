//! Finding on Postgres: vectors under a GIN index, in which a word of the title stands twice, once as [`IN_TITLE`] has it: the
//! index knows words, not where they stand. Which index a list walks is the planner's choice, made for the values of each
//! call.

use sqlx::PgConnection;

use super::Postgres;
use crate::StoreError;
use crate::search::{Bind, EventIndex, EventWords, Lookup, Scope, SearchWords, Select};
use crate::store::{Event, event_index, in_time};

const KEYS: &str = concat!(event_index::keys!("nextval('event_numbers')"), " RETURNING id");

const PUT_WORDS: &str = "
    INSERT INTO event_search (event_id, words) VALUES ($1, CAST($2 AS tsvector))
    ON CONFLICT (event_id) DO UPDATE SET words = excluded.words";

/// Of the newest events, how many have the words.
const SAMPLE_WORDS: &str = "
    SELECT COUNT(*) FROM (SELECT id FROM events ORDER BY number DESC LIMIT $2) AS newest
    WHERE (SELECT words FROM event_search WHERE event_id = newest.id) @@ CAST($1 AS tsquery)";

pub(super) const STATEMENTS: &[&str] = &[KEYS, PUT_WORDS, SAMPLE_WORDS];

const SAMPLE: i64 = 200;
/// Of the sample. Where fewer have the words, those are listed and sorted sooner than an order is walked.
const FREQUENT: i64 = 5;

/// Begins a word of the title, and is in no word.
const IN_TITLE: &str = "=";

impl EventIndex for PgConnection {
    async fn index_event(&mut self, event: &Event) -> sqlx::Result<()> {
        event_index::bind_keys!(sqlx::query(KEYS), event).execute(&mut *self).await?;
        event_index::put_tags!(self, event);
        let words = EventWords::of(event);
        // Words are letters and digits: nothing in them needs to be escaped.
        let title = words.title.iter().map(|word| format!("'{word}' '{IN_TITLE}{word}'"));
        let vector: Vec<String> = title.chain(words.rest.iter().map(|word| format!("'{word}'"))).collect();
        sqlx::query(PUT_WORDS).bind(event.id.uuid()).bind(vector.join(" ")).execute(self).await?;
        Ok(())
    }
}

pub(crate) fn and_words(sql: &mut Select, words: &SearchWords, scope: Scope, lookup: Lookup) {
    let matching = Bind::Text(matching(words, scope));
    match lookup {
        Lookup::Listed => {
            let before = "events.id IN (SELECT event_id FROM event_search WHERE words @@ CAST(";
            sql.and_bound(before, matching, " AS tsquery))");
        }
        // The planner makes no join of a value.
        Lookup::Each => {
            let before = "(SELECT words FROM event_search WHERE event_id = events.id) @@ CAST(";
            sql.and_bound(before, matching, " AS tsquery)");
        }
    }
}

impl Postgres {
    /// The planner knows how many events have a word, but takes every beginning for rare: of those that are not, no list is
    /// to be made.
    pub(crate) async fn lookup(&self, words: Option<&SearchWords>, scope: Scope) -> Result<Lookup, StoreError> {
        let Some(words) = words.filter(|words| words.has_beginning()) else { return Ok(Lookup::Listed) };
        let count = sqlx::query_scalar(SAMPLE_WORDS).bind(matching(words, scope)).bind(SAMPLE).fetch_one(&self.pool);
        let count: i64 = in_time(self.call_timeout, count).await.map_err(StoreError::read)?;
        Ok(if count < FREQUENT { Lookup::Listed } else { Lookup::Each })
    }
}

fn matching(words: &SearchWords, scope: Scope) -> String {
    let all = |place: &str| {
        let word = |(word, is_beginning)| format!("'{place}{word}'{}", if is_beginning { ":*" } else { "" });
        format!("({})", words.iter().map(word).collect::<Vec<_>>().join(" & "))
    };
    match scope {
        Scope::All => all(""),
        Scope::Title => all(IN_TITLE),
        Scope::NotTitle => format!("{} & !{}", all(""), all(IN_TITLE)),
    }
}
