//! Logins as their owner sees them. A session is a family of refresh tokens, see `refresh`.

use inventory::{TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::audit;
use super::users::{Role, UserStatus};
use super::{AuditEntry, Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct Session {
        pub id: Uuid,
        pub created_at: TimeUs,
        /// Its last refresh.
        pub used_at: Option<TimeUs>,
        pub ip: Option<String>,
        pub user_agent: Option<String>,
        /// However often it is refreshed.
        pub expires_at: TimeUs,
    }
}

row! {
    /// What is true now of the account and the login that a token names.
    pub struct SessionStanding {
        pub user_id: UserId,
        pub role: Role,
        pub status: UserStatus,
        /// Of role or status.
        pub access_changed_at: TimeUs,
        pub revoked_at: Option<TimeUs>,
    }
}

row! {
    pub struct Revoked {
        pub id: Uuid,
        pub revoked_at: TimeUs,
    }
}

const LIST: &str = "
    SELECT id, created_at, used_at, ip, user_agent, expires_at FROM refresh_families
    WHERE user_id = $1 AND id < $2 AND revoked_at IS NULL AND expires_at > $3 AND COALESCE(used_at, created_at) > $4
    ORDER BY id DESC LIMIT $5";

const STANDING: &str = "
    SELECT family.user_id, users.role, users.status, users.access_changed_at, family.revoked_at
    FROM refresh_families AS family JOIN users ON users.id = family.user_id
    WHERE family.id = $1 AND users.erased_at IS NULL";

const END: &str = "
    UPDATE refresh_families SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL";

const IS_OF: &str = "SELECT id FROM refresh_families WHERE id = $1 AND user_id = $2";

pub(super) const END_ALL: &str = "
    UPDATE refresh_families SET revoked_at = $2 WHERE user_id = $1 AND id <> $3 AND revoked_at IS NULL RETURNING id";

const LIST_REVOKED: &str = "
    SELECT id, revoked_at FROM refresh_families WHERE revoked_at >= $1 ORDER BY revoked_at LIMIT $2";

pub(super) const STATEMENTS: &[&str] = &[LIST, STANDING, END, IS_OF, END_ALL, LIST_REVOKED];

impl Store {
    /// Those that can still be refreshed: not ended, not expired, used after `idle_since`. Newest first, behind `after`.
    #[boxed]
    pub async fn session_list(
        &self,
        user: UserId,
        after: Option<Uuid>,
        now: TimeUs,
        idle_since: TimeUs,
        limit: u32,
    ) -> Result<Vec<Session>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(user.uuid())
            .bind(after.unwrap_or_else(Uuid::max))
            .bind(now.0)
            .bind(idle_since.0)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// `None` when the login or its account is gone.
    #[boxed]
    pub async fn session_standing(&self, id: Uuid) -> Result<Option<SessionStanding>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(STANDING).bind(id).fetch_optional(pool))
    }

    /// Whether the user has, or had, such a session. `entry` is kept if it had not been ended before.
    #[boxed]
    pub async fn session_end(
        &self,
        user: UserId,
        id: Uuid,
        now: TimeUs,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let end = sqlx::query(END).bind(id).bind(user.uuid()).bind(now.0);
            if end.execute(&mut *transaction).await?.rows_affected() == 0 {
                let found = sqlx::query(IS_OF).bind(id).bind(user.uuid()).fetch_optional(&mut *transaction).await?;
                return Ok(found.is_some());
            }
            if let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(true)
        })
    }

    /// Every session of the user but `except`. Those that were not ended before; without any, `entry` is not kept.
    #[boxed]
    pub async fn session_end_all(
        &self,
        user: UserId,
        except: Option<Uuid>,
        now: TimeUs,
        entry: Option<&AuditEntry>,
    ) -> Result<Vec<Uuid>, StoreError> {
        on_transaction!(self, transaction => async {
            let end = sqlx::query_scalar(END_ALL).bind(user.uuid()).bind(now.0).bind(except.unwrap_or_else(Uuid::nil));
            let ended: Vec<Uuid> = end.fetch_all(&mut *transaction).await?;
            if !ended.is_empty() && let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(ended)
        })
    }

    /// Sessions that were ended at `since` or later, by whichever node, earliest first.
    #[boxed]
    pub async fn session_list_ended(&self, since: TimeUs, limit: u32) -> Result<Vec<(Uuid, TimeUs)>, StoreError> {
        let ended: Vec<Revoked> =
            on_pool!(self, pool => sqlx::query_as(LIST_REVOKED).bind(since.0).bind(i64::from(limit)).fetch_all(pool))?;
        Ok(ended.into_iter().map(|one| (one.id, one.revoked_at)).collect())
    }
}
