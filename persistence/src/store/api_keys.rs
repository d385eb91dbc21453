//! Keys of machines. Those of scanners stand here as well, see `scanners.rs`, and are not among the keys of their owner.
//! Only digests are kept: a key is random, so that SHA-256 is enough.

use inventory::{EventId, TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::{audit, audited};
use super::mails::insert_mail;
use super::users::LOCK_OWNER;
use super::{AuditEntry, NewMail, Role, Store, UserStatus, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct ApiKey {
        pub id: Uuid,
        pub user_id: UserId,
        pub name: String,
        /// How the key begins.
        pub prefix: String,
        /// Names with a space between them.
        pub scopes: String,
        pub created_at: TimeUs,
        pub expires_at: Option<TimeUs>,
        pub last_used_at: Option<TimeUs>,
    }
}

row! {
    /// What a key is worth at present.
    pub struct ApiKeyStanding {
        pub id: Uuid,
        pub user_id: UserId,
        pub scopes: String,
        pub expires_at: Option<TimeUs>,
        /// Of a scanner: the one event that it is good for.
        pub event_id: Option<EventId>,
        /// Of a scanner: the check-in list that it is bound to.
        pub list_id: Option<Uuid>,
        /// Of the account.
        pub role: Role,
        /// Of the account.
        pub status: UserStatus,
    }
}

const INSERT: &str = "
    INSERT INTO api_keys (id, user_id, name, prefix, hash, scopes, created_at, expires_at)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE (
        SELECT COUNT(*) FROM api_keys WHERE user_id = $2 AND event_id IS NULL) < $9";

const FIND: &str = "
    SELECT api_keys.id, api_keys.user_id, api_keys.scopes, api_keys.expires_at, api_keys.event_id,
        api_keys.list_id, users.role, users.status
    FROM api_keys JOIN users ON users.id = api_keys.user_id WHERE api_keys.hash = $1";

const LIST: &str = "
    SELECT id, user_id, name, prefix, scopes, created_at, expires_at, last_used_at
    FROM api_keys WHERE user_id = $1 AND event_id IS NULL AND id < $2 ORDER BY id DESC LIMIT $3";

const USED: &str =
    "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";

const COUNT: &str = "SELECT COUNT(*) FROM api_keys WHERE user_id = $1 AND event_id IS NULL";

const DELETE: &str = "DELETE FROM api_keys WHERE id = $1 AND user_id = $2 AND event_id IS NULL";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND, LIST, USED, COUNT, DELETE];

impl Store {
    /// Whether it was stored: not when the account has `keys_max` already, and not when `password_hash` is not its password
    /// any more. `mail` tells its owner.
    #[boxed]
    pub async fn api_key_insert(
        &self,
        key: &ApiKey,
        hash: [u8; 32],
        keys_max: u32,
        password_hash: Option<&str>,
        mail: Option<&NewMail>,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let lock = sqlx::query(LOCK_OWNER).bind(key.user_id.uuid()).bind(password_hash);
            if lock.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            let insert = sqlx::query(INSERT)
                .bind(key.id)
                .bind(key.user_id.uuid())
                .bind(&key.name)
                .bind(&key.prefix)
                .bind(hash.to_vec())
                .bind(&key.scopes)
                .bind(key.created_at.0)
                .bind(key.expires_at.map(|at| at.0))
                .bind(i64::from(keys_max));
            if insert.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            if let Some(mail) = mail {
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            if let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(true)
        })
    }

    #[boxed]
    pub async fn api_key_count(&self, user: UserId) -> Result<u32, StoreError> {
        let count: i64 = on_pool!(self, pool => sqlx::query_scalar(COUNT).bind(user.uuid()).fetch_one(pool))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    #[boxed]
    pub async fn api_key_find(&self, hash: [u8; 32]) -> Result<Option<ApiKeyStanding>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(hash.to_vec()).fetch_optional(pool))
    }

    /// Of an account, newest first, behind `after`.
    #[boxed]
    pub async fn api_key_list(&self, user: UserId, after: Option<Uuid>, limit: u32) -> Result<Vec<ApiKey>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(user.uuid())
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    #[boxed]
    pub async fn api_key_used(&self, id: Uuid, at: TimeUs) -> Result<(), StoreError> {
        changed!(self, sqlx::query(USED).bind(id).bind(at.0)).map(drop)
    }

    /// Whether the account had such a key.
    #[boxed]
    pub async fn api_key_delete(&self, id: Uuid, user: UserId, entry: Option<&AuditEntry>) -> Result<bool, StoreError> {
        audited!(self, entry, sqlx::query(DELETE).bind(id).bind(user.uuid())).map(|touched| touched == 1)
    }
}
