//! Refresh tokens. Every login starts a family; a token is used once and replaced by its child. A token that comes back
//! after that was copied: the whole family ends. Only hashes are kept.
//!
//! A client whose answer was lost asks again with the token it has. Within [`GRACE_US`], and as long as nobody has used
//! the child, it is told to take the same child. For this the caller derives the child from the parent (a keyed hash),
//! instead of drawing it at random: the same parent gives the same child.

use inventory::{TimeUs, UserId};
use uuid::Uuid;

use super::users::LOCK_OWNER;
use super::{Store, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

const GRACE_US: i64 = 10_000_000;
/// Of one account at a time: somebody who signs in and never out does not fill the store.
const LOGINS_MAX: i64 = 100;

/// Where a login comes from, as its owner will recognise it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    pub ip: String,
    pub user_agent: Option<String>,
}

/// A new login.
#[derive(Clone, Copy, Debug)]
pub struct Refresh {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    pub family: Uuid,
    pub user: UserId,
    pub now: TimeUs,
    /// Of this token.
    pub expires_at: TimeUs,
    /// Of the login, however often it is refreshed.
    pub family_expires_at: TimeUs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The child replaces the parent.
    Rotated {
        user: UserId,
        family: Uuid,
    },
    /// The parent was replaced by the same child a moment ago.
    Grace {
        user: UserId,
        family: Uuid,
    },
    /// The parent was used before: the family is revoked.
    Reused {
        user: UserId,
        family: Uuid,
    },
    Expired,
    /// Never issued, or of a family that is revoked.
    Unknown,
}

row! {
    pub struct Parent {
        pub family_id: Uuid,
        pub user_id: UserId,
        pub expires_at: TimeUs,
        pub family_expires_at: TimeUs,
        pub revoked_at: Option<TimeUs>,
        pub used_at: Option<TimeUs>,
        pub child_hash: Option<Vec<u8>>,
        pub child_used_at: Option<TimeUs>,
    }
}

const INSERT_FAMILY: &str = "
    INSERT INTO refresh_families (id, user_id, created_at, expires_at, used_at, ip, user_agent)
    VALUES ($1, $2, $3, $4, $3, $5, $6)";

