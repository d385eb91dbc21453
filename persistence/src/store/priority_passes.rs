//! Who was given a way past a waiting room, by whom and why. The pass itself is a signed text and is not kept.

use inventory::{EventId, TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::audited;
use super::{AuditEntry, Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct PriorityPass {
        pub id: Uuid,
        pub event_id: EventId,
        pub issued_by: UserId,
        pub issued_at: TimeUs,
        pub reason: String,
        /// Accounts that may enter with it.
        pub uses: u32,
        pub expires_at: TimeUs,
        /// Only this account may use it.
        pub user_id: Option<UserId>,
    }
}

const INSERT: &str = "
    INSERT INTO priority_passes (id, event_id, issued_by, issued_at, reason, uses, expires_at, user_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const LIST: &str = "
    SELECT id, event_id, issued_by, issued_at, reason, uses, expires_at, user_id
    FROM priority_passes WHERE event_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

const LIST_OF_USER: &str = "
    SELECT id, event_id, issued_by, issued_at, reason, uses, expires_at, user_id
    FROM priority_passes WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

/// Its reason may say what nobody else should know. The pass itself is of no use without the account.
pub(super) const FORGET_USER: &str = "DELETE FROM priority_passes WHERE user_id = $1";

pub(super) const STATEMENTS: &[&str] = &[INSERT, LIST, LIST_OF_USER, FORGET_USER];

impl Store {
    #[boxed]
    pub async fn priority_pass_insert(
        &self,
        pass: &PriorityPass,
        entry: Option<&AuditEntry>,
    ) -> Result<(), StoreError> {
        audited!(
            self,
            entry,
            sqlx::query(INSERT)
                .bind(pass.id)
                .bind(pass.event_id.uuid())
                .bind(pass.issued_by.uuid())
                .bind(pass.issued_at.0)
                .bind(&pass.reason)
                .bind(i64::from(pass.uses))
                .bind(pass.expires_at.0)
                .bind(pass.user_id.map(UserId::uuid))
        )
        .map(drop)
    }

    /// Newest first, behind `after`.
    #[boxed]
    pub async fn priority_pass_list(
        &self,
        event: EventId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<PriorityPass>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(event.uuid())
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Those that only this account may use. Newest first, behind `after`.
    #[boxed]
    pub async fn priority_pass_list_of_user(
        &self,
        user: UserId,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<PriorityPass>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_USER)
            .bind(user.uuid())
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }
}
