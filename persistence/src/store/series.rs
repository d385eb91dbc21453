//! Series: what events share that are sessions of one show. A session is an event like any other, whose row names its series.

use inventory::{EventId, TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::{audit, audited};
use super::event_copies::{EventCopies, reveal_copies};
use super::event_names::{Title, claim_slug, claim_title};
use super::event_patch::{Patched, patch_event};
use super::events::{FIND_BY_REQUEST, LOCK as LOCK_EVENT, columns};
use super::images::{KEEP, json};
use super::{AuditEntry, Event, EventPatch, Image, Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;
use crate::search::EventIndex as _;

row! {
    pub struct Series {
        pub id: Uuid,
        pub organizer_id: UserId,
        /// What its sessions share, as JSON.
        pub words: String,
        pub created_at: TimeUs,
        /// Digest of the account and the idempotency key that created it.
        pub request_key: Option<[u8; 16]>,
    }
}

row! {
    /// With what its sessions say together: the published ones, or all.
    pub struct SeriesSummary {
        pub id: Uuid,
        pub organizer_id: UserId,
        pub words: String,
        pub created_at: TimeUs,
        pub sessions: u32,
        pub first_starts_at: Option<TimeUs>,
        pub last_starts_at: Option<TimeUs>,
        /// Of the first session that has any.
        pub images: Vec<Image>,
    }
}

/// Which sessions are seen, and of which series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesFilter {
    /// Published sessions, and series that have one.
    Published,
    /// All sessions of the account's series.
    Organizer(UserId),
    All,
}

/// Why a series did not become what it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeriesRefusal {
    /// There is no such series any more.
    Gone,
    /// It would have more sessions than it may.
    Full,
    /// The template is gone, or in a series by now.
    TemplateTaken,
}

/// A change of what sessions share.
pub struct SeriesChange<'a> {
    pub series: Uuid,
    pub patch: &'a EventPatch,
    pub now: TimeUs,
    /// From the series' words to those that it has afterwards.
    pub words: &'a (dyn Fn(&str) -> String + Sync),
    /// Sessions that are left as they are.
    pub is_over: &'a (dyn Fn(&Event) -> bool + Sync),
    pub entry: &'a AuditEntry,
    /// Of a session, before and after.
    pub session_entry: &'a (dyn Fn(&Event, &Event) -> AuditEntry + Sync),
}

/// What became of the sessions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeriesChanged {
    pub changed: Vec<Event>,
    /// Sold, so that their time and place stand fast.
    pub frozen: Vec<Event>,
    pub over: Vec<Event>,
}

macro_rules! of_all {
    () => {
        "deleted_at IS NULL"
    };
}

macro_rules! of_published {
    () => {
        "deleted_at IS NULL AND status = 'published'"
    };
}

