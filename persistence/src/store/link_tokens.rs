//! What a link in a mail carries: shows that its bearer reads the account's mail. Good once, for a while; only digests are
//! kept. What the link is for is done in the transaction that uses it up.

use inventory::{TimeUs, UserId};
use uuid::Uuid;

use super::address_proofs::{DROP_API_KEYS, prove_address};
use super::audit_log::audit;
use super::mails::insert_mail;
use super::second_factors::DELETE_CHALLENGES;
use super::sessions::END_ALL;
use super::{AuditEntry, NewMail, Store, changed, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::named;

named! {
    pub enum LinkPurpose {
        ConfirmEmail = "confirm_email",
        ResetPassword = "reset_password",
    }
}

#[derive(Clone, Copy, Debug)]
pub struct LinkToken {
    /// Of the token.
    pub hash: [u8; 32],
    pub user: UserId,
    pub purpose: LinkPurpose,
    pub expires_at: TimeUs,
}

/// A new password and what goes with it.
#[derive(Clone, Copy, Debug)]
pub struct PasswordChange<'a> {
    pub password_hash: &'a str,
    /// Tells the owner. `None`: nobody has shown yet that the address is his, or he has been told often enough.
    pub mail: Option<&'a NewMail>,
    pub drops_api_keys: bool,
}

pub(super) const INSERT: &str = "INSERT INTO link_tokens (hash, user_id, purpose, expires_at) VALUES ($1, $2, $3, $4)";

const FIND: &str = "SELECT user_id FROM link_tokens WHERE hash = $1 AND purpose = $2 AND expires_at > $3";

/// Of several at once exactly one gets it.
const TAKE: &str = "
    DELETE FROM link_tokens WHERE hash = $1 AND purpose = $2 AND expires_at > $3 RETURNING user_id";

const FORGET: &str = "DELETE FROM link_tokens WHERE user_id = $1 AND purpose = $2";

pub(super) const SET_PASSWORD: &str = "UPDATE users SET password_hash = $2 WHERE id = $1";

/// Guarded by the present one: of two changes at once one is too late.
const CHANGE_PASSWORD: &str = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";

const PRUNE: &str = "DELETE FROM link_tokens WHERE expires_at < $1";

pub(super) const STATEMENTS: &[&str] = &[INSERT, FIND, TAKE, FORGET, SET_PASSWORD, CHANGE_PASSWORD, PRUNE];

/// The statement that makes a token, to be executed in the transaction of what it is for.
macro_rules! insert_link_token {
    ($token:expr) => {{
        let token: &$crate::LinkToken = $token;
        sqlx::query($crate::store::link_tokens::INSERT)
            .bind(token.hash.to_vec())
            .bind(token.user.uuid())
            .bind(token.purpose.name())
            .bind(token.expires_at.0)
    }};
}

pub(crate) use insert_link_token;

