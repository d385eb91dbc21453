//! Events as calendars show them: of a month, of an organizer, of an account; and the secret addresses of the last.

use inventory::{EventId, TimeUs, UserId};

use super::audit_log::audited;
use super::events::columns;
use super::{AuditEntry, Event, Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

/// Of the published events, those that begin within it. All that is given must hold.
#[derive(Clone, Debug)]
pub struct CalendarRange {
    pub from: TimeUs,
    /// Excluded.
    pub to: TimeUs,
    pub organizer: Option<UserId>,
    pub category: Option<String>,
}

row! {
    /// Where somebody has a ticket, not voided, to.
    pub struct BookedPlace {
        pub event_id: EventId,
        /// A seat's public id, or an area's.
        pub place: String,
    }
}

const LIST_OF_RANGE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM events WHERE status = 'published' AND starts_at >= $1 AND starts_at < $2 AND deleted_at IS NULL
        AND (organizer_id = $3 OR $3 IS NULL) AND (category = $4 OR $4 IS NULL) ORDER BY starts_at, id LIMIT $5"
);

const LIST_OF_ORGANIZER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM events WHERE organizer_id = $1 AND status = 'published' AND deleted_at IS NULL
    ORDER BY starts_at DESC, id DESC LIMIT $2"
);

const LIST_OF_HOLDER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM events WHERE id IN (SELECT event_id FROM tickets WHERE holder_id = $1 AND state <> 'voided')
    ORDER BY starts_at DESC, id DESC LIMIT $2"
);

const PLACES_OF_HOLDER: &str = "
    SELECT event_id, place FROM tickets WHERE holder_id = $1 AND state <> 'voided' ORDER BY id DESC LIMIT $2";

const SET_FEED: &str = "
    INSERT INTO calendar_feeds (user_id, token_hash, created_at) VALUES ($1, $2, $3)
    ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash, created_at = excluded.created_at";

const FIND_FEED: &str = "SELECT created_at FROM calendar_feeds WHERE user_id = $1";

const FIND_OWNER: &str = "
    SELECT user_id FROM calendar_feeds JOIN users ON users.id = user_id
    WHERE token_hash = $1 AND users.status = 'active'";

const DELETE_FEED: &str = "DELETE FROM calendar_feeds WHERE user_id = $1";

pub(super) const STATEMENTS: &[&str] =
    &[LIST_OF_RANGE, LIST_OF_ORGANIZER, LIST_OF_HOLDER, PLACES_OF_HOLDER, SET_FEED, FIND_FEED, FIND_OWNER, DELETE_FEED];

impl Store {
    /// In the order in which they begin.
    #[boxed]
    pub async fn event_list_of_range(&self, range: &CalendarRange, limit: u32) -> Result<Vec<Event>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_RANGE)
            .bind(range.from.0)
            .bind(range.to.0)
            .bind(range.organizer.map(UserId::uuid))
            .bind(&range.category)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// The published ones, the latest first.
    #[boxed]
    pub async fn event_list_of_organizer(&self, organizer: UserId, limit: u32) -> Result<Vec<Event>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_ORGANIZER)
            .bind(organizer.uuid())
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Those to which the account has a ticket that is not voided, the latest first.
    #[boxed]
    pub async fn event_list_of_holder(&self, holder: UserId, limit: u32) -> Result<Vec<Event>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_HOLDER)
            .bind(holder.uuid())
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// One for each such ticket, the newest first.
    #[boxed]
    pub async fn ticket_places_of_holder(&self, holder: UserId, limit: u32) -> Result<Vec<BookedPlace>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(PLACES_OF_HOLDER)
            .bind(holder.uuid())
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// The token of this digest opens the account's calendar from now on, and no other.
    #[boxed]
    pub async fn calendar_feed_set(
        &self,
        user: UserId,
        token_hash: [u8; 32],
        now: TimeUs,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let hash = token_hash.to_vec();
        audited!(self, Some(entry), sqlx::query(SET_FEED).bind(user.uuid()).bind(&hash).bind(now.0)).map(|_| ())
    }

    /// When its token was made.
    #[boxed]
    pub async fn calendar_feed_find(&self, user: UserId) -> Result<Option<TimeUs>, StoreError> {
        let found: Option<(i64,)> =
            on_pool!(self, pool => sqlx::query_as(FIND_FEED).bind(user.uuid()).fetch_optional(pool))?;
        Ok(found.map(|(at,)| TimeUs(at)))
    }

    /// Whose calendar a token opens. Nobody's, while he is suspended.
    #[boxed]
    pub async fn calendar_feed_owner(&self, token_hash: [u8; 32]) -> Result<Option<UserId>, StoreError> {
        let found: Option<(uuid::Uuid,)> =
            on_pool!(self, pool => sqlx::query_as(FIND_OWNER).bind(token_hash.to_vec()).fetch_optional(pool))?;
        Ok(found.map(|(id,)| UserId::from_uuid(id)))
    }

    /// Whether there was one.
    #[boxed]
    pub async fn calendar_feed_delete(&self, user: UserId, entry: &AuditEntry) -> Result<bool, StoreError> {
        audited!(self, Some(entry), sqlx::query(DELETE_FEED).bind(user.uuid())).map(|touched| touched == 1)
    }
}
