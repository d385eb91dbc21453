//! Payments as the journal projects them: read here, written by journal commits alone.

use inventory::{EventId, Lsn, OrderId, PaymentId, PaymentStatus, TimeUs};

use super::{Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::{Field, row};

row! {
    pub struct Payment {
        pub id: PaymentId,
        pub order_id: OrderId,
        pub event_id: EventId,
        pub status: PaymentStatus,
        pub amount_minor: i64,
        /// ISO 4217.
        pub currency: String,
        pub changed_at: TimeUs,
        /// The last change of the payment.
        pub lsn: Lsn,
    }
}

impl Field for PaymentStatus {
    type Column = String;

    fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
        [Self::Started, Self::Declined, Self::Captured, Self::RefundDue]
            .into_iter()
            .find(|status| status.name() == column)
            .ok_or_else(|| format!("`{column}` is no payment status").into())
    }
}

const LIST_OF_ORDER: &str = "
    SELECT id, order_id, event_id, status, amount_minor, currency, changed_at, lsn
    FROM payments WHERE order_id = $1 ORDER BY lsn, id";

pub(super) const STATEMENTS: &[&str] = &[LIST_OF_ORDER];

impl Store {
    /// All payments of an order, in the order of their last change.
    #[boxed]
    pub async fn payment_list(&self, order: OrderId) -> Result<Vec<Payment>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(LIST_OF_ORDER).bind(order.uuid()).fetch_all(pool))
    }
}
