//! Refunds of all orders of a cancelled event, as work that survives whoever does it. It is claimed for a while; whoever
//! claimed it says how far he came, and of who says nothing it comes due again. Which orders are left is read from the orders
//! themselves: what is kept here is only where to go on.

use inventory::{EventId, OrderId, TimeUs};
use uuid::Uuid;

use super::{Store, changed, on_pool, on_writer};
use crate::StoreError;
use crate::boxed;
use crate::row::{named, row};

named! {
    pub enum CancellationStatus {
        Running = "running",
        Done = "done",
    }
}

row! {
    pub struct Cancellation {
        pub event_id: EventId,
        pub requested_at: TimeUs,
        pub status: CancellationStatus,
        /// Orders up to here were asked in this round.
        pub after_order: Option<OrderId>,
        /// Orders of this round whose refund was refused.
        pub failed: u32,
        /// Of the round before.
        pub failed_before: u32,
        pub rounds: u32,
        /// Counts who took it: an earlier one says nothing any more.
        pub claims: u32,
        pub finished_at: Option<TimeUs>,
    }
}

row! {
    /// Of the orders that were ever paid.
    pub struct CancellationProgress {
        pub orders: u32,
        pub refunded: u32,
        pub refunded_minor: i64,
    }
}

const START: &str = "
    INSERT INTO event_cancellations (event_id, requested_at, status, due_at) VALUES ($1, $2, 'running', $2)
    ON CONFLICT (event_id) DO NOTHING";

const START_ALL: &str = "
    INSERT INTO event_cancellations (event_id, requested_at, status, due_at)
    SELECT id, CAST($1 AS bigint), 'running', CAST($1 AS bigint) FROM events
    WHERE status = 'cancelled'
        AND NOT EXISTS (SELECT 1 FROM event_cancellations AS known WHERE known.event_id = events.id)
    ON CONFLICT (event_id) DO NOTHING";

const NEXT_DUE: &str = "SELECT due_at FROM event_cancellations WHERE status = 'running' ORDER BY due_at LIMIT 1";

/// The outer condition is read again once the row is locked: of two that claim at once one gets it.
const CLAIM: &str = "
    UPDATE event_cancellations SET claims = claims + 1, due_at = $2
    WHERE status = 'running' AND due_at <= $1
        AND event_id IN (SELECT event_id FROM event_cancellations WHERE status = 'running' AND due_at <= $1
            ORDER BY due_at LIMIT 1)
    RETURNING event_id, requested_at, status, after_order, failed, failed_before, rounds, claims, finished_at";

const ORDERS: &str = "
    SELECT id FROM orders
    WHERE event_id = $1 AND status IN ('paid', 'partially_refunded') AND id > $2 ORDER BY id LIMIT $3";

const MOVE: &str = "
    UPDATE event_cancellations SET after_order = $3, failed = failed + $4, due_at = $5
    WHERE event_id = $1 AND claims = $2 AND status = 'running'";

const AGAIN: &str = "
    UPDATE event_cancellations SET after_order = NULL, failed_before = failed, failed = 0, rounds = rounds + 1,
        due_at = $3
    WHERE event_id = $1 AND claims = $2 AND status = 'running'";

const PAUSE: &str = "
    UPDATE event_cancellations SET due_at = $3 WHERE event_id = $1 AND claims = $2 AND status = 'running'";

const FINISH: &str = "
    UPDATE event_cancellations SET status = 'done', failed_before = 0, failed = 0, rounds = rounds + 1,
        finished_at = $3
    WHERE event_id = $1 AND claims = $2 AND status = 'running'";

const FIND: &str = "
    SELECT event_id, requested_at, status, after_order, failed, failed_before, rounds, claims, finished_at
    FROM event_cancellations WHERE event_id = $1";

const PROGRESS: &str = "
    SELECT COUNT(*) AS orders,
        CAST(COALESCE(SUM(CASE WHEN status = 'refunded' THEN 1 ELSE 0 END), 0) AS bigint) AS refunded,
        CAST(COALESCE(SUM(refunded_minor), 0) AS bigint) AS refunded_minor
    FROM orders WHERE event_id = $1 AND status IN ('paid', 'partially_refunded', 'refunded')";

