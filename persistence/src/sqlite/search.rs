//! Words on SQLite: FTS5 without a copy of the texts, whose rows are named by the event's number.

use sqlx::SqliteConnection;

use super::Sqlite;
use super::way::{Rows, Way};
use crate::StoreError;
use crate::search::{Bind, EventIndex, EventWords, Lookup, Scope, SearchWords, Select};
use crate::store::{Event, event_index, in_time};

const KEYS: &str =
    concat!(event_index::keys!("(SELECT COALESCE(MAX(number), 0) + 1 FROM events)"), " RETURNING number");

const DELETE_WORDS: &str = "DELETE FROM event_search WHERE rowid = $1";

const INSERT_WORDS: &str = "INSERT INTO event_search (rowid, title, rest) VALUES ($1, $2, $3)";

/// Pieces of the index of words: each search looks into every one.
const SEGMENTS: &str = "SELECT COUNT(DISTINCT segid) FROM event_search_idx";

/// All pieces into one, from now on. Then step by step.
const MERGE_BEGIN: &str = "INSERT INTO event_search (event_search, rank) VALUES ('merge', -$1)";

const MERGE_EACH: &str = "INSERT INTO event_search (event_search, rank) VALUES ('usermerge', 2)";

const MERGE_STEP: &str = "INSERT INTO event_search (event_search, rank) VALUES ('merge', $1)";

const CHANGES: &str = "SELECT total_changes()";

pub(super) const STATEMENTS: &[&str] =
    &[KEYS, DELETE_WORDS, INSERT_WORDS, SEGMENTS, MERGE_BEGIN, MERGE_EACH, MERGE_STEP, CHANGES];

/// A word is looked up for one event in some 6 µs where there is one piece, in up to 300 where there are ten.
const SEGMENTS_MAX: i64 = 3;

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

pub(crate) fn and_words(sql: &mut Select, words: &SearchWords, scope: Scope, way: Way) {
    let matching = Bind::Text(matching(words, scope));
    match way {
        Way { rows: Rows::Words, .. } => sql.and_bound("event_search MATCH ", matching, ""),
        Way { words: Lookup::Each, .. } => {
            let before = "(SELECT COUNT(*) FROM event_search WHERE rowid = events.number AND event_search MATCH ";
            sql.and_bound(before, matching, ") > 0");
        }
        Way { words: Lookup::Listed, .. } => {
            let before = "+events.number IN (SELECT rowid FROM event_search WHERE event_search MATCH ";
            sql.and_bound(before, matching, ")");
        }
    }
}

/// Words are letters and digits: nothing in them needs to be escaped.
pub(super) fn matching(words: &SearchWords, scope: Scope) -> String {
    let word = |(word, is_beginning)| format!("\"{}\"{}", ascii(word), if is_beginning { "*" } else { "" });
    let all = format!("({})", words.iter().map(word).collect::<Vec<_>>().join(" AND "));
    match scope {
        Scope::All => all,
        Scope::Title => format!("title : {all}"),
        Scope::NotTitle => format!("{all} NOT (title : {all})"),
    }
}

impl Sqlite {
    /// Puts the pieces of the index of words together, `pages` of 4 KiB at most. Whether there is more to do.
    pub(crate) async fn merge_words(&self, pages: u32, is_begun: bool) -> Result<bool, StoreError> {
        let merged = async {
            let mut writer = self.writer.acquire().await?;
            if !is_begun {
                if sqlx::query_scalar::<_, i64>(SEGMENTS).fetch_one(&mut *writer).await? <= SEGMENTS_MAX {
                    return Ok(false);
                }
                sqlx::query(MERGE_EACH).execute(&mut *writer).await?;
            }
            let before: i64 = sqlx::query_scalar(CHANGES).fetch_one(&mut *writer).await?;
            sqlx::query(if is_begun { MERGE_STEP } else { MERGE_BEGIN })
                .bind(i64::from(pages))
                .execute(&mut *writer)
                .await?;
            let after: i64 = sqlx::query_scalar(CHANGES).fetch_one(&mut *writer).await?;
            // The statement itself counts as one.
            Ok(after - before >= 2)
        };
        in_time(self.call_timeout, merged).await.map_err(StoreError::write)
    }
}