const INSERT_TOKEN: &str = "
    INSERT INTO refresh_tokens (hash, family_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";

/// Beyond the newest that may go on.
const END_OLDEST: &str = "
    UPDATE refresh_families SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL AND id <= (
        SELECT id FROM refresh_families WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
        ORDER BY id DESC LIMIT 1 OFFSET $3)
    RETURNING id";

const FIND: &str = "
    SELECT token.family_id, family.user_id, token.expires_at, family.expires_at AS family_expires_at, family.revoked_at,
        token.used_at, token.child_hash, child.used_at AS child_used_at
    FROM refresh_tokens AS token
    JOIN refresh_families AS family ON family.id = token.family_id
    LEFT JOIN refresh_tokens AS child ON child.hash = token.child_hash
    WHERE token.hash = $1";

/// Of several at once exactly one changes the row.
const CONSUME: &str = "
    UPDATE refresh_tokens SET used_at = $2, child_hash = $3 WHERE hash = $1 AND used_at IS NULL";

const USE_FAMILY: &str = "UPDATE refresh_families SET used_at = $2, ip = $3, user_agent = $4 WHERE id = $1";

const REVOKE: &str = "UPDATE refresh_families SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

const PRUNE: &str = "DELETE FROM refresh_families WHERE expires_at < $1";

pub(super) const STATEMENTS: &[&str] =
    &[INSERT_FAMILY, INSERT_TOKEN, END_OLDEST, FIND, CONSUME, USE_FAMILY, REVOKE, PRUNE];

impl Store {
    /// Begins a login of an account whose password is `password_hash`, and ends the oldest beyond the newest
    /// 100: those. `None`: the account is suspended, gone or has another password by now.
    #[boxed]
    pub async fn refresh_insert(
        &self,
        refresh: &Refresh,
        device: &Device,
        password_hash: Option<&str>,
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        on_transaction!(self, transaction => async {
            let lock = sqlx::query(LOCK_OWNER).bind(refresh.user.uuid()).bind(password_hash);
            if lock.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(None);
            }
            sqlx::query(INSERT_FAMILY)
                .bind(refresh.family)
                .bind(refresh.user.uuid())
                .bind(refresh.now.0)
                .bind(refresh.family_expires_at.0)
                .bind(&device.ip)
                .bind(&device.user_agent)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(INSERT_TOKEN)
                .bind(refresh.hash.to_vec())
                .bind(refresh.family)
                .bind(refresh.now.0)
                .bind(refresh.expires_at.0)
                .execute(&mut *transaction)
                .await?;
            let end = sqlx::query_scalar(END_OLDEST).bind(refresh.user.uuid()).bind(refresh.now.0).bind(LOGINS_MAX);
            end.fetch_all(&mut *transaction).await.map(Some)
        })
    }

    /// Uses `parent` up and puts `child` in its place, once, however many ask at the same time.
    #[boxed]
    pub async fn refresh_rotate(
        &self,
        parent: [u8; 32],
        child: [u8; 32],
        now: TimeUs,
        child_expires_at: TimeUs,
        device: &Device,
    ) -> Result<Rotation, StoreError> {
        let Some(found) = self.refresh_find(parent).await? else { return Ok(Rotation::Unknown) };
        let rotation = found.judge(&child, now);
        match rotation {
            Rotation::Rotated { .. } => {}
            Rotation::Reused { family, .. } => {
                self.refresh_revoke_family(family, now).await?;
                return Ok(rotation);
            }
            Rotation::Grace { .. } | Rotation::Expired | Rotation::Unknown => return Ok(rotation),
        }
        let won = on_transaction!(self, transaction => async {
            let consumed = sqlx::query(CONSUME)
                .bind(parent.to_vec())
                .bind(now.0)
                .bind(child.to_vec())
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            if consumed == 1 {
                sqlx::query(INSERT_TOKEN)
                    .bind(child.to_vec())
                    .bind(found.family_id)
                    .bind(now.0)
                    .bind(child_expires_at.0)
                    .execute(&mut *transaction)
                    .await?;
                sqlx::query(USE_FAMILY)
                    .bind(found.family_id)
                    .bind(now.0)
                    .bind(&device.ip)
                    .bind(&device.user_agent)
                    .execute(&mut *transaction)
                    .await?;
            }
            Ok(consumed == 1)
        })?;
        if won {
            return Ok(rotation);
        }
        // Another request was faster: what it left behind decides.
        let Some(found) = self.refresh_find(parent).await? else { return Ok(Rotation::Unknown) };
        let rotation = found.judge(&child, now);
        if let Rotation::Reused { family, .. } = rotation {
            self.refresh_revoke_family(family, now).await?;
        }
        Ok(rotation)
    }

    async fn refresh_find(&self, hash: [u8; 32]) -> Result<Option<Parent>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(hash.to_vec()).fetch_optional(pool))
    }

    /// Whose token it is, and of which login, whether or not it is still good.
    #[boxed]
    pub async fn refresh_owner(&self, hash: [u8; 32]) -> Result<Option<(UserId, Uuid)>, StoreError> {
        Ok(self.refresh_find(hash).await?.map(|found| (found.user_id, found.family_id)))
    }

    /// Whether it is the token that its login goes on by.
    #[boxed]
    pub async fn refresh_is_live(&self, hash: [u8; 32], now: TimeUs) -> Result<bool, StoreError> {
        let found = self.refresh_find(hash).await?;
        Ok(found.is_some_and(|found| {
            let is_over = now >= found.expires_at || now >= found.family_expires_at;
            found.revoked_at.is_none() && found.used_at.is_none() && !is_over
        }))
    }

    async fn refresh_revoke_family(&self, family: Uuid, now: TimeUs) -> Result<(), StoreError> {
        changed!(self, sqlx::query(REVOKE).bind(family).bind(now.0)).map(|_| ())
    }

    /// Forgets logins that expired before `before`. How many.
    #[boxed]
    pub async fn refresh_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(before.0))
    }
}

impl Parent {
    fn judge(&self, child: &[u8; 32], now: TimeUs) -> Rotation {
        let (user, family) = (self.user_id, self.family_id);
        if self.revoked_at.is_some() {
            return Rotation::Unknown;
        }
        match self.used_at {
            None if now >= self.expires_at || now >= self.family_expires_at => Rotation::Expired,
            None => Rotation::Rotated { user, family },
            Some(used_at) => {
                let same_child = self.child_hash.as_deref() == Some(child.as_slice());
                let fresh = now.since(used_at) <= GRACE_US && self.child_used_at.is_none();
                if same_child && fresh { Rotation::Grace { user, family } } else { Rotation::Reused { user, family } }
            }
        }
    }
}
