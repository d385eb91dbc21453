//! How often somebody may try something: a counter per subject and window. A window begins with its first attempt.

use inventory::TimeUs;

use super::{Store, changed, on_transaction};
use crate::StoreError;
use crate::boxed;

/// Of one subject, in one window.
#[derive(Clone, Copy, Debug)]
pub struct AttemptLimit {
    /// Digest of who tries what.
    pub subject_key: [u8; 32],
    pub attempts_max: u32,
}

/// Counted before it is tried: of many at once no more than the limit are let through.
const TAKE: &str = "
    INSERT INTO attempts (subject_key, taken, began_at) VALUES ($1, 1, $2)
    ON CONFLICT (subject_key) DO UPDATE
        SET taken = CASE WHEN attempts.began_at <= $3 THEN 1 ELSE attempts.taken + 1 END,
            began_at = CASE WHEN attempts.began_at <= $3 THEN excluded.began_at ELSE attempts.began_at END
        WHERE attempts.taken < $4 OR attempts.began_at <= $3";

const FIND: &str = "SELECT began_at FROM attempts WHERE subject_key = $1";

/// Of a window that is still the one it was counted in, or of one that has begun since and gets one attempt more.
const GIVE_BACK: &str = "UPDATE attempts SET taken = taken - 1 WHERE subject_key = $1 AND taken > 0";

const FORGET: &str = "DELETE FROM attempts WHERE subject_key = $1";

const PRUNE: &str = "DELETE FROM attempts WHERE began_at < $1";

pub(super) const STATEMENTS: &[&str] = &[TAKE, FIND, GIVE_BACK, FORGET, PRUNE];

impl Store {
    /// One attempt more of each. When the next may be, if it is one too many of one of them: those before it in the list have
    /// counted it, those behind it have not.
    #[boxed]
    pub async fn attempts_take(
        &self,
        limits: &[AttemptLimit],
        now: TimeUs,
        window_us: i64,
    ) -> Result<Option<TimeUs>, StoreError> {
        on_transaction!(self, transaction => async {
            for limit in limits {
                let take = sqlx::query(TAKE).bind(limit.subject_key.to_vec()).bind(now.0).bind(now.plus_us(-window_us).0);
                let taken = take.bind(i64::from(limit.attempts_max)).execute(&mut *transaction).await?;
                if taken.rows_affected() == 0 {
                    let find = sqlx::query_scalar(FIND).bind(limit.subject_key.to_vec());
                    let began_at: Option<i64> = find.fetch_optional(&mut *transaction).await?;
                    return Ok(Some(began_at.map_or(now, TimeUs).plus_us(window_us)));
                }
            }
            Ok(None)
        })
    }

    /// One attempt less of each: nothing has come of it.
    #[boxed]
    pub async fn attempts_give_back(&self, limits: &[AttemptLimit]) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            for limit in limits {
                sqlx::query(GIVE_BACK).bind(limit.subject_key.to_vec()).execute(&mut *transaction).await?;
            }
            Ok(())
        })
    }

    /// Lets the subjects begin anew.
    #[boxed]
    pub async fn attempts_forget(&self, limits: &[AttemptLimit]) -> Result<(), StoreError> {
        on_transaction!(self, transaction => async {
            for limit in limits {
                sqlx::query(FORGET).bind(limit.subject_key.to_vec()).execute(&mut *transaction).await?;
            }
            Ok(())
        })
    }

    /// Forgets windows that began before `before`. How many.
    #[boxed]
    pub async fn attempts_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(before.0))
    }
}
