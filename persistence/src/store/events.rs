//! What an organizer says about an event in words and dates. Its seats, prices and rules live in the journal; its status
//! is projected from there.

use inventory::{EventId, TimeUs, UserId};

use super::{Image, Store, changed, on_pool, on_transaction, on_writer};
use crate::StoreError;
use crate::row::{named, row};

named! {
    pub enum EventStatus {
        Draft = "draft",
        Published = "published",
        Cancelled = "cancelled",
    }
}

row! {
    pub struct Event {
        pub id: EventId,
        pub organizer_id: UserId,
        pub title: String,
        pub description: String,
        pub location: String,
        /// IANA name.
        pub timezone: String,
        pub starts_at: TimeUs,
        pub ends_at: Option<TimeUs>,
        /// ISO 4217.
        pub currency: String,
        pub status: EventStatus,
        pub created_at: TimeUs,
        /// Digest of the account and the idempotency key that created it.
        pub request_key: Option<[u8; 16]>,
        /// In their order; the first is the cover.
        pub images: Vec<Image>,
    }
}

/// What is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct EventPatch {
    pub title: Option<String>,
    pub description: Option<String>,
    pub location: Option<String>,
    pub timezone: Option<String>,
    pub starts_at: Option<TimeUs>,
    pub ends_at: Option<TimeUs>,
}

#[derive(Clone, Copy, Debug)]
pub enum EventFilter {
    Published,
    Organizer(UserId),
    /// The account's own and those at which it has a staff role.
    Member(UserId),
    All,
}

const INSERT: &str = "
    INSERT INTO events (id, organizer_id, title, description, location, timezone, starts_at, ends_at, currency, status,
        status_lsn, created_at, request_key)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12)
    ON CONFLICT (request_key) DO NOTHING";

const FIND: &str = "
    SELECT id, organizer_id, title, description, location, timezone, starts_at, ends_at, currency, status, created_at,
        request_key, images
    FROM events WHERE id = $1";

const FIND_BY_REQUEST: &str = "
    SELECT id, organizer_id, title, description, location, timezone, starts_at, ends_at, currency, status, created_at,
        request_key, images
    FROM events WHERE request_key = $1";

const LIST_PUBLISHED: &str = "
    SELECT id, organizer_id, title, description, location, timezone, starts_at, ends_at, currency, status, created_at,
        request_key, images
    FROM events WHERE status = 'published' AND id < $1 ORDER BY id DESC LIMIT $2";

const LIST_OF_ORGANIZER: &str = "
    SELECT id, organizer_id, title, description, location, timezone, starts_at, ends_at, currency, status, created_at,
        request_key, images
    FROM events WHERE organizer_id = $3 AND id < $1 ORDER BY id DESC LIMIT $2";

const LIST: &str = "
    SELECT id, organizer_id, title, description, location, timezone, starts_at, ends_at, currency, status, created_at,
        request_key, images
    FROM events WHERE id < $1 ORDER BY id DESC LIMIT $2";

/// Each half by its own index.
const LIST_OF_MEMBER: &str = "
    SELECT id, organizer_id, title, description, location, timezone, starts_at, ends_at, currency, status, created_at,
        request_key
    FROM events WHERE id IN (
        SELECT id FROM events WHERE organizer_id = $3 AND id < $1
        UNION SELECT event_id FROM event_staff WHERE user_id = $3 AND event_id < $1)
    ORDER BY id DESC LIMIT $2";

const UPDATE: &str = "
    UPDATE events SET title = COALESCE($2, title), description = COALESCE($3, description),
        location = COALESCE($4, location), timezone = COALESCE($5, timezone), starts_at = COALESCE($6, starts_at),
        ends_at = COALESCE($7, ends_at)
    WHERE id = $1
    RETURNING id, organizer_id, title, description, location, timezone, starts_at, ends_at, currency, status, created_at,
        request_key, images";

const DELETE_DRAFT: &str = "DELETE FROM events WHERE id = $1 AND status = 'draft'";

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, FIND, FIND_BY_REQUEST, LIST_PUBLISHED, LIST_OF_ORGANIZER, LIST_OF_MEMBER, LIST, UPDATE, DELETE_DRAFT];

impl Store {
    /// Stores the event, or finds the one that the same request created before. Answers the stored one.
    pub async fn event_insert(&self, event: &Event) -> Result<Event, StoreError> {
        on_transaction!(self, transaction => async {
            let inserted = sqlx::query(INSERT)
                .bind(event.id.uuid())
                .bind(event.organizer_id.uuid())
                .bind(&event.title)
                .bind(&event.description)
                .bind(&event.location)
                .bind(&event.timezone)
                .bind(event.starts_at.0)
                .bind(event.ends_at.map(|at| at.0))
                .bind(&event.currency)
                .bind(event.status.name())
                .bind(event.created_at.0)
                .bind(event.request_key.map(|key| key.to_vec()))
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            let stored = if inserted == 1 {
                sqlx::query_as(FIND).bind(event.id.uuid())
            } else {
                sqlx::query_as(FIND_BY_REQUEST).bind(event.request_key.map(|key| key.to_vec()))
            };
            stored.fetch_one(&mut *transaction).await
        })
    }

    pub async fn event_find(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(pool))
    }

    /// Newest first, behind `after`.
    pub async fn event_list(
        &self,
        filter: EventFilter,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let after = after.map_or_else(uuid::Uuid::max, EventId::uuid);
        let limit = i64::from(limit);
        on_pool!(self, pool => match filter {
            EventFilter::Published => sqlx::query_as(LIST_PUBLISHED).bind(after).bind(limit),
            EventFilter::Organizer(user) => sqlx::query_as(LIST_OF_ORGANIZER).bind(after).bind(limit).bind(user.uuid()),
            EventFilter::Member(user) => sqlx::query_as(LIST_OF_MEMBER).bind(after).bind(limit).bind(user.uuid()),
            EventFilter::All => sqlx::query_as(LIST).bind(after).bind(limit),
        }
        .fetch_all(pool))
    }

    /// The event as it is now; `None` when there is none.
    pub async fn event_update(&self, id: EventId, patch: &EventPatch) -> Result<Option<Event>, StoreError> {
        on_writer!(self, pool => sqlx::query_as(UPDATE)
            .bind(id.uuid())
            .bind(&patch.title)
            .bind(&patch.description)
            .bind(&patch.location)
            .bind(&patch.timezone)
            .bind(patch.starts_at.map(|at| at.0))
            .bind(patch.ends_at.map(|at| at.0))
            .fetch_optional(pool))
    }

    /// Whether there was such a draft. Anything else is cancelled, never deleted.
    pub async fn event_delete(&self, id: EventId) -> Result<bool, StoreError> {
        changed!(self, sqlx::query(DELETE_DRAFT).bind(id.uuid())).map(|touched| touched == 1)
    }
}
