//! What an organizer says about an event in words and dates. Its seats, prices and rules live in the journal; its status
//! is projected from there.

use inventory::{EventId, TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::{audit, audited};
use super::event_names::{Title, claim_slug, claim_title};
use super::event_patch::{Patched, patch_event};
use super::{AuditEntry, EventPatch, Image, Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::{Field, named, row};
use crate::search::EventIndex as _;

/// How long an event lasts that does not say: 12 h.
pub const EVENT_LASTS_US: i64 = 12 * 60 * 60 * 1_000_000;

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
        /// Unique, made from the first title.
        pub slug: String,
        pub description: String,
        pub organization: String,
        pub rating: String,
        pub location: String,
        pub address: String,
        pub city: String,
        /// ISO 3166-1 alpha-2.
        pub country: String,
        /// Degrees in millionths, north and east positive.
        pub latitude_e6: Option<i64>,
        pub longitude_e6: Option<i64>,
        pub category: String,
        pub tags: Tags,
        pub series_id: Option<Uuid>,
        /// IANA name.
        pub timezone: String,
        pub starts_at: TimeUs,
        pub ends_at: Option<TimeUs>,
        /// ISO 4217.
        pub currency: String,
        pub status: EventStatus,
        /// Grows with every change of words and dates.
        pub revision: i64,
        pub created_at: TimeUs,
        pub changed_at: TimeUs,
        pub deleted_at: Option<TimeUs>,
        /// Digest of the account and the idempotency key that created it.
        pub request_key: Option<[u8; 16]>,
        /// In their order; the first is the cover.
        pub images: Vec<Image>,
    }
}

impl Event {
    /// When it is over, as far as it says.
    pub fn over_at(&self) -> TimeUs {
        self.ends_at.unwrap_or_else(|| self.starts_at.plus_us(EVENT_LASTS_US))
    }

    /// Latitude and longitude; `None` unless both are known.
    pub fn coordinates(&self) -> Option<(i64, i64)> {
        self.latitude_e6.zip(self.longitude_e6)
    }
}

/// Words without spaces, kept in one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(pub Vec<String>);

impl Tags {
    pub(super) fn column(&self) -> String {
        self.0.join(" ")
    }
}

impl Field for Tags {
    type Column = String;

    fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(Self(column.split_ascii_whitespace().map(str::to_owned).collect()))
    }
}

#[derive(Clone, Copy, Debug)]
pub enum EventFilter {
    Published,
    /// The account's own and those at which it has a staff role.
    Member(UserId),
    /// The account's own.
    Organizer(UserId),
}

macro_rules! columns {
    () => {
        "id, organizer_id, title, slug, description, organization, rating, location, address, city, country, latitude_e6,
        longitude_e6, category, tags, series_id, timezone, starts_at, ends_at, currency, status, revision, created_at,
        changed_at, deleted_at, request_key, images"
    };
}

/// Stores the event under the slug, as it is but for its pictures and its end.
macro_rules! insert_event {
    ($transaction:ident, $event:expr, $slug:expr, $request_key:expr) => {
        sqlx::query($crate::store::events::INSERT)
            .bind($event.id.uuid())
            .bind($event.organizer_id.uuid())
            .bind(&$event.title)
            .bind($slug)
            .bind(&$event.description)
            .bind(&$event.organization)
            .bind(&$event.rating)
            .bind(&$event.location)
            .bind(&$event.address)
            .bind(&$event.city)
            .bind(&$event.country)
            .bind($event.latitude_e6)
            .bind($event.longitude_e6)
            .bind(&$event.category)
            .bind($event.tags.column())
            .bind($event.series_id)
            .bind(&$event.timezone)
            .bind($event.starts_at.0)
            .bind($event.ends_at.map(|at| at.0))
            .bind(&$event.currency)
            .bind($event.status.name())
            .bind($event.revision)
            .bind($event.created_at.0)
            .bind($event.changed_at.0)
            .bind($request_key)
            .execute(&mut *$transaction)
    };
}

pub(super) use {columns, insert_event};

/// Whether places of the event `$1` are paid for.
macro_rules! is_sold {
    () => {
        "EXISTS (SELECT 1 FROM orders WHERE event_id = $1 AND status IN ('paid', 'partially_refunded'))"
    };
}