pub(super) const STATEMENTS: &[&str] =
    &[START, START_ALL, NEXT_DUE, CLAIM, ORDERS, MOVE, AGAIN, PAUSE, FINISH, FIND, PROGRESS];

impl Store {
    /// Due at once; one that was started before goes on as it is.
    #[boxed]
    pub async fn cancellation_start(&self, event: EventId, now: TimeUs) -> Result<(), StoreError> {
        changed!(self, sqlx::query(START).bind(event.uuid()).bind(now.0)).map(drop)
    }

    /// Of every cancelled event that has none: whoever cancelled it may have died before he could start it. How many.
    #[boxed]
    pub async fn cancellations_start_all(&self, now: TimeUs) -> Result<u64, StoreError> {
        changed!(self, sqlx::query(START_ALL).bind(now.0))
    }

    /// When the first of those that run may be taken.
    #[boxed]
    pub async fn cancellations_next_due(&self) -> Result<Option<TimeUs>, StoreError> {
        let due: Option<i64> = on_pool!(self, pool => sqlx::query_scalar(NEXT_DUE).fetch_optional(pool))?;
        Ok(due.map(TimeUs))
    }

    /// The caller's alone until `until`.
    #[boxed]
    pub async fn cancellation_claim(&self, now: TimeUs, until: TimeUs) -> Result<Option<Cancellation>, StoreError> {
        on_writer!(self, pool => sqlx::query_as(CLAIM).bind(now.0).bind(until.0).fetch_optional(pool))
    }

    /// Paid orders of the event that are not refunded in full, by id, behind `after`.
    #[boxed]
    pub async fn cancellation_orders(
        &self,
        event: EventId,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<OrderId>, StoreError> {
        let found: Vec<Uuid> = on_pool!(self, pool => sqlx::query_scalar(ORDERS)
            .bind(event.uuid())
            .bind(after.map_or_else(Uuid::nil, OrderId::uuid))
            .bind(i64::from(limit))
            .fetch_all(pool))?;
        Ok(found.into_iter().map(OrderId::from_uuid).collect())
    }

    /// On to the orders behind `after`, and the claim lasts until `until`. Whether it is the caller's still.
    #[boxed]
    pub async fn cancellation_move(
        &self,
        claimed: &Cancellation,
        after: OrderId,
        failed: u32,
        until: TimeUs,
    ) -> Result<bool, StoreError> {
        let touched = changed!(
            self,
            sqlx::query(MOVE)
                .bind(claimed.event_id.uuid())
                .bind(i64::from(claimed.claims))
                .bind(after.uuid())
                .bind(i64::from(failed))
                .bind(until.0)
        )?;
        Ok(touched == 1)
    }

    /// Gives the claim back, to be taken up at `due_at` where it stands.
    #[boxed]
    pub async fn cancellation_pause(&self, claimed: &Cancellation, due_at: TimeUs) -> Result<(), StoreError> {
        self.cancellation_settle(PAUSE, claimed, due_at).await
    }

    /// Ends a round that has left orders behind: another begins at `due_at`.
    #[boxed]
    pub async fn cancellation_again(&self, claimed: &Cancellation, due_at: TimeUs) -> Result<(), StoreError> {
        self.cancellation_settle(AGAIN, claimed, due_at).await
    }

    /// Nothing is left.
    #[boxed]
    pub async fn cancellation_finish(&self, claimed: &Cancellation, now: TimeUs) -> Result<(), StoreError> {
        self.cancellation_settle(FINISH, claimed, now).await
    }

    async fn cancellation_settle(
        &self,
        statement: &'static str,
        claimed: &Cancellation,
        at: TimeUs,
    ) -> Result<(), StoreError> {
        let claims = i64::from(claimed.claims);
        changed!(self, sqlx::query(statement).bind(claimed.event_id.uuid()).bind(claims).bind(at.0)).map(drop)
    }

    #[boxed]
    pub async fn cancellation_find(&self, event: EventId) -> Result<Option<Cancellation>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(event.uuid()).fetch_optional(pool))
    }

    #[boxed]
    pub async fn cancellation_progress(&self, event: EventId) -> Result<CancellationProgress, StoreError> {
        on_pool!(self, pool => sqlx::query_as(PROGRESS).bind(event.uuid()).fetch_one(pool))
    }
}
