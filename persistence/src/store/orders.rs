//! Orders as the journal projects them: read here, written by journal commits alone.

use inventory::{EventId, ItemRow, Lsn, OrderId, RefundPolicy, RefundStep, TimeUs, UserId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Store, on_pool};
use crate::StoreError;
use crate::boxed;
use crate::row::{Field, named, row};

named! {
    pub enum OrderStatus {
        Draft = "draft",
        PendingPayment = "pending_payment",
        Paid = "paid",
        PartiallyRefunded = "partially_refunded",
        Refunded = "refunded",
        Cancelled = "cancelled",
        Expired = "expired",
    }
}

row! {
    pub struct Order {
        pub id: OrderId,
        pub event_id: EventId,
        pub customer_id: UserId,
        pub status: OrderStatus,
        pub items: Vec<OrderItem>,
        pub total_minor: i64,
        pub refunded_minor: i64,
        /// ISO 4217.
        pub currency: String,
        pub placed_at: TimeUs,
        /// When an unpaid order lapses.
        pub expires_at: TimeUs,
        /// The last change of the order.
        pub lsn: Lsn,
    }
}

/// Kept as JSON inside its order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderItem {
    /// A seat's public id, or an area's.
    pub place: String,
    pub is_area: bool,
    pub quantity: u32,
    pub tier_id: Uuid,
    pub tier_name: String,
    /// Of one unit.
    pub price_minor: i64,
    /// What the tier promised when the order was placed, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<RefundTerms>,
    /// By which `price_minor` is lower.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<ItemDiscount>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemDiscount {
    /// Of its code; empty when the price was set by hand.
    pub label: String,
    /// Off one unit.
    pub off_minor: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundTerms {
    pub refundable: bool,
    pub percent: u8,
    /// µs since the epoch.
    pub until_us: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<RefundTermsStep>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundTermsStep {
    /// At least so long before the event starts.
    pub before_us: i64,
    pub percent: u8,
}

impl RefundTerms {
    fn from_policy(refund: &RefundPolicy) -> Self {
        let step = |step: &RefundStep| RefundTermsStep { before_us: step.before_us, percent: step.percent };
        Self {
            refundable: refund.refundable,
            percent: refund.percent,
            until_us: refund.until.map(|until| until.0),
            steps: refund.steps.iter().map(step).collect(),
        }
    }
}

impl OrderItem {
    pub(crate) fn from_row(row: &ItemRow) -> Self {
        Self {
            place: row.place.clone(),
            is_area: row.is_area,
            quantity: row.quantity,
            tier_id: row.tier.uuid(),
            tier_name: row.tier_name.clone(),
            price_minor: row.price_minor,
            refund: row.refund.as_ref().map(RefundTerms::from_policy),
            discount: row
                .discount
                .as_ref()
                .map(|discount| ItemDiscount { label: discount.label.clone(), off_minor: discount.off_minor }),
        }
    }
}

impl Field for Vec<OrderItem> {
    type Column = String;

    fn from_column(column: String) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(serde_json::from_str(&column)?)
    }
}

const FIND: &str = "
    SELECT id, event_id, customer_id, status, items, total_minor, refunded_minor, currency, placed_at, expires_at, lsn
    FROM orders WHERE id = $1";

const LIST_OF_CUSTOMER: &str = "
    SELECT id, event_id, customer_id, status, items, total_minor, refunded_minor, currency, placed_at, expires_at, lsn
    FROM orders WHERE customer_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

const LIST_OF_EVENT: &str = "
    SELECT id, event_id, customer_id, status, items, total_minor, refunded_minor, currency, placed_at, expires_at, lsn
    FROM orders WHERE event_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";

pub(super) const STATEMENTS: &[&str] = &[FIND, LIST_OF_CUSTOMER, LIST_OF_EVENT];

impl Store {
    #[boxed]
    pub async fn order_find(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        on_pool!(self, pool => sqlx::query_as(FIND).bind(id.uuid()).fetch_optional(pool))
    }

    /// Newest first, behind `after`.
    #[boxed]
    pub async fn order_list(
        &self,
        customer: UserId,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<Order>, StoreError> {
        let after = after.map_or_else(Uuid::max, OrderId::uuid);
        on_pool!(self, pool => sqlx::query_as(LIST_OF_CUSTOMER)
            .bind(customer.uuid())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }

    /// Newest first, behind `after`.
    #[boxed]
    pub async fn order_list_of_event(
        &self,
        event: EventId,
        after: Option<OrderId>,
        limit: u32,
    ) -> Result<Vec<Order>, StoreError> {
        let after = after.map_or_else(Uuid::max, OrderId::uuid);
        on_pool!(self, pool => sqlx::query_as(LIST_OF_EVENT)
            .bind(event.uuid())
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(pool))
    }
}
