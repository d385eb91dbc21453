use inventory::{TimeUs, UserId};

use super::audit_log::{audit, audited};
use super::link_tokens::insert_link_token;
use super::mails::insert_mail;
use super::{AuditEntry, Image, LinkToken, NewMail, Store, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::{Redacted, named, row};

named! {
    pub enum Role {
        Attendee = "attendee",
        Organizer = "organizer",
        Admin = "admin",
    }
}

named! {
    pub enum UserStatus {
        Active = "active",
        Suspended = "suspended",
    }
}

row! {
    pub struct User {
        pub id: UserId,
        pub name: String,
        /// As the user wrote it. Unique without regard to case.
        pub email: String,
        /// PHC string.
        pub password_hash: Redacted,
        pub role: Role,
        pub status: UserStatus,
        pub created_at: TimeUs,
        /// Spared by the rules against abuse.
        pub whitelisted: bool,
        /// `None`: nobody has shown yet that he reads what is sent to the address.
        pub email_confirmed_at: Option<TimeUs>,
        pub avatar: Option<Image>,
    }
}

/// What an admin changes about an account. What is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Access {
    pub role: Option<Role>,
    pub status: Option<UserStatus>,
    pub whitelisted: Option<bool>,
}

row! {
    /// What is true of an account since its last change.
    pub struct ChangedAccess {
        pub id: UserId,
        pub role: Role,
        pub status: UserStatus,
        pub changed_at: TimeUs,
    }
}

/// What became of a change of [`Access`].
#[derive(Clone, Debug, PartialEq)]
pub enum AccessChange {
    Changed {
        user: User,
        /// Later than any change of this account before, whichever node made it.
        at: TimeUs,
    },
    /// Nobody else could administer the server.
    LastAdmin,
    Unknown,
}

