//! What an event is found by, beside its words: keys that are compared and ordered, and its tags. Written with the words
//! themselves; see `sqlite/search.rs` and `postgres/search.rs` for what differs.

use super::{Event, Store, on_pool, on_transaction};
use crate::search::EventIndex as _;
use crate::{StoreError, boxed};

/// `$next` gives an event its number, once: the order of creation, by which `newest` goes.
macro_rules! keys {
    ($next:literal) => {
        concat!(
            "UPDATE events SET number = COALESCE(number, ",
            $next,
            "), title_key = $2, city_key = $3, over_at = $4 WHERE id = $1"
        )
    };
}

macro_rules! bind_keys {
    ($query:expr, $event:expr) => {
        $query
            .bind($event.id.uuid())
            .bind($crate::search::title_key(&$event.title))
            .bind($crate::search::folded(&$event.city))
            .bind($event.over_at().0)
    };
}

macro_rules! put_tags {
    ($connection:expr, $event:expr) => {
        sqlx::query($crate::store::event_index::DELETE_TAGS).bind($event.id.uuid()).execute(&mut *$connection).await?;
        for tag in &$event.tags.0 {
            let insert = sqlx::query($crate::store::event_index::INSERT_TAG).bind(tag).bind($event.id.uuid());
            insert.execute(&mut *$connection).await?;
        }
    };
}

pub(crate) use {bind_keys, keys, put_tags};

pub(crate) const DELETE_TAGS: &str = "DELETE FROM event_tags WHERE event_id = $1";

pub(crate) const INSERT_TAG: &str = "
    INSERT INTO event_tags (tag, event_id) VALUES ($1, $2) ON CONFLICT (tag, event_id) DO NOTHING";

/// Stored by a version that did not keep the index.
const UNINDEXED: &str = "
    SELECT * FROM events WHERE status IN ('draft', 'published', 'cancelled') AND title_key = '' LIMIT $1";

pub(super) const STATEMENTS: &[&str] = &[DELETE_TAGS, INSERT_TAG, UNINDEXED];

const EVENTS_AT_ONCE: i64 = 200;

impl Store {
    /// Indexes what an earlier version has stored, at the start.
    pub(crate) async fn index_all_events(&self) -> Result<(), StoreError> {
        let store = self.patient();
        loop {
            let events: Vec<Event> =
                on_pool!(&store, pool => sqlx::query_as(UNINDEXED).bind(EVENTS_AT_ONCE).fetch_all(pool))?;
            if events.is_empty() {
                return Ok(());
            }
            on_transaction!(&store, transaction => async {
                for event in &events {
                    transaction.index_event(event).await?;
                }
                Ok(())
            })?;
        }
    }

    /// Puts the pieces of the index of words together once there are several: a search looks into every one. `pages`: of
    /// 4 KiB, at most, so that a step holds no other write up. Whether there is more to do, then with `is_begun`. Postgres sees
    /// to it by itself.
    #[boxed]
    pub async fn search_merge(&self, pages: u32, is_begun: bool) -> Result<bool, StoreError> {
        match self {
            Self::Postgres(_) => Ok(false),
            Self::Sqlite(sqlite) => sqlite.merge_words(pages, is_begun).await,
        }
    }
}
