//! Which tickets a gate is for.

use inventory::{EventId, TimeUs};
use uuid::Uuid;

use super::audit_log::audited;
use super::{AuditEntry, Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct CheckInList {
        pub id: Uuid,
        pub event_id: EventId,
        pub name: String,
        /// Where it is used, in the organizer's words.
        pub gate: Option<String>,
        /// Ids with a space between them. Empty: all.
        pub tiers: String,
        /// Ids of sections and areas with a space between them. Empty: all.
        pub sections: String,
        pub created_at: TimeUs,
    }
}

const INSERT: &str = "
    INSERT INTO check_in_lists (id, event_id, name, gate, tiers, sections, created_at)
    SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT COUNT(*) FROM check_in_lists WHERE event_id = $2) < $8";

const FIND: &str = "
    SELECT id, event_id, name, gate, tiers, sections, created_at FROM check_in_lists WHERE id = $1 AND event_id = $2";

const LIST: &str = "
    SELECT id, event_id, name, gate, tiers, sections, created_at
    FROM check_in_lists WHERE event_id = $1 AND id > $2 ORDER BY id LIMIT $3";

const UPDATE: &str = "
    UPDATE check_in_lists SET name = $3, gate = $4, tiers = $5, sections = $6 WHERE id = $1 AND event_id = $2";

/// A scanner that is bound to it would be for all tickets without it.
const DELETE: &str = "
    DELETE FROM check_in_lists WHERE id = $1 AND event_id = $2
        AND NOT EXISTS (SELECT 1 FROM api_keys WHERE api_keys.event_id = $2 AND api_keys.list_id = $1)";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND, LIST, UPDATE, DELETE];

impl Store {
    /// Whether it was stored: not when the event has `lists_max` already.
    #[boxed]
    pub async fn check_in_list_insert(
        &self,
        list: &CheckInList,
        lists_max: u32,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        audited!(
            self,
            entry,
            sqlx::query(INSERT)
                .bind(list.id)
                .bind(list.event_id.uuid())
                .bind(&list.name)
                .bind(&list.gate)
                .bind(&list.tiers)
                .bind(&list.sections)
                .bind(list.created_at.0)
                .bind(i64::from(lists_max))
        )
        .map(|touched| touched == 1)
    }

    #[boxed]
    pub async fn check_in_list_find(&self, event: EventId, id: Uuid) -> Result<Option<CheckInList>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id).bind(event.uuid()).fetch_optional(pool))
    }

    /// Of an event, the oldest first, behind `after`.
    #[boxed]
    pub async fn check_in_list_list(
        &self,
        event: EventId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<CheckInList>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(event.uuid())
            .bind(after.unwrap_or_else(Uuid::nil))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Whether there is such a list. What it is called and whom it lets in are written anew.
    #[boxed]
    pub async fn check_in_list_update(
        &self,
        list: &CheckInList,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        audited!(
            self,
            entry,
            sqlx::query(UPDATE)
                .bind(list.id)
                .bind(list.event_id.uuid())
                .bind(&list.name)
                .bind(&list.gate)
                .bind(&list.tiers)
                .bind(&list.sections)
        )
        .map(|touched| touched == 1)
    }

    /// Whether it was deleted: not when a scanner is bound to it.
    #[boxed]
    pub async fn check_in_list_delete(
        &self,
        event: EventId,
        id: Uuid,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        audited!(self, entry, sqlx::query(DELETE).bind(id).bind(event.uuid())).map(|touched| touched == 1)
    }
}
