//! Names that only one event has: its slug, and its title among its organizer's events that begin at the same time. A name
//! is a row whose key is unique, so that two who ask at once cannot both get it.

use inventory::{EventId, TimeUs, UserId};

use super::{Event, Store, on_pool};
use crate::StoreError;
use crate::boxed;

pub(super) const CLAIM_SLUG: &str = "
    INSERT INTO event_slugs (slug, event_id) VALUES ($1, $2) ON CONFLICT (slug) DO NOTHING";

/// Of events that will not take place: their titles are free again.
pub(super) const FREE_TITLE: &str = "
    DELETE FROM event_titles WHERE organizer_id = $1 AND starts_at = $2 AND title_key = $3 AND event_id IN (
        SELECT id FROM events WHERE status = 'cancelled' OR deleted_at IS NOT NULL) AND event_id <> $4";

/// A touched row is the event's own, old or new.
pub(super) const CLAIM_TITLE: &str = "
    INSERT INTO event_titles (organizer_id, starts_at, title_key, event_id) VALUES ($1, $2, $3, $4)
    ON CONFLICT (organizer_id, starts_at, title_key) DO UPDATE SET event_id = excluded.event_id
        WHERE event_titles.event_id = excluded.event_id";

pub(super) const LEAVE_TITLES: &str = "
    DELETE FROM event_titles WHERE event_id = $4 AND NOT (organizer_id = $1 AND starts_at = $2 AND title_key = $3)";

const FIND_TITLE: &str = "
    SELECT events.request_key
    FROM event_titles JOIN events ON events.id = event_titles.event_id
    WHERE event_titles.organizer_id = $1 AND event_titles.starts_at = $2 AND event_titles.title_key = $3
        AND events.status <> 'cancelled' AND events.deleted_at IS NULL";

pub(super) const STATEMENTS: &[&str] = &[CLAIM_SLUG, FREE_TITLE, CLAIM_TITLE, LEAVE_TITLES, FIND_TITLE];

/// A title as it is compared: two that differ in case or spaces are one.
pub(super) struct Title {
    pub organizer: UserId,
    pub starts_at: TimeUs,
    pub key: String,
    pub event: EventId,
}

impl Title {
    pub fn of(event: &Event) -> Self {
        let Event { organizer_id, starts_at, id, .. } = *event;
        Self { organizer: organizer_id, starts_at, key: key(&event.title), event: id }
    }

    #[must_use]
    pub fn patched(self, title: Option<&str>, starts_at: Option<TimeUs>) -> Self {
        Self { key: title.map_or(self.key, key), starts_at: starts_at.unwrap_or(self.starts_at), ..self }
    }
}

fn key(title: &str) -> String {
    title.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// A statement about a title, bound.
macro_rules! of_title {
    ($sql:expr, $title:expr) => {
        sqlx::query($sql)
            .bind($title.organizer.uuid())
            .bind($title.starts_at.0)
            .bind(&$title.key)
            .bind($title.event.uuid())
    };
}

/// Whether the event of the title has it now, and no other one.
macro_rules! claim_title {
    ($transaction:ident, $title:expr) => {{
        use $crate::store::event_names::{CLAIM_TITLE, FREE_TITLE, LEAVE_TITLES, of_title};
        of_title!(FREE_TITLE, $title).execute(&mut *$transaction).await?;
        let is_own = of_title!(CLAIM_TITLE, $title).execute(&mut *$transaction).await?.rows_affected() == 1;
        if is_own {
            of_title!(LEAVE_TITLES, $title).execute(&mut *$transaction).await?;
        }
        is_own
    }};
}

/// The event's slug, or, where another event has it, one that ends in the event's own id.
macro_rules! claim_slug {
    ($transaction:ident, $event:expr) => {{
        use $crate::store::event_names::{CLAIM_SLUG, own_slug};
        let claim = sqlx::query(CLAIM_SLUG).bind(&$event.slug).bind($event.id.uuid());
        if claim.execute(&mut *$transaction).await?.rows_affected() == 1 {
            $event.slug.clone()
        } else {
            let slug = own_slug($event);
            sqlx::query(CLAIM_SLUG).bind(&slug).bind($event.id.uuid()).execute(&mut *$transaction).await?;
            slug
        }
    }};
}

pub(super) use {claim_slug, claim_title, of_title};

pub(super) fn own_slug(event: &Event) -> String {
    // The random end: ids of one moment begin alike.
    let [.., a, b, c, d, e, f] = event.id.bytes();
    format!("{}-{a:02x}{b:02x}{c:02x}{d:02x}{e:02x}{f:02x}", event.slug)
}

impl Store {
    /// Whether another event of the organizer that is to take place has the title at this time. One that the request of
    /// this key made is not another.
    #[boxed]
    pub async fn event_title_is_taken(
        &self,
        organizer: UserId,
        starts_at: TimeUs,
        title: &str,
        request_key: Option<[u8; 16]>,
    ) -> Result<bool, StoreError> {
        let found: Option<Option<Vec<u8>>> = on_pool!(self, pool => sqlx::query_scalar(FIND_TITLE)
            .bind(organizer.uuid())
            .bind(starts_at.0)
            .bind(key(title))
            .fetch_optional(pool))?;
        Ok(found.is_some_and(|by| by.is_none() || by != request_key.map(|key| key.to_vec())))
    }
}