const INSERT: &str = "
    INSERT INTO users (id, name, name_key, email, email_key, password_hash, role, status, created_at, whitelisted,
        email_confirmed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (email_key) DO NOTHING";

const FIND: &str = "
    SELECT id, name, email, password_hash, role, status, created_at, whitelisted, email_confirmed_at, avatar
    FROM users WHERE id = $1 AND erased_at IS NULL";

const FIND_BY_EMAIL: &str = "
    SELECT id, name, email, password_hash, role, status, created_at, whitelisted, email_confirmed_at, avatar
    FROM users WHERE email_key = $1 AND erased_at IS NULL";

/// Whoever takes an admin away does so alone. A row of its own: admins locked one by one could wait for each other.
pub(super) const LOCK_ADMINS: &str = "UPDATE locks SET name = name WHERE name = 'admins'";

const SET_ACCESS: &str = "
    UPDATE users SET role = COALESCE($2, role), status = COALESCE($3, status), whitelisted = COALESCE($4, whitelisted),
        access_changed_at = CASE WHEN access_changed_at < $5 THEN $5 ELSE access_changed_at + 1 END
    WHERE id = $1 AND erased_at IS NULL AND (role <> 'admin' OR status <> 'active'
        OR (COALESCE($2, role) = 'admin' AND COALESCE($3, status) = 'active')
        OR EXISTS (SELECT 1 FROM users AS other WHERE other.role = 'admin' AND other.status = 'active' AND other.id <> $1))
    RETURNING id, name, email, password_hash, role, status, created_at, whitelisted, email_confirmed_at, avatar";

const SET_NAME: &str = "
    UPDATE users SET name = $2, name_key = $3 WHERE id = $1 AND name <> $2 AND erased_at IS NULL";

const ACCESS_CHANGED_AT: &str = "SELECT access_changed_at FROM users WHERE id = $1";

const LIST_CHANGED: &str = "
    SELECT id, role, status, access_changed_at AS changed_at FROM users
    WHERE access_changed_at >= $1 AND access_changed_at > 0 ORDER BY access_changed_at LIMIT $2";

/// Held by whoever adds to what belongs to an account: one after the other, not to one that is suspended, and only as long
/// as the password is the one that has opened the account.
pub(super) const LOCK_OWNER: &str = "
    UPDATE users SET status = status
    WHERE id = $1 AND erased_at IS NULL AND status = 'active' AND password_hash = COALESCE($2, password_hash)";

const ANY: &str = "SELECT id FROM users LIMIT 1";

pub(super) const STATEMENTS: &[&str] =
    &[INSERT, FIND, FIND_BY_EMAIL, SET_NAME, LOCK_ADMINS, SET_ACCESS, ACCESS_CHANGED_AT, LIST_CHANGED, LOCK_OWNER, ANY];

macro_rules! insert_user {
    ($user:expr) => {{
        let user: &User = $user;
        sqlx::query(INSERT)
            .bind(user.id.uuid())
            .bind(&user.name)
            .bind(name_key(&user.name))
            .bind(&user.email)
            .bind(email_key(&user.email))
            .bind(&user.password_hash.0)
            .bind(user.role.name())
            .bind(user.status.name())
            .bind(user.created_at.0)
            .bind(user.whitelisted)
            .bind(user.email_confirmed_at.map(|at| at.0))
    }};
}

impl Store {
    /// # Errors
    /// [`StoreError::EmailTaken`] when another account has the address in any case.
    #[boxed]
    pub async fn user_insert(&self, user: &User) -> Result<(), StoreError> {
        let inserted = changed!(self, insert_user!(user))?;
        if inserted == 0 { Err(StoreError::EmailTaken) } else { Ok(()) }
    }

    /// With its entry, and with the link that confirms the address and the mail that carries it, if one is to be sent.
    ///
    /// # Errors
    /// [`StoreError::EmailTaken`] when another account has the address in any case.
    #[boxed]
    pub async fn user_register(
        &self,
        user: &User,
        confirmation: Option<(&LinkToken, &NewMail)>,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let is_new = on_transaction!(self, transaction => async {
            if insert_user!(user).execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            if let Some((token, mail)) = confirmation {
                insert_link_token!(token).execute(&mut *transaction).await?;
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            audit!(&mut *transaction, entry).await?;
            Ok(true)
        })?;
        if is_new { Ok(()) } else { Err(StoreError::EmailTaken) }
    }

    #[boxed]
    pub async fn user_find(&self, id: UserId) -> Result<Option<User>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(pool))
    }

    #[boxed]
    pub async fn user_find_by_email(&self, email: &str) -> Result<Option<User>, StoreError> {
        // No address has one, and Postgres stores none: it would refuse the question.
        if email.contains('\0') {
            return Ok(None);
        }
        on_pool!(self, pool => sqlx::query_as(FIND_BY_EMAIL).bind(email_key(email)).fetch_optional(pool))
    }

    /// Changes all of it, with its entry, or nothing.
    #[boxed]
    pub async fn user_set_access(
        &self,
        id: UserId,
        access: Access,
        now: TimeUs,
        entry: Option<&AuditEntry>,
    ) -> Result<AccessChange, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(LOCK_ADMINS).execute(&mut *transaction).await?;
            let changed = sqlx::query_as(SET_ACCESS)
                .bind(id.uuid())
                .bind(access.role.map(Role::name))
                .bind(access.status.map(UserStatus::name))
                .bind(access.whitelisted)
                .bind(now.0)
                .fetch_optional(&mut *transaction)
                .await?;
            if let Some(user) = changed {
                if let Some(entry) = entry {
                    audit!(&mut *transaction, entry).await?;
                }
                let at = sqlx::query_scalar(ACCESS_CHANGED_AT).bind(id.uuid()).fetch_one(&mut *transaction).await?;
                return Ok(AccessChange::Changed { user, at: TimeUs(at) });
            }
            let found: Option<User> = sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(&mut *transaction).await?;
            Ok(if found.is_some() { AccessChange::LastAdmin } else { AccessChange::Unknown })
        })
    }

    /// Whether there is such a user, of another name until now.
    #[boxed]
    pub async fn user_set_name(&self, id: UserId, name: &str, entry: Option<&AuditEntry>) -> Result<bool, StoreError> {
        audited!(self, entry, sqlx::query(SET_NAME).bind(id.uuid()).bind(name).bind(name_key(name)))
            .map(|touched| touched == 1)
    }

    /// Accounts whose role or status was changed at `since` or later, by whichever node, earliest first.
    #[boxed]
    pub async fn access_list_changed(&self, since: TimeUs, limit: u32) -> Result<Vec<ChangedAccess>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_CHANGED).bind(since.0).bind(i64::from(limit)).fetch_all(pool))
    }

    /// Whether nobody has an account yet: the first start.
    #[boxed]
    pub async fn store_is_empty(&self) -> Result<bool, StoreError> {
        let anybody: Option<(uuid::Uuid,)> = on_pool!(self, pool => sqlx::query_as(ANY).fetch_optional(pool))?;
        Ok(anybody.is_none())
    }
}

pub(super) fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

pub(super) fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}
