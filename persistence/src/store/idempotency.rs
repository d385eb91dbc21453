//! Answers of writes that touch no event (those are remembered in the journal, with their effect). Kept for 24 h.

use inventory::TimeUs;

use super::{Store, changed, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct IdempotentAnswer {
        /// Digest of account, method, path and key.
        pub scope_key: [u8; 16],
        /// Of the request's body: another body under the same key is another request.
        pub body_digest: [u8; 16],
        /// HTTP status.
        pub status: u16,
        pub content_type: String,
        pub response: Vec<u8>,
        pub created_at: TimeUs,
    }
}

const FIND: &str = "
    SELECT scope_key, body_digest, status, content_type, response, created_at
    FROM idempotency_keys WHERE scope_key = $1";

const PUT: &str = "
    INSERT INTO idempotency_keys (scope_key, body_digest, status, content_type, response, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (scope_key) DO NOTHING";

const PRUNE: &str = "DELETE FROM idempotency_keys WHERE created_at < $1";

pub(super) const STATEMENTS: &[&str] = &[FIND, PUT, PRUNE];

impl Store {
    #[boxed]
    pub async fn idempotency_find(&self, scope_key: [u8; 16]) -> Result<Option<IdempotentAnswer>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(scope_key.to_vec()).fetch_optional(pool))
    }

    /// Whether the key was new: `false` leaves the earlier answer as it is.
    #[boxed]
    pub async fn idempotency_put(&self, answer: &IdempotentAnswer) -> Result<bool, StoreError> {
        changed!(
            self,
            sqlx::query(PUT)
                .bind(answer.scope_key.to_vec())
                .bind(answer.body_digest.to_vec())
                .bind(i64::from(answer.status))
                .bind(&answer.content_type)
                .bind(&answer.response)
                .bind(answer.created_at.0)
        )
        .map(|touched| touched == 1)
    }

    /// Forgets answers given before `before`. How many.
    #[boxed]
    pub async fn idempotency_prune(&self, before: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(PRUNE).bind(before.0))
    }
}
