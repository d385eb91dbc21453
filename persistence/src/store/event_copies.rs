//! Copies of events. A copy is stored as an event that is deleted, is given its seats and tiers, and comes alive whole: nobody
//! meets half a copy, and one that is never finished is a draft that was deleted.

use inventory::EventId;

use super::audit_log::audit;
use super::event_names::{Title, claim_slug, claim_title};
use super::events::{FIND, FIND_BY_REQUEST, insert_event};
use super::images::{KEEP, json};
use super::{AuditEntry, Event, Store, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::search::EventIndex as _;

/// Events with what is copied along beside the journal: drawing, limit of answers, cut-off of names.
#[derive(Clone, Copy, Debug)]
pub struct EventCopies<'a> {
    pub source: EventId,
    /// As they shall be shown. Their pictures' files are written.
    pub copies: &'a [Event],
    pub entries: &'a [AuditEntry],
}

const HIDE: &str = "UPDATE events SET deleted_at = $2 WHERE id = $1";

pub(super) const REVEAL: &str = "
    UPDATE events SET slug = $2, request_key = $3, images = $4, created_at = $5, changed_at = $5, deleted_at = NULL
    WHERE id = $1";

pub(super) const COPY_DRAWING: &str = "
    INSERT INTO seat_map_drawings (event_id, map_digest, drawing)
    SELECT copy.id, map_digest, drawing FROM seat_map_drawings, events AS copy WHERE event_id = $1 AND copy.id = $2";

pub(super) const COPY_RSVP_LIMIT: &str = "
    INSERT INTO rsvp_limits (event_id, yes_max)
    SELECT copy.id, yes_max FROM rsvp_limits, events AS copy WHERE event_id = $1 AND copy.id = $2";

pub(super) const COPY_CUT_OFF: &str = "
    INSERT INTO attendee_cut_offs (event_id, minutes_before)
    SELECT copy.id, minutes_before FROM attendee_cut_offs, events AS copy WHERE event_id = $1 AND copy.id = $2";

pub(super) const STATEMENTS: &[&str] = &[HIDE, REVEAL, COPY_DRAWING, COPY_RSVP_LIMIT, COPY_CUT_OFF];

/// Puts the copies among the events, within a transaction. Whether it could: not when a title is taken.
macro_rules! reveal_copies {
    ($transaction:ident, $copies:expr) => {{
        use $crate::store::event_copies::{COPY_CUT_OFF, COPY_DRAWING, COPY_RSVP_LIMIT, REVEAL};
        let mut is_free = true;
        for copy in $copies.copies {
            is_free = is_free && claim_title!($transaction, Title::of(copy));
            let slug = claim_slug!($transaction, copy);
            sqlx::query(REVEAL)
                .bind(copy.id.uuid())
                .bind(slug)
                .bind(copy.request_key.map(|key| key.to_vec()))
                .bind(json(&copy.images)?)
                .bind(copy.created_at.0)
                .execute(&mut *$transaction)
                .await?;
            for sql in [COPY_DRAWING, COPY_RSVP_LIMIT, COPY_CUT_OFF] {
                let (source, copy) = ($copies.source.uuid(), copy.id.uuid());
                sqlx::query(sql).bind(source).bind(copy).execute(&mut *$transaction).await?;
            }
            for image in &copy.images {
                sqlx::query(KEEP).bind(image.id).execute(&mut *$transaction).await?;
            }
        }
        for entry in $copies.entries {
            audit!(&mut *$transaction, entry).await?;
        }
        is_free
    }};
}

pub(super) use reveal_copies;

impl Store {
    /// Before anything of them is in the journal. Nobody sees them yet.
    #[boxed]
    pub async fn event_copies_begin(&self, copies: &[Event]) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            for copy in copies {
                // Unique, and no name that anybody has claimed or could be shown.
                insert_event!(transaction, copy, copy.id.to_string(), None::<Vec<u8>>).await?;
                sqlx::query(HIDE).bind(copy.id.uuid()).bind(copy.created_at.0).execute(&mut *transaction).await?;
                transaction.index_event(copy).await?;
            }
            Ok(())
        })
    }

    /// All of them, or none. Answers the copy as it is stored, or the one that the same request made before.
    ///
    /// # Errors
    /// [`StoreError::TitleTaken`] as for [`Self::event_insert`].
    pub async fn event_copy_finish(&self, copies: EventCopies<'_>) -> Result<Event, StoreError> {
        let Some(copy) = copies.copies.first() else { return Err(StoreError::TitleTaken) };
        let mut is_taken = false;
        let finished = on_transaction!(self, transaction => async {
            if let Some(key) = copy.request_key {
                let made = sqlx::query_as::<_, Event>(FIND_BY_REQUEST).bind(key.to_vec()).fetch_optional(&mut *transaction).await?;
                if let Some(made) = made {
                    return Ok(made);
                }
            }
            if !reveal_copies!(transaction, copies) {
                is_taken = true;
                // Takes back what was written until here.
                return Err(sqlx::Error::RowNotFound);
            }
            sqlx::query_as::<_, Event>(FIND).bind(copy.id.uuid()).fetch_one(&mut *transaction).await
        });
        if is_taken { Err(StoreError::TitleTaken) } else { finished }
    }
}