impl Store {
    /// The token and the mail that carries it.
    #[boxed]
    pub async fn link_token_send(&self, token: &LinkToken, mail: &NewMail) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            insert_link_token!(token).execute(&mut *transaction).await?;
            insert_mail!(mail).execute(&mut *transaction).await?;
            Ok(())
        })
    }

    /// Whose it is, as long as it is good.
    #[boxed]
    pub async fn link_token_find(
        &self,
        hash: [u8; 32],
        purpose: LinkPurpose,
        now: TimeUs,
    ) -> Result<Option<UserId>, StoreError> {
        let found: Option<Uuid> = on_pool!(self, pool => sqlx::query_scalar(FIND)
            .bind(hash.to_vec())
            .bind(purpose.name())
            .bind(now.0)
            .fetch_optional(pool))?;
        Ok(found.map(UserId::from_uuid))
    }

    /// Confirms the address of the account that the token was sent to, with the `entry` that is made of it. If it is the
    /// first proof, see [`Store::address_prove`], the password stays, and the login `except` does. The account and the
    /// logins that have ended. `None`: the token is not, or no longer, good.
    pub async fn email_confirm(
        &self,
        hash: [u8; 32],
        except: Option<Uuid>,
        now: TimeUs,
        entry: impl FnOnce(UserId) -> Option<AuditEntry> + Send,
    ) -> Result<Option<(UserId, Vec<Uuid>)>, StoreError> {
        let except = except.unwrap_or_else(Uuid::nil);
        on_transaction!(self, transaction => async {
            let take = sqlx::query_scalar(TAKE).bind(hash.to_vec()).bind(LinkPurpose::ConfirmEmail.name()).bind(now.0);
            let user: Option<Uuid> = take.fetch_optional(&mut *transaction).await?;
            let Some(user) = user.map(UserId::from_uuid) else { return Ok(None) };
            let ended = prove_address!(&mut *transaction, user.uuid(), now, except);
            if let Some(entry) = entry(user) {
                audit!(&mut *transaction, &entry).await?;
            }
            Ok(Some((user, ended.unwrap_or_default())))
        })
    }

    /// Sets the password of the account that the token was sent to, ends all its logins and those that wait for a second
    /// factor, deletes its API keys, and tells its owner by `mail`. If it is the first proof, see
    /// [`Store::address_prove`], its second factor goes, too. The logins. `None`: the token is not, or no longer, good.
    #[boxed]
    pub async fn password_reset(
        &self,
        hash: [u8; 32],
        password_hash: &str,
        mail: &NewMail,
        entry: &AuditEntry,
        now: TimeUs,
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        let purpose = LinkPurpose::ResetPassword.name();
        on_transaction!(self, transaction => async {
            let take = sqlx::query_scalar(TAKE).bind(hash.to_vec()).bind(purpose).bind(now.0);
            let Some(user): Option<Uuid> = take.fetch_optional(&mut *transaction).await? else { return Ok(None) };
            let set = sqlx::query(SET_PASSWORD).bind(user).bind(password_hash);
            if set.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(None);
            }
            sqlx::query(FORGET).bind(user).bind(purpose).execute(&mut *transaction).await?;
            insert_mail!(mail).execute(&mut *transaction).await?;
            audit!(&mut *transaction, entry).await?;
            if let Some(ended) = prove_address!(&mut *transaction, user, now, Uuid::nil()) {
                return Ok(Some(ended));
            }
            for statement in [DROP_API_KEYS, DELETE_CHALLENGES] {
                sqlx::query(statement).bind(user).execute(&mut *transaction).await?;
            }
            let end = sqlx::query_scalar(END_ALL).bind(user).bind(now.0).bind(Uuid::nil());
            end.fetch_all(&mut *transaction).await.map(Some)
        })
    }

    /// Ends all logins but `session`, and those that wait for a second factor, and tells the owner by `mail`. The logins.
    /// `None`: the password is not `present`, which is a hash, any more.
    #[boxed]
    pub async fn password_change(
        &self,
        user: UserId,
        present: &str,
        change: &PasswordChange<'_>,
        session: Uuid,
        entry: &AuditEntry,
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        on_transaction!(self, transaction => async {
            let set = sqlx::query(CHANGE_PASSWORD).bind(user.uuid()).bind(present).bind(change.password_hash);
            if set.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(None);
            }
            sqlx::query(DELETE_CHALLENGES).bind(user.uuid()).execute(&mut *transaction).await?;
            if change.drops_api_keys {
                sqlx::query(DROP_API_KEYS).bind(user.uuid()).execute(&mut *transaction).await?;
            }
            sqlx::query(FORGET)
                .bind(user.uuid())
                .bind(LinkPurpose::ResetPassword.name())
                .execute(&mut *transaction)
                .await?;
            if let Some(mail) = change.mail {
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            audit!(&mut *transaction, entry).await?;
            let end = sqlx::query_scalar(END_ALL).bind(user.uuid()).bind(entry.at.0).bind(session);
            end.fetch_all(&mut *transaction).await.map(Some)
        })
    }

    /// Forgets what expired before `before`. How many.
    #[boxed]
    pub async fn link_tokens_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(before.0))
    }
}
