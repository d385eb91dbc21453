//! Work that must follow from a change (mail, refunds): queued by the commit of the change itself.

use inventory::{EventId, Lsn, OrderId, OutboxKind, PaymentId, TimeUs, UserId};

use super::{Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::{Field, named, row};

named! {
    pub enum OutboxStatus {
        Queued = "queued",
        Done = "done",
        /// Given up after the last attempt: an admin must look.
        Failed = "failed",
    }
}

row! {
    pub struct Outbox {
        pub event_id: EventId,
        pub lsn: Lsn,
        pub kind: OutboxKind,
        pub order_id: OrderId,
        pub user_id: UserId,
        pub created_at: TimeUs,
        pub status: OutboxStatus,
        pub attempts: u32,
        /// Of a refund: which payment goes back, and how much of it.
        pub payment_id: Option<PaymentId>,
        pub amount_minor: Option<i64>,
    }
}

impl Field for OutboxKind {
    type Column = String;

    fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
        [Self::OrderPaid, Self::OrderCancelled, Self::OrderRefunded, Self::PaymentRefund, Self::TicketTransferred]
            .into_iter()
            .find(|kind| kind.name() == column)
            .ok_or_else(|| format!("`{column}` is no outbox kind").into())
    }
}

const LIST_OF_EVENT: &str = "
    SELECT event_id, lsn, kind, order_id, user_id, created_at, status, attempts, payment_id, amount_minor
    FROM outbox WHERE event_id = $1 AND lsn > $2 ORDER BY lsn, kind LIMIT $3";

pub(super) const STATEMENTS: &[&str] = &[LIST_OF_EVENT];

impl Store {
    /// By LSN, behind `after`.
    #[boxed]
    pub async fn outbox_list(&self, event: EventId, after: Lsn, limit: u32) -> Result<Vec<Outbox>, StoreError> {
        let after = i64::try_from(after.0).unwrap_or(i64::MAX);
        on_pool!(self, pool => sqlx::query_as(LIST_OF_EVENT)
            .bind(event.uuid())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }
}
