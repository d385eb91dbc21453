//! Who says that he comes. An event has one row for its limit, which every answer locks: the limit holds whoever answers at
//! the same time.

use inventory::{EventId, TimeUs, UserId};

use super::audit_log::audit;
use super::{AuditEntry, Store, on_pool, on_transaction};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum RsvpAnswer {
        Yes = "yes",
        No = "no",
        Maybe = "maybe",
    }
}

row! {
    pub struct Rsvp {
        pub user_id: UserId,
        /// Of the account.
        pub name: String,
        pub answer: RsvpAnswer,
        pub answered_at: TimeUs,
    }
}

row! {
    pub struct RsvpCount {
        pub yes: u32,
        /// `None`: as many as want to.
        pub yes_max: Option<u32>,
    }
}

row! {
    pub struct Answered {
        pub answer: RsvpAnswer,
    }
}

row! {
    /// An account's answer.
    pub struct OwnRsvp {
        pub event_id: EventId,
        pub answer: RsvpAnswer,
        pub answered_at: TimeUs,
    }
}

const ENSURE: &str = "
    INSERT INTO rsvp_limits (event_id, yes_max) VALUES ($1, NULL) ON CONFLICT (event_id) DO NOTHING";

/// Changes nothing, and keeps others from it until the transaction ends.
const LOCK: &str = "UPDATE rsvp_limits SET yes_max = yes_max WHERE event_id = $1";

const COUNT: &str = "
    SELECT (SELECT COUNT(*) FROM rsvps WHERE event_id = $1 AND answer = $2) AS yes,
        (SELECT yes_max FROM rsvp_limits WHERE event_id = $1) AS yes_max";

const SET_MAX: &str = "UPDATE rsvp_limits SET yes_max = $2 WHERE event_id = $1";

const ANSWER: &str = "SELECT answer FROM rsvps WHERE event_id = $1 AND user_id = $2";

const PUT: &str = "
    INSERT INTO rsvps (event_id, user_id, answer, answered_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT (event_id, user_id) DO UPDATE SET answer = excluded.answer, answered_at = excluded.answered_at";

const DELETE: &str = "DELETE FROM rsvps WHERE event_id = $1 AND user_id = $2";

const FIND: &str = "
    SELECT rsvps.user_id, users.name, rsvps.answer, rsvps.answered_at
    FROM rsvps JOIN users ON users.id = rsvps.user_id WHERE rsvps.event_id = $1 AND rsvps.user_id = $2";

const LIST: &str = "
    SELECT rsvps.user_id, users.name, rsvps.answer, rsvps.answered_at
    FROM rsvps JOIN users ON users.id = rsvps.user_id
    WHERE rsvps.event_id = $1 AND rsvps.answer LIKE $2 AND rsvps.user_id > $3 ORDER BY rsvps.user_id LIMIT $4";

const LIST_OF_USER: &str = "
    SELECT event_id, answer, answered_at FROM rsvps WHERE user_id = $1 AND event_id > $2 ORDER BY event_id LIMIT $3";

pub(super) const STATEMENTS: &[&str] = &[ENSURE, LOCK, COUNT, SET_MAX, ANSWER, PUT, DELETE, FIND, LIST, LIST_OF_USER];

impl Store {
    /// Keeps the answer, or takes it back with `None`. `false`: as many as may say yes already do, and nothing changed.
    #[boxed]
    pub async fn rsvp_put(
        &self,
        event: EventId,
        user: UserId,
        answer: Option<RsvpAnswer>,
        now: TimeUs,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(ENSURE).bind(event.uuid()).execute(&mut *transaction).await?;
            sqlx::query(LOCK).bind(event.uuid()).execute(&mut *transaction).await?;
            let count: RsvpCount = sqlx::query_as(COUNT)
                .bind(event.uuid())
                .bind(RsvpAnswer::Yes.name())
                .fetch_one(&mut *transaction)
                .await?;
            let before: Option<Answered> = sqlx::query_as(ANSWER)
                .bind(event.uuid())
                .bind(user.uuid())
                .fetch_optional(&mut *transaction)
                .await?;
            let others = count.yes - u32::from(before.is_some_and(|before| before.answer == RsvpAnswer::Yes));
            if answer == Some(RsvpAnswer::Yes) && count.yes_max.is_some_and(|max| others >= max) {
                return Ok(false);
            }
            match answer {
                Some(answer) => sqlx::query(PUT).bind(event.uuid()).bind(user.uuid()).bind(answer.name()).bind(now.0),
                None => sqlx::query(DELETE).bind(event.uuid()).bind(user.uuid()),
            }
            .execute(&mut *transaction)
            .await?;
            Ok(true)
        })
    }

    /// Limits how many may say yes. `false`: more do already, and nothing changed.
    #[boxed]
    pub async fn rsvp_limit(
        &self,
        event: EventId,
        yes_max: Option<u32>,
        entry: Option<&AuditEntry>,
    ) -> Result<bool, StoreError> {
        on_transaction!(self, transaction => async {
            sqlx::query(ENSURE).bind(event.uuid()).execute(&mut *transaction).await?;
            sqlx::query(LOCK).bind(event.uuid()).execute(&mut *transaction).await?;
            let count: RsvpCount = sqlx::query_as(COUNT)
                .bind(event.uuid())
                .bind(RsvpAnswer::Yes.name())
                .fetch_one(&mut *transaction)
                .await?;
            if yes_max.is_some_and(|max| count.yes > max) {
                return Ok(false);
            }
            sqlx::query(SET_MAX).bind(event.uuid()).bind(yes_max.map(i64::from)).execute(&mut *transaction).await?;
            if let Some(entry) = entry {
                audit!(&mut *transaction, entry).await?;
            }
            Ok(true)
        })
    }

    #[boxed]
    pub async fn rsvp_count(&self, event: EventId) -> Result<RsvpCount, StoreError> {
        on_pool!(self, pool => sqlx::query_as(COUNT)
            .bind(event.uuid())
            .bind(RsvpAnswer::Yes.name())
            .fetch_one(pool))
    }

    #[boxed]
    pub async fn rsvp_find(&self, event: EventId, user: UserId) -> Result<Option<Rsvp>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(event.uuid()).bind(user.uuid()).fetch_optional(pool))
    }

    /// Of an account, the oldest events first, behind `after`.
    #[boxed]
    pub async fn rsvp_list_of_user(
        &self,
        user: UserId,
        after: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<OwnRsvp>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_USER)
            .bind(user.uuid())
            .bind(after.map_or_else(uuid::Uuid::nil, EventId::uuid))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// The oldest accounts first, behind `after`.
    #[boxed]
    pub async fn rsvp_list(
        &self,
        event: EventId,
        answer: Option<RsvpAnswer>,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Rsvp>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST)
            .bind(event.uuid())
            .bind(answer.map_or("%", RsvpAnswer::name))
            .bind(after.map_or_else(uuid::Uuid::nil, UserId::uuid))
            .bind(i64::from(limit))
            .fetch_all(pool))
    }
}
