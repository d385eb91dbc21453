//! What the audience says of an event: one rating and text per account.

use inventory::{EventId, TimeUs, UserId};

use super::{Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::row;

row! {
    pub struct Feedback {
        pub user_id: UserId,
        /// Of the account.
        pub name: String,
        /// 1 to 5.
        pub rating: u32,
        pub text: String,
        pub created_at: TimeUs,
        pub changed_at: TimeUs,
    }
}

row! {
    pub struct FeedbackTotals {
        pub count: u32,
        pub sum: u32,
    }
}

row! {
    /// What an account says.
    pub struct OwnFeedback {
        pub event_id: EventId,
        pub rating: u32,
        pub text: String,
        pub created_at: TimeUs,
        pub changed_at: TimeUs,
    }
}

const INSERT: &str = "
    INSERT INTO feedback (event_id, user_id, rating, text, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $5)
    ON CONFLICT (event_id, user_id) DO NOTHING";

const UPDATE: &str = "UPDATE feedback SET rating = $3, text = $4, changed_at = $5 WHERE event_id = $1 AND user_id = $2";

const FIND: &str = "
    SELECT feedback.user_id, users.name, feedback.rating, feedback.text, feedback.created_at, feedback.changed_at
    FROM feedback JOIN users ON users.id = feedback.user_id
    WHERE feedback.event_id = $1 AND feedback.user_id = $2";

const LIST: &str = "
    SELECT feedback.user_id, users.name, feedback.rating, feedback.text, feedback.created_at, feedback.changed_at
    FROM feedback JOIN users ON users.id = feedback.user_id
    WHERE feedback.event_id = $1 AND feedback.user_id > $2 ORDER BY feedback.user_id LIMIT $3";

/// Over one range of the primary key.
const TOTALS: &str = "
    SELECT COUNT(*) AS count, CAST(COALESCE(SUM(rating), 0) AS bigint) AS sum FROM feedback WHERE event_id = $1";

const LIST_OF_USER: &str = "
    SELECT event_id, rating, text, created_at, changed_at FROM feedback
    WHERE user_id = $1 AND event_id > $2 ORDER BY event_id LIMIT $3";

pub(super) const STATEMENTS: &[&str] = &[INSERT, UPDATE, FIND, LIST, TOTALS, LIST_OF_USER];

impl Store {
    /// Whether it is the account's first of the event; otherwise it replaces the one before.
    #[boxed]
    pub async fn feedback_put(
        &self,
        event: EventId,
        user: UserId,
        rating: u32,
        text: &str,
        now: TimeUs,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            let inserted = sqlx::query(INSERT)
                .bind(event.uuid())
                .bind(user.uuid())
                .bind(i64::from(rating))
                .bind(text)
                .bind(now.0)
                .execute(&mut *transaction)
                .await?;
            if inserted.rows_affected() == 1 {
                return Ok(true);
            }
            sqlx::query(UPDATE)
                .bind(event.uuid())
                .bind(user.uuid())
                .bind(i64::from(rating))
                .bind(text)
                .bind(now.0)
                .execute(&mut *transaction)
                .await?;
            Ok(false)
        })
    }

    #[boxed]
    pub async fn feedback_find(&self, event: EventId, user: UserId) -> Result<Option<Feedback>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(event.uuid()).bind(user.uuid()).fetch_optional(pool))
    }

    /// The oldest accounts first, behind `after`.
    #[boxed]
    pub async fn feedback_list(
        &self,
        event: EventId,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Feedback>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(event.uuid())
            .bind(after.map_or_else(uuid::Uuid::nil, UserId::uuid))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Of an account, the oldest events first, behind `after`.
    #[boxed]
    pub async fn feedback_list_of_user(
        &self,
        user: UserId,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<OwnFeedback>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_USER)
            .bind(user.uuid())
            .bind(after.map_or_else(uuid::Uuid::nil, EventId::uuid))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    #[boxed]
    pub async fn feedback_totals(&self, event: EventId) -> Result<FeedbackTotals, StoreError> {
        on_pool!(self, pool => sqlx::query_as(TOTALS).bind(event.uuid()).fetch_one(pool))
    }
}
