//! Keys of scanners: each is good for one event. They stand among the API keys, because they sign in the same way.

use inventory::{EventId, TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::audited;
use super::{AuditEntry, Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct Scanner {
        pub id: Uuid,
        pub event_id: EventId,
        /// For whom it scans: the event's organizer.
        pub user_id: UserId,
        pub name: String,
        /// How the key begins.
        pub prefix: String,
        /// The check-in list that it is bound to.
        pub list_id: Option<Uuid>,
        pub gate: Option<String>,
        pub created_at: TimeUs,
        pub expires_at: Option<TimeUs>,
        pub last_used_at: Option<TimeUs>,
    }
}

const INSERT: &str = "
    INSERT INTO api_keys (id, event_id, user_id, name, prefix, hash, scopes, list_id, gate, created_at, expires_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
    WHERE (SELECT COUNT(*) FROM api_keys WHERE event_id = $2) < $12";

const LIST: &str = "
    SELECT id, event_id, user_id, name, prefix, list_id, gate, created_at, expires_at, last_used_at
    FROM api_keys WHERE event_id = $1 AND id > $2 ORDER BY id LIMIT $3";

const DELETE: &str = "DELETE FROM api_keys WHERE id = $1 AND event_id = $2";

pub(super) const STATEMENTS: &[&str] = &[INSERT, LIST, DELETE];

impl Store {
    /// Whether it was stored: not when the event has `scanners_max` already.
    #[boxed]
    pub async fn scanner_insert(
        &self,
        scanner: &Scanner,
        hash: [u8; 32],
        scopes: &str,
        scanners_max: u32,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        audited!(
            self,
            entry,
            sqlx::query(INSERT)
                .bind(scanner.id)
                .bind(scanner.event_id.uuid())
                .bind(scanner.user_id.uuid())
                .bind(&scanner.name)
                .bind(&scanner.prefix)
                .bind(hash.to_vec())
                .bind(scopes)
                .bind(scanner.list_id)
                .bind(&scanner.gate)
                .bind(scanner.created_at.0)
                .bind(scanner.expires_at.map(|at| at.0))
                .bind(i64::from(scanners_max))
        )
        .map(|touched| touched == 1)
    }

    /// Of an event, the oldest first, behind `after`.
    #[boxed]
    pub async fn scanner_list(
        &self,
        event: EventId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Scanner>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(event.uuid())
            .bind(after.unwrap_or_else(Uuid::nil))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Whether the event had such a scanner.
    #[boxed]
    pub async fn scanner_delete(
        &self,
        event: EventId,
        id: Uuid,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        audited!(self, entry, sqlx::query(DELETE).bind(id).bind(event.uuid())).map(|touched| touched == 1)
    }
}