pub(super) const INSERT: &str = "
    INSERT INTO events (id, organizer_id, title, slug, description, organization, rating, location, address, city, country,
        latitude_e6, longitude_e6, category, tags, series_id, timezone, starts_at, ends_at, currency, status, revision,
        created_at, changed_at, request_key, status_lsn)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
        $25, 0)";

pub(super) const FIND: &str = concat!("SELECT ", columns!(), " FROM events WHERE id = $1");

pub(super) const FIND_BY_REQUEST: &str = concat!("SELECT ", columns!(), " FROM events WHERE request_key = $1");

const FIND_BY_SLUG: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM events WHERE id = (SELECT event_id FROM event_slugs WHERE event_slugs.slug = $1) AND deleted_at IS NULL"
);

const LIST_PUBLISHED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM events WHERE status = 'published' AND deleted_at IS NULL AND id < $1 ORDER BY id DESC LIMIT $2"
);

/// Each half by its own index.
const LIST_OF_MEMBER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM events WHERE deleted_at IS NULL AND id IN (
        SELECT id FROM events WHERE organizer_id = $3 AND id < $1
        UNION SELECT event_id FROM event_staff WHERE user_id = $3 AND event_id < $1)
    ORDER BY id DESC LIMIT $2"
);

const LIST_OF_ORGANIZER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM events WHERE deleted_at IS NULL AND organizer_id = $3 AND id < $1 ORDER BY id DESC LIMIT $2"
);

/// Two who patch one event claim its title one after the other.
pub(super) const LOCK: &str = concat!("UPDATE events SET revision = revision WHERE id = $1 RETURNING ", columns!());