macro_rules! select {
    ($sessions:expr, $which:literal) => {
        concat!(
            "SELECT series.id, series.organizer_id, series.words, series.created_at,
        (SELECT COUNT(*) FROM events WHERE series_id = series.id AND ",
            $sessions,
            ") AS sessions,
        (SELECT MIN(starts_at) FROM events WHERE series_id = series.id AND ",
            $sessions,
            ") AS first_starts_at,
        (SELECT MAX(starts_at) FROM events WHERE series_id = series.id AND ",
            $sessions,
            ") AS last_starts_at,
        COALESCE((SELECT images FROM events WHERE series_id = series.id AND images <> '[]' AND ",
            $sessions,
            " ORDER BY starts_at, events.id LIMIT 1), '[]') AS images
    FROM series WHERE ",
            $which
        )
    };
}

const INSERT: &str = "
    INSERT INTO series (id, organizer_id, words, created_at, request_key) VALUES ($1, $2, $3, $4, $5)";
const FIND: &str = "SELECT id, organizer_id, words, created_at, request_key FROM series WHERE id = $1";
const FIND_MADE: &str = "SELECT id, organizer_id, words, created_at, request_key FROM series WHERE request_key = $1";
const SUMMARY: &str = select!(of_all!(), "series.id = $1");
const SUMMARY_PUBLISHED: &str = select!(of_published!(), "series.id = $1");

const LIST: &str = select!(of_all!(), "series.id < $1 ORDER BY series.id DESC LIMIT $2");

const LIST_OF_ORGANIZER: &str =
    select!(of_all!(), "series.id < $1 AND series.organizer_id = $3 ORDER BY series.id DESC LIMIT $2");

const LIST_PUBLISHED: &str = select!(
    of_published!(),
    "series.id < $1 AND EXISTS (SELECT 1 FROM events WHERE series_id = series.id AND deleted_at IS NULL
        AND status = 'published') ORDER BY series.id DESC LIMIT $2"
);

macro_rules! sessions {
    ($sessions:expr) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM events WHERE series_id = $1 AND ",
            $sessions,
            " AND (starts_at > $2 OR (starts_at = $2 AND id > $3)) ORDER BY starts_at, id LIMIT $4"
        )
    };
}

const SESSIONS: &str = sessions!(of_all!());

const SESSIONS_PUBLISHED: &str = sessions!(of_published!());

const COUNT: &str = "SELECT COUNT(*) FROM events WHERE series_id = $1 AND deleted_at IS NULL";

/// Reads and locks: changes of one series wait for each other here.
const LOCK: &str = "UPDATE series SET words = words WHERE id = $1 RETURNING words";

const SET_WORDS: &str = "UPDATE series SET words = $2 WHERE id = $1";
const JOIN: &str = "UPDATE events SET series_id = $2 WHERE id = $1 AND series_id IS NULL AND deleted_at IS NULL";
const LEAVE: &str = "UPDATE events SET series_id = NULL WHERE id = $1 AND series_id = $2 AND deleted_at IS NULL";
const LEAVE_ALL: &str = "UPDATE events SET series_id = NULL WHERE series_id = $1";
const DELETE: &str = "DELETE FROM series WHERE id = $1";

pub(super) const STATEMENTS: &[&str] = &[
    INSERT,
    FIND,
    FIND_MADE,
    SUMMARY,
    SUMMARY_PUBLISHED,
    LIST,
    LIST_OF_ORGANIZER,
    LIST_PUBLISHED,
    SESSIONS,
    SESSIONS_PUBLISHED,
    COUNT,
    LOCK,
    SET_WORDS,
    JOIN,
    LEAVE,
    LEAVE_ALL,
    DELETE,
];

impl Store {
    /// The series with its sessions: the copies and, if it is one of them, the template. All or nothing. Answers the series,
    /// or the one that the same request made before.
    ///
    /// # Errors
    /// [`StoreError::TitleTaken`] as for [`Self::event_insert`].
    pub async fn series_create(
        &self,
        series: &Series,
        template: Option<EventId>,
        copies: EventCopies<'_>,
    ) -> Result<Result<Series, SeriesRefusal>, StoreError> {
        let mut refused = None;
        let mut is_taken = false;
        let made = on_transaction!(self, transaction => async {
            if let Some(key) = series.request_key {
                let made = sqlx::query_as::<_, Series>(FIND_MADE).bind(key.to_vec()).fetch_optional(&mut *transaction);
                if let Some(made) = made.await? {
                    return Ok(made);
                }
            }
            sqlx::query(INSERT)
                .bind(series.id)
                .bind(series.organizer_id.uuid())
                .bind(&series.words)
                .bind(series.created_at.0)
                .bind(series.request_key.map(|key| key.to_vec()))
                .execute(&mut *transaction)
                .await?;
            if let Some(template) = template {
                let join = sqlx::query(JOIN).bind(template.uuid()).bind(series.id).execute(&mut *transaction);
                if join.await?.rows_affected() == 0 {
                    refused = Some(SeriesRefusal::TemplateTaken);
                    // Takes back what was written until here.
                    return Err(sqlx::Error::RowNotFound);
                }
            }
            if !reveal_copies!(transaction, copies) {
                is_taken = true;
                return Err(sqlx::Error::RowNotFound);
            }
            Ok(series.clone())
        });
        match refused {
            _ if is_taken => Err(StoreError::TitleTaken),
            Some(refusal) => Ok(Err(refusal)),
            None => made.map(Ok),
        }
    }

    /// All of the copies become sessions of the series, or none does. Those that the same request made before are enough.
    ///
    /// # Errors
    /// [`StoreError::TitleTaken`] as for [`Self::event_insert`].
    pub async fn series_add(
        &self,
        series: Uuid,
        copies: EventCopies<'_>,
        sessions_max: usize,
    ) -> Result<Result<(), SeriesRefusal>, StoreError> {
        let mut refused = None;
        let mut is_taken = false;
        let added = on_transaction!(self, transaction => async {
            if let Some(key) = copies.copies.first().and_then(|copy| copy.request_key) {
                let made = sqlx::query_as::<_, Event>(FIND_BY_REQUEST).bind(key.to_vec());
                if made.fetch_optional(&mut *transaction).await?.is_some() {
                    return Ok(());
                }
            }
            let locked: Option<(String,)> = sqlx::query_as(LOCK).bind(series).fetch_optional(&mut *transaction).await?;
            let (count,): (i64,) = sqlx::query_as(COUNT).bind(series).fetch_one(&mut *transaction).await?;
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            refused = if locked.is_none() {
                Some(SeriesRefusal::Gone)
            } else if count.saturating_add(copies.copies.len()) > sessions_max {
                Some(SeriesRefusal::Full)
            } else {
                None
            };
            is_taken = refused.is_none() && !reveal_copies!(transaction, copies);
            // Takes back what was written until here.
            if refused.is_some() || is_taken { Err(sqlx::Error::RowNotFound) } else { Ok(()) }
        });
        match refused {
            _ if is_taken => Err(StoreError::TitleTaken),
            Some(refusal) => Ok(Err(refusal)),
            None => added.map(Ok),
        }
    }

    #[boxed]
    pub async fn series_find(&self, id: Uuid) -> Result<Option<Series>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id).fetch_optional(pool))
    }

    /// The one that the request of this key made.
    #[boxed]
    pub async fn series_find_by_request(&self, request_key: [u8; 16]) -> Result<Option<Series>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND_MADE).bind(request_key.to_vec()).fetch_optional(pool))
    }

    /// `None` when there is no such series; one without sessions has none to show.
    #[boxed]
    pub async fn series_summary(&self, id: Uuid, is_public: bool) -> Result<Option<SeriesSummary>, StoreError> {
        let text = if is_public { SUMMARY_PUBLISHED } else { SUMMARY };
        on_pool!(self, pool => sqlx::query_as(text).bind(id).fetch_optional(pool))
    }

    /// Newest first, behind `after`.
    #[boxed]
    pub async fn series_list(
        &self,
        filter: SeriesFilter,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<SeriesSummary>, StoreError> {
        let (after, limit) = (after.unwrap_or_else(Uuid::max), i64::from(limit));
        on_pool!(self, pool => match filter {
            SeriesFilter::Published => sqlx::query_as(LIST_PUBLISHED).bind(after).bind(limit),
            SeriesFilter::Organizer(user) => sqlx::query_as(LIST_OF_ORGANIZER).bind(after).bind(limit).bind(user.uuid()),
            SeriesFilter::All => sqlx::query_as(LIST).bind(after).bind(limit),
        }
        .fetch_all(pool))
    }

    /// As they begin, behind `after`.
    #[boxed]
    pub async fn series_sessions(
        &self,
        series: Uuid,
        is_public: bool,
        after: Option<&Event>,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let text = if is_public { SESSIONS_PUBLISHED } else { SESSIONS };
        let (starts_at, id) = after.map_or((i64::MIN, Uuid::nil()), |event| (event.starts_at.0, event.id.uuid()));
        on_pool!(self, pool => sqlx::query_as(text)
            .bind(series)
            .bind(starts_at)
            .bind(id)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Changes the series, if there is one, and every session that is neither over nor sold for another place than the new.
    ///
    /// # Errors
    /// [`StoreError::TitleTaken`] as for [`Self::event_insert`], of any session: then nothing is changed.
    #[boxed]
    pub async fn series_update(&self, change: &SeriesChange<'_>) -> Result<Option<SeriesChanged>, StoreError> {
        let mut is_taken = false;
        let _change = self.catalogue_change();
        let changed = on_transaction!(self, transaction => async {
            let lock = sqlx::query_as::<_, (String,)>(LOCK).bind(change.series);
            let Some((words,)) = lock.fetch_optional(&mut *transaction).await? else { return Ok(None) };
            let words = (change.words)(&words);
            sqlx::query(SET_WORDS).bind(change.series).bind(words).execute(&mut *transaction).await?;
            audit!(&mut *transaction, change.entry).await?;
            let sessions = sqlx::query_as::<_, Event>(SESSIONS).bind(change.series).bind(i64::MIN).bind(Uuid::nil());
            let sessions = sessions.bind(i64::MAX).fetch_all(&mut *transaction).await?;
            let mut changed = SeriesChanged::default();
            for session in sessions {
                let lock = sqlx::query_as::<_, Event>(LOCK_EVENT).bind(session.id.uuid());
                let before = lock.fetch_one(&mut *transaction).await?;
                if (change.is_over)(&before) {
                    changed.over.push(before);
                    continue;
                }
                let only_unsold = !change.patch.moves(&before).is_empty();
                match patch_event!(transaction, &before, change.patch, change.now, only_unsold) {
                    Patched::Is(after) => {
                        audit!(&mut *transaction, &(change.session_entry)(&before, &after)).await?;
                        changed.changed.push(*after);
                    }
                    Patched::Not => changed.frozen.push(before),
                    Patched::TitleTaken => {
                        is_taken = true;
                        // Takes back what was written until here.
                        return Err(sqlx::Error::RowNotFound);
                    }
                }
            }
            Ok(Some(changed))
        });
        if is_taken { Err(StoreError::TitleTaken) } else { changed }
    }

    /// Whether the event was a session of the series. It goes on by itself.
    #[boxed]
    pub async fn series_leave(
        &self,
        series: Uuid,
        event: EventId,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        let _change = self.catalogue_change();
        audited!(self, entry, sqlx::query(LEAVE).bind(event.uuid()).bind(series)).map(|touched| touched == 1)
    }

    /// Whether there was such a series. Its sessions go on, each by itself.
    #[boxed]
    pub async fn series_delete(&self, id: Uuid, entry: &AuditEntry) -> Result<bool, StoreError> {
        let _change = self.catalogue_change();
        on_transaction!(self, transaction => async {
            let deleted = sqlx::query(DELETE).bind(id).execute(&mut *transaction).await?.rows_affected() == 1;
            if deleted {
                sqlx::query(LEAVE_ALL).bind(id).execute(&mut *transaction).await?;
                audit!(&mut *transaction, entry).await?;
            }
            Ok(deleted)
        })
    }
}
