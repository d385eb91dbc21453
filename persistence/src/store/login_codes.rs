//! Short codes sent by mail to sign in with, one per address. What makes six digits safe is here: few guesses, few sends,
//! a short life, one use. An address without an account has its row too, so that nobody learns from an answer which have one.

use inventory::TimeUs;

use super::mails::insert_mail;
use super::{NewMail, Store, changed, on_pool, on_transaction, on_writer};
use crate::StoreError;

const PUT: &str = "
    INSERT INTO login_codes (address_key, code_hash, guesses, expires_at) VALUES ($1, $2, 0, $3)
    ON CONFLICT (address_key) DO UPDATE
        SET code_hash = excluded.code_hash, guesses = 0, expires_at = excluded.expires_at";

/// Counted before it is compared: of many guesses at once no more than the limit get to see the code.
const GUESS: &str = "
    UPDATE login_codes SET guesses = guesses + 1 WHERE address_key = $1 AND expires_at > $2 AND guesses < $3
    RETURNING code_hash";

const TAKE: &str = "DELETE FROM login_codes WHERE address_key = $1 AND code_hash = $2";

const PRUNE: &str = "DELETE FROM login_codes WHERE expires_at < $1";

/// Three times are kept, so the limit is three. One more is let through when the third last is long enough ago.
const LIMIT: &str = "
    INSERT INTO mail_limits (subject_key, third_last_at, second_last_at, last_at) VALUES ($1, $3, $3, $2)
    ON CONFLICT (subject_key) DO UPDATE SET third_last_at = mail_limits.second_last_at,
        second_last_at = mail_limits.last_at, last_at = excluded.last_at
    WHERE mail_limits.third_last_at <= $3
    RETURNING last_at";

const LIMIT_FIND: &str = "SELECT third_last_at FROM mail_limits WHERE subject_key = $1";

const LIMIT_PRUNE: &str = "DELETE FROM mail_limits WHERE last_at < $1";

pub(super) const STATEMENTS: &[&str] = &[PUT, GUESS, TAKE, PRUNE, LIMIT, LIMIT_FIND, LIMIT_PRUNE];

impl Store {
    /// In place of the address' code before, with all its guesses. `mail` carries the code, where somebody is to get it.
    pub async fn login_code_send(
        &self,
        address_key: [u8; 32],
        code_hash: [u8; 32],
        expires_at: TimeUs,
        mail: Option<&NewMail>,
    ) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            let put = sqlx::query(PUT).bind(address_key.to_vec()).bind(code_hash.to_vec()).bind(expires_at.0);
            put.execute(&mut *transaction).await?;
            if let Some(mail) = mail {
                insert_mail!(mail).execute(&mut *transaction).await?;
            }
            Ok(())
        })
    }

    /// One of the `guesses_max` guesses: what to compare with. `None`: there is no code, or none that may still be guessed.
    pub async fn login_code_guess(
        &self,
        address_key: [u8; 32],
        guesses_max: u32,
        now: TimeUs,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        on_writer!(self, pool => sqlx::query_scalar(GUESS)
            .bind(address_key.to_vec())
            .bind(now.0)
            .bind(i64::from(guesses_max))
            .fetch_optional(pool))
    }

    /// Uses the code up. Whether nobody else has.
    pub async fn login_code_take(&self, address_key: [u8; 32], code_hash: [u8; 32]) -> Result<bool, StoreError> {
        changed!(self, sqlx::query(TAKE).bind(address_key.to_vec()).bind(code_hash.to_vec()))
            .map(|touched| touched == 1)
    }

    /// Forgets codes that expired before `before`. How many.
    pub async fn login_codes_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(before.0))
    }

    /// One more of three within `window_us`. When the next may be, if this is one too many.
    pub async fn mail_limit_take(
        &self,
        subject_key: [u8; 32],
        now: TimeUs,
        window_us: i64,
    ) -> Result<Option<TimeUs>, StoreError> {
        let taken: Option<i64> = on_writer!(self, pool => sqlx::query_scalar(LIMIT)
            .bind(subject_key.to_vec())
            .bind(now.0)
            .bind(now.plus_us(-window_us).0)
            .fetch_optional(pool))?;
        if taken.is_some() {
            return Ok(None);
        }
        let third_last: Option<i64> =
            on_pool!(self, pool => sqlx::query_scalar(LIMIT_FIND).bind(subject_key.to_vec()).fetch_optional(pool))?;
        Ok(Some(third_last.map_or(now, TimeUs).plus_us(window_us)))
    }

    /// Forgets whoever had nothing sent since `before`. How many.
    pub async fn mail_limits_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(LIMIT_PRUNE).bind(before.0))
    }
}
