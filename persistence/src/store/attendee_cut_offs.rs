//! Until when the holders of an event's tickets may name who comes.

use inventory::EventId;

use super::audit_log::audited;
use super::{AuditEntry, Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct CutOff {
        pub minutes_before: u32,
    }
}

const FIND: &str = "SELECT minutes_before FROM attendee_cut_offs WHERE event_id = $1";

const SET: &str = "
    INSERT INTO attendee_cut_offs (event_id, minutes_before) VALUES ($1, $2)
    ON CONFLICT (event_id) DO UPDATE SET minutes_before = excluded.minutes_before";

pub(super) const STATEMENTS: &[&str] = &[FIND, SET];

impl Store {
    /// Minutes before the event starts. 0 where nobody has said.
    #[boxed]
    pub async fn attendee_cut_off(&self, event: EventId) -> Result<u32, StoreError> {
        let found: Option<CutOff> =
            on_pool!(self, pool => sqlx::query_as(FIND).bind(event.uuid()).fetch_optional(pool))?;
        Ok(found.map_or(0, |found| found.minutes_before))
    }

    #[boxed]
    pub async fn attendee_cut_off_set(
        &self,
        event: EventId,
        minutes_before: u32,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        audited!(self, Some(entry), sqlx::query(SET).bind(event.uuid()).bind(i64::from(minutes_before))).map(drop)
    }
}