pub(super) const UPDATE: &str = concat!(
    "UPDATE events SET title = COALESCE($3, title), description = COALESCE($4, description),
        organization = COALESCE($5, organization), rating = COALESCE($6, rating), location = COALESCE($7, location),
        address = COALESCE($8, address), city = COALESCE($9, city), country = COALESCE($10, country),
        latitude_e6 = CASE WHEN $19 = 1 THEN $11 ELSE latitude_e6 END,
        longitude_e6 = CASE WHEN $19 = 1 THEN $12 ELSE longitude_e6 END,
        category = COALESCE($13, category), tags = COALESCE($14, tags), timezone = COALESCE($15, timezone),
        starts_at = COALESCE($16, starts_at), ends_at = CASE WHEN $20 = 1 THEN $17 ELSE ends_at END,
        revision = revision + 1, changed_at = $2
    WHERE id = $1 AND deleted_at IS NULL AND ($18 = 0 OR NOT ",
    is_sold!(),
    ") RETURNING ",
    columns!()
);

const IS_SOLD: &str = concat!("SELECT 1 FROM events WHERE id = $1 AND ", is_sold!());

/// A published event is cancelled first, so that nothing is sold while it goes.
const DELETE: &str = concat!(
    "UPDATE events SET deleted_at = $2, images = '[]'
    WHERE id = $1 AND deleted_at IS NULL AND status IN ('draft', 'cancelled') AND NOT ",
    is_sold!()
);

pub(super) const STATEMENTS: &[&str] = &[
    INSERT,
    FIND,
    FIND_BY_REQUEST,
    FIND_BY_SLUG,
    LIST_PUBLISHED,
    LIST_OF_MEMBER,
    LIST_OF_ORGANIZER,
    LOCK,
    UPDATE,
    IS_SOLD,
    DELETE,
];

impl Store {
    /// Stores the event under a slug of its own, or finds the one that the same request created before. Answers the stored
    /// one.
    ///
    /// # Errors
    /// [`StoreError::TitleTaken`] when another event of the organizer that is neither cancelled nor deleted has the title at
    /// this time.
    #[boxed]
    pub async fn event_insert(&self, event: &Event) -> Result<Event, StoreError> {
        self.event_insert_audited(event, |_| None).await
    }

    /// The same with the `entry` that is made of the stored event, if this stores it.
    pub async fn event_insert_audited(
        &self,
        event: &Event,
        entry: impl FnOnce(&Event) -> Option<AuditEntry> + Send,
    ) -> Result<Event, StoreError> {
        let title = Title::of(event);
        let _change = self.catalogue_change();
        let stored: Option<Event> = on_transaction!(self, transaction => async {
            if let Some(key) = event.request_key {
                let found = sqlx::query_as(FIND_BY_REQUEST).bind(key.to_vec()).fetch_optional(&mut *transaction).await?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            if !claim_title!(transaction, title) {
                // Another node may have stored the same request since.
                let key = event.request_key.map(|key| key.to_vec());
                return sqlx::query_as(FIND_BY_REQUEST).bind(key).fetch_optional(&mut *transaction).await;
            }
            let slug = claim_slug!(transaction, event);
            insert_event!(transaction, event, slug, event.request_key.map(|key| key.to_vec())).await?;
            transaction.index_event(event).await?;
            let stored: Event = sqlx::query_as(FIND).bind(event.id.uuid()).fetch_one(&mut *transaction).await?;
            if let Some(entry) = entry(&stored) {
                audit!(&mut *transaction, &entry).await?;
            }
            Ok(Some(stored))
        })?;
        stored.ok_or(StoreError::TitleTaken)
    }

    /// Deleted ones included.
    #[boxed]
    pub async fn event_find_any(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(pool))
    }

    #[boxed]
    pub async fn event_find(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        let found = self.event_find_any(id).await?;
        Ok(found.filter(|event| event.deleted_at.is_none()))
    }

    #[boxed]
    pub async fn event_find_by_slug(&self, slug: &str) -> Result<Option<Event>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND_BY_SLUG).bind(slug).fetch_optional(pool))
    }

    /// The one that the request of this key made.
    #[boxed]
    pub async fn event_find_by_request(&self, request_key: [u8; 16]) -> Result<Option<Event>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND_BY_REQUEST).bind(request_key.to_vec()).fetch_optional(pool))
    }

    /// Newest first, behind `after`.
    #[boxed]
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
            EventFilter::Member(user) => sqlx::query_as(LIST_OF_MEMBER).bind(after).bind(limit).bind(user.uuid()),
            EventFilter::Organizer(user) => sqlx::query_as(LIST_OF_ORGANIZER).bind(after).bind(limit).bind(user.uuid()),
        }
        .fetch_all(pool))
    }

    /// The event as it is now; `None` when there is none, or when it is sold and the patch is for unsold ones.
    ///
    /// # Errors
    /// [`StoreError::TitleTaken`] as for [`Self::event_insert`].
    #[boxed]
    pub async fn event_update(
        &self,
        id: EventId,
        patch: &EventPatch,
        now: TimeUs,
    ) -> Result<Option<Event>, StoreError> {
        self.event_update_audited(id, patch, now, |_, _| None).await
    }

    /// The same with the `entry` that is made of the event before and after.
    pub async fn event_update_audited(
        &self,
        id: EventId,
        patch: &EventPatch,
        now: TimeUs,
        entry: impl FnOnce(Event, &Event) -> Option<AuditEntry> + Send,
    ) -> Result<Option<Event>, StoreError> {
        let _change = self.catalogue_change();
        let changed = on_transaction!(self, transaction => async {
            let Some(found) = sqlx::query_as::<_, Event>(LOCK).bind(id.uuid()).fetch_optional(&mut *transaction).await?
            else {
                return Ok(Patched::Not);
            };
            let patched = patch_event!(transaction, &found, patch, now, patch.only_unsold);
            if let Patched::Is(after) = &patched
                && let Some(entry) = entry(found, after)
            {
                audit!(&mut *transaction, &entry).await?;
            }
            Ok(patched)
        })?;
        match changed {
            Patched::Is(event) => Ok(Some(*event)),
            Patched::Not => Ok(None),
            Patched::TitleTaken => Err(StoreError::TitleTaken),
        }
    }

    /// Whether places of it are paid for.
    #[boxed]
    pub async fn event_is_sold(&self, id: EventId) -> Result<bool, StoreError> {
        let sold: Option<i32> =
            on_pool!(self, pool => sqlx::query_scalar(IS_SOLD).bind(id.uuid()).fetch_optional(pool))?;
        Ok(sold.is_some())
    }

    /// Whether it is deleted by this: it must be a draft or cancelled, and nothing of it paid for. The row stays, for the
    /// orders and the journal that name it.
    #[boxed]
    pub async fn event_delete(&self, id: EventId, now: TimeUs, entry: Option<&AuditEntry>) -> Result<bool, StoreError> {
        let _change = self.catalogue_change();
        audited!(self, entry, sqlx::query(DELETE).bind(id.uuid()).bind(now.0)).map(|touched| touched == 1)
    }
}
