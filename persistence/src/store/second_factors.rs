//! Second factors of accounts, the codes that replace a lost one, and logins that wait for theirs. Secrets come
//! encrypted and codes hashed.

use inventory::{TimeUs, UserId};
use uuid::Uuid;

use super::audit_log::audit;
use super::mails::insert_mail;
use super::sessions::END_ALL;
use super::{AuditEntry, NewMail, Store, changed, on_pool, on_transaction, on_writer};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct SecondFactor {
        pub secret: Vec<u8>,
        /// `None`: its owner has not shown yet that he has it.
        pub confirmed_at: Option<TimeUs>,
    }
}

/// A second factor that is switched on.
#[derive(Clone, Copy, Debug)]
pub struct NewSecondFactor<'a> {
    /// The one that waited.
    pub secret: &'a [u8],
    /// Of the code that has shown it.
    pub step: i64,
    /// Digests of the recovery codes.
    pub codes: &'a [[u8; 32]],
    /// The one login that goes on.
    pub session: Uuid,
    /// Tells the owner.
    pub mail: Option<&'a NewMail>,
}

/// How often one account may guess.
#[derive(Clone, Copy, Debug)]
pub struct GuessLimit {
    pub guesses_max: u32,
    /// A window that began at this time or before is over.
    pub window_over: TimeUs,
}

const PUT: &str = "
    INSERT INTO second_factors (user_id, secret, created_at, last_step, guesses, guesses_since)
    VALUES ($1, $2, $3, 0, 0, 0)
    ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at, last_step = 0
    WHERE second_factors.confirmed_at IS NULL";

const FIND: &str = "SELECT secret, confirmed_at FROM second_factors WHERE user_id = $1";

const CONFIRM: &str = "
    UPDATE second_factors SET confirmed_at = $3, last_step = $4, guesses = 0
    WHERE user_id = $1 AND secret = $2 AND confirmed_at IS NULL AND last_step < $4";

const GUESS: &str = "
    UPDATE second_factors SET guesses = CASE WHEN guesses_since <= $2 THEN 1 ELSE guesses + 1 END,
        guesses_since = CASE WHEN guesses_since <= $2 THEN $3 ELSE guesses_since END
    WHERE user_id = $1 AND (guesses < $4 OR guesses_since <= $2)
    RETURNING guesses";

/// Of several at once exactly one changes the row.
const USE_STEP: &str = "
    UPDATE second_factors SET last_step = $2, guesses = 0
    WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL";

const FORGIVE: &str = "UPDATE second_factors SET guesses = 0 WHERE user_id = $1";

/// Only one that its owner has confirmed is a factor.
const DELETE: &str = "DELETE FROM second_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL";

/// One that was only begun, too.
pub(super) const DELETE_ANY: &str = "DELETE FROM second_factors WHERE user_id = $1";

const INSERT_CODE: &str = "INSERT INTO recovery_codes (hash, user_id) VALUES ($1, $2)";

const USE_CODE: &str = "DELETE FROM recovery_codes WHERE hash = $1 AND user_id = $2";

const COUNT_CODES: &str = "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1";

pub(super) const DELETE_CODES: &str = "DELETE FROM recovery_codes WHERE user_id = $1";

const INSERT_CHALLENGE: &str = "
    INSERT INTO login_challenges (hash, user_id, guesses, expires_at) VALUES ($1, $2, 0, $3)";

const GUESS_CHALLENGE: &str = "
    UPDATE login_challenges SET guesses = guesses + 1 WHERE hash = $1 AND expires_at > $2 AND guesses < $3
    RETURNING user_id";

const TAKE_CHALLENGE: &str = "DELETE FROM login_challenges WHERE hash = $1";

pub(super) const DELETE_CHALLENGES: &str = "DELETE FROM login_challenges WHERE user_id = $1";

const PRUNE_CHALLENGES: &str = "DELETE FROM login_challenges WHERE expires_at <= $1";

pub(super) const STATEMENTS: &[&str] = &[
    PUT,
    FIND,
    CONFIRM,
    GUESS,
    USE_STEP,
    FORGIVE,
    DELETE,
    DELETE_ANY,
    INSERT_CODE,
    USE_CODE,
    COUNT_CODES,
    DELETE_CODES,
    INSERT_CHALLENGE,
    GUESS_CHALLENGE,
    TAKE_CHALLENGE,
    DELETE_CHALLENGES,
    PRUNE_CHALLENGES,
];

/// Whether the account had a second factor, which goes with all that belongs to it.
macro_rules! delete {
    ($user:expr, $connection:expr) => {{
        let deleted = sqlx::query(DELETE).bind($user.uuid()).execute($connection).await?.rows_affected();
        if deleted == 1 {
            for statement in [DELETE_CODES, DELETE_CHALLENGES] {
                sqlx::query(statement).bind($user.uuid()).execute($connection).await?;
            }
        }
        deleted == 1
    }};
}

impl Store {
    /// A new secret that waits to be confirmed. Whether it was taken: not in the place of a confirmed one.
    #[boxed]
    pub async fn second_factor_put(&self, user: UserId, secret: &[u8], now: TimeUs) -> Result<bool, StoreError> {
        changed!(self, sqlx::query(PUT).bind(user.uuid()).bind(secret).bind(now.0)).map(|touched| touched == 1)
    }

