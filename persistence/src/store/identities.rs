//! Accounts by who their owners are at other providers, and what may be used once.

use inventory::{TimeUs, UserId};

use super::audit_log::audit;
use super::mails::insert_mail;
use super::{AuditEntry, NewMail, Store, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;
use crate::store::users::User;

row! {
    /// Who an account is at another provider.
    pub struct Identity {
        /// The provider.
        pub issuer: String,
        /// Its name for the account, which never changes.
        pub subject: String,
        pub user_id: UserId,
        /// As the provider told it when the two were linked.
        pub email: String,
        pub created_at: TimeUs,
    }
}

const INSERT: &str = "
    INSERT INTO identities (issuer, subject, user_id, email, created_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (issuer, subject) DO NOTHING";

const FIND_USER: &str = "
    SELECT users.id, users.name, users.email, users.password_hash, users.role, users.status, users.created_at,
        users.whitelisted, users.email_confirmed_at, users.avatar
    FROM identities JOIN users ON users.id = identities.user_id
    WHERE identities.issuer = $1 AND identities.subject = $2 AND users.erased_at IS NULL";

const LIST: &str = "
    SELECT issuer, subject, user_id, email, created_at FROM identities
    WHERE user_id = $1 ORDER BY issuer, subject LIMIT $2";

const DELETE: &str = "DELETE FROM identities WHERE issuer = $1 AND subject = $2 AND user_id = $3";

const SPEND: &str = "INSERT INTO spent_tokens (hash, expires_at) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING";

const PRUNE_SPENT: &str = "DELETE FROM spent_tokens WHERE expires_at <= $1";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND_USER, LIST, DELETE, SPEND, PRUNE_SPENT];

impl Store {
    /// Whether nobody had this identity before: then `mail` tells the account's owner.
    #[boxed]
    pub async fn identity_insert(
        &self,
        identity: &Identity,
        mail: Option<&NewMail>,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let insert = sqlx::query(INSERT)
                .bind(&identity.issuer)
                .bind(&identity.subject)
                .bind(identity.user_id.uuid())
                .bind(&identity.email)
                .bind(identity.created_at.0);
            if insert.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            if let Some(mail) = mail {
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            audit!(&mut *transaction, entry).await?;
            Ok(true)
        })
    }

    /// Whether the account had it: it signs in to the account no more, and `mail` tells the owner.
    #[boxed]
    pub async fn identity_delete(
        &self,
        identity: &Identity,
        mail: Option<&NewMail>,
        entry: &AuditEntry,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let delete = sqlx::query(DELETE).bind(&identity.issuer).bind(&identity.subject).bind(identity.user_id.uuid());
            if delete.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            if let Some(mail) = mail {
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            audit!(&mut *transaction, entry).await?;
            Ok(true)
        })
    }

    #[boxed]
    pub async fn identity_find_user(&self, issuer: &str, subject: &str) -> Result<Option<User>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND_USER).bind(issuer).bind(subject).fetch_optional(pool))
    }

    #[boxed]
    pub async fn identity_list(&self, user: UserId, limit: u32) -> Result<Vec<Identity>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST).bind(user.uuid()).bind(i64::from(limit)).fetch_all(pool))
    }

    /// Whether it had not been used before. Remembered until `expires_at`, when it is of no use anyway.
    #[boxed]
    pub async fn token_spend(&self, hash: [u8; 32], expires_at: TimeUs) -> Result<bool, StoreError> {
        changed!(self, sqlx::query(SPEND).bind(hash.to_vec()).bind(expires_at.0)).map(|touched| touched == 1)
    }

    /// Forgets what has expired. How many.
    #[boxed]
    pub async fn token_prune(&self, now: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE_SPENT).bind(now.0))
    }
}
