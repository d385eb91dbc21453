//! Short codes sent by mail to sign in with, one per address. What makes six digits safe is here: few guesses, few sends,
//! a short life, one use. An address needs no account: who shows that it is his gets one.

use inventory::TimeUs;

use super::mails::insert_mail;
use super::{NewMail, Store, changed, on_pool, on_transaction, on_writer};
use crate::StoreError;
use crate::boxed;

/// A code on its way to an address. All codes are good for the same time, so that their ends tell their ages.
#[derive(Clone, Copy, Debug)]
pub struct NewCode {
    pub hash: [u8; 32],
    pub expires_at: TimeUs,
    pub guesses_max: u32,
    /// How long it is left in its place, whoever asks for another one.
    pub spared_us: i64,
}

const PUT: &str = "
    INSERT INTO login_codes (address_key, code_hash, guesses, expires_at) VALUES ($1, $2, 0, $3)
    ON CONFLICT (address_key) DO UPDATE
        SET code_hash = excluded.code_hash, guesses = 0, expires_at = excluded.expires_at
        WHERE login_codes.expires_at <= $4 OR login_codes.guesses >= $5";

const IS_SPARED: &str = "SELECT guesses FROM login_codes WHERE address_key = $1 AND expires_at > $2 AND guesses < $3";

/// Counted before it is compared: of many guesses at once no more than the limit get to see the code.
const GUESS: &str = "
    UPDATE login_codes SET guesses = guesses + 1 WHERE address_key = $1 AND expires_at > $2 AND guesses < $3
    RETURNING code_hash";

const TAKE: &str = "DELETE FROM login_codes WHERE address_key = $1 AND code_hash = $2";

const PRUNE: &str = "DELETE FROM login_codes WHERE expires_at < $1";

pub(super) const STATEMENTS: &[&str] = &[PUT, IS_SPARED, GUESS, TAKE, PRUNE];

impl Store {
    /// Whether the address has a code that `code` would leave in its place.
    #[boxed]
    pub async fn login_code_is_spared(&self, address_key: [u8; 32], code: &NewCode) -> Result<bool, StoreError> {
        let spared: Option<i64> = on_pool!(self, pool => sqlx::query_scalar(IS_SPARED)
            .bind(address_key.to_vec())
            .bind(code.expires_at.plus_us(-code.spared_us).0)
            .bind(i64::from(code.guesses_max))
            .fetch_optional(pool))?;
        Ok(spared.is_some())
    }

    /// In place of the address' code before, with all its guesses. `mail` carries the code. Whether it is sent: not while the one before is younger than `spared_us` and may be guessed, since somebody may be
    /// typing it.
    #[boxed]
    pub async fn login_code_send(
        &self,
        address_key: [u8; 32],
        code: &NewCode,
        mail: &NewMail,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let put = sqlx::query(PUT)
                .bind(address_key.to_vec())
                .bind(code.hash.to_vec())
                .bind(code.expires_at.0)
                .bind(code.expires_at.plus_us(-code.spared_us).0)
                .bind(i64::from(code.guesses_max));
            if put.execute(&mut *transaction).await?.rows_affected() == 0 {
                return Ok(false);
            }
            insert_mail!(mail).execute(&mut *transaction).await?;
            Ok(true)
        })
    }

    /// One of the `guesses_max` guesses: what to compare with. `None`: there is no code, or none that may still be guessed.
    #[boxed]
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
    #[boxed]
    pub async fn login_code_take(&self, address_key: [u8; 32], code_hash: [u8; 32]) -> Result<bool, StoreError> {
        changed!(self, sqlx::query(TAKE).bind(address_key.to_vec()).bind(code_hash.to_vec()))
            .map(|touched| touched == 1)
    }

    /// Forgets codes that expired before `before`. How many.
    #[boxed]
    pub async fn login_codes_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(before.0))
    }
}