    #[boxed]
    pub async fn second_factor_find(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(user.uuid()).fetch_optional(pool))
    }

    /// Switches it on with its recovery codes, and ends the other logins: those. `None`: the secret was not the one that
    /// waited.
    #[boxed]
    pub async fn second_factor_confirm(
        &self,
        user: UserId,
        factor: &NewSecondFactor<'_>,
        now: TimeUs,
        entry: Option<&AuditEntry>,
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        on_transaction!(self, transaction => async {
            let confirmed = sqlx::query(CONFIRM)
                .bind(user.uuid())
                .bind(factor.secret)
                .bind(now.0)
                .bind(factor.step)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
            if confirmed == 0 {
                return Ok(None);
            }
            sqlx::query(DELETE_CODES).bind(user.uuid()).execute(&mut *transaction).await?;
            for code in factor.codes {
                let insert = sqlx::query(INSERT_CODE).bind(code.to_vec()).bind(user.uuid());
                insert.execute(&mut *transaction).await?;
            }
            if let Some(mail) = factor.mail {
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            if let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            let end = sqlx::query_scalar(END_ALL).bind(user.uuid()).bind(now.0).bind(factor.session);
            end.fetch_all(&mut *transaction).await.map(Some)
        })
    }

    /// Takes one of the account's guesses, before it is looked at. How many it makes in the window; `None`: there was none
    /// left.
    #[boxed]
    pub async fn second_factor_guess(
        &self,
        user: UserId,
        limit: GuessLimit,
        now: TimeUs,
    ) -> Result<Option<u32>, StoreError> {
        let guesses: Option<i64> = on_writer!(self, pool => sqlx::query_scalar(GUESS)
            .bind(user.uuid())
            .bind(limit.window_over.0)
            .bind(now.0)
            .bind(i64::from(limit.guesses_max))
            .fetch_optional(pool))?;
        Ok(guesses.map(|guesses| u32::try_from(guesses).unwrap_or(u32::MAX)))
    }

    /// Uses up the code of a time step and all before it. Whether it was still unused.
    #[boxed]
    pub async fn second_factor_use(&self, user: UserId, step: i64) -> Result<bool, StoreError> {
        changed!(self, sqlx::query(USE_STEP).bind(user.uuid()).bind(step)).map(|touched| touched == 1)
    }

    /// Whether the account had this code; it has it no more.
    #[boxed]
    pub async fn recovery_code_use(&self, user: UserId, hash: [u8; 32]) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let used = sqlx::query(USE_CODE).bind(hash.to_vec()).bind(user.uuid()).execute(&mut *transaction).await?;
            if used.rows_affected() == 1 {
                sqlx::query(FORGIVE).bind(user.uuid()).execute(&mut *transaction).await?;
            }
            Ok(used.rows_affected() == 1)
        })
    }

    #[boxed]
    pub async fn recovery_code_count(&self, user: UserId) -> Result<u32, StoreError> {
        let count: i64 = on_pool!(self, pool => sqlx::query_scalar(COUNT_CODES).bind(user.uuid()).fetch_one(pool))?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// With its recovery codes and the logins that wait for it; `mail` tells its owner. Whether there was one.
    #[boxed]
    pub async fn second_factor_delete(
        &self,
        user: UserId,
        mail: Option<&NewMail>,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            if !delete!(user, &mut *transaction) {
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

    /// Deletes it for an owner who has lost it, ends all his logins and tells him by `mail`. The logins; `None`: there was
    /// none to delete.
    #[boxed]
    pub async fn second_factor_reset(
        &self,
        user: UserId,
        mail: &NewMail,
        entry: &AuditEntry,
    ) -> Result<Option<Vec<Uuid>>, StoreError> {
        on_transaction!(self, transaction => async {
            if !delete!(user, &mut *transaction) {
                return Ok(None);
            }
            insert_mail!(mail).execute(&mut *transaction).await?;
            audit!(&mut *transaction, entry).await?;
            let end = sqlx::query_scalar(END_ALL).bind(user.uuid()).bind(entry.at.0).bind(Uuid::nil());
            end.fetch_all(&mut *transaction).await.map(Some)
        })
    }

    #[boxed]
    pub async fn login_challenge_insert(
        &self,
        hash: [u8; 32],
        user: UserId,
        expires_at: TimeUs,
    ) -> Result<(), StoreError> {
        changed!(self, sqlx::query(INSERT_CHALLENGE).bind(hash.to_vec()).bind(user.uuid()).bind(expires_at.0))
            .map(|_| ())
    }

    /// Takes one of the challenge's guesses. Whose login it is; `None` when it is unknown, expired or has none left.
    #[boxed]
    pub async fn login_challenge_guess(
        &self,
        hash: [u8; 32],
        guesses_max: u32,
        now: TimeUs,
    ) -> Result<Option<UserId>, StoreError> {
        let user: Option<(uuid::Uuid,)> = on_writer!(self, pool => sqlx::query_as(GUESS_CHALLENGE)
            .bind(hash.to_vec())
            .bind(now.0)
            .bind(i64::from(guesses_max))
            .fetch_optional(pool))?;
        Ok(user.map(|(id,)| UserId::from_uuid(id)))
    }

    /// Whether it was there: of several at once one takes it.
    #[boxed]
    pub async fn login_challenge_take(&self, hash: [u8; 32]) -> Result<bool, StoreError> {
        changed!(self, sqlx::query(TAKE_CHALLENGE).bind(hash.to_vec())).map(|touched| touched == 1)
    }

    /// Forgets those that have expired. How many.
    #[boxed]
    pub async fn login_challenge_prune(&self, now: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE_CHALLENGES).bind(now.0))
    }
}
