use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Money;

/// Money on its way back through its provider, as admins see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentRefund {
    pub id: Uuid,
    pub payment_id: Uuid,
    pub order_id: Uuid,
    pub provider: PaymentProvider,
    /// The provider's name of the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge_id: Option<String>,
    pub amount: Money,
    pub reason: PaymentRefundReason,
    pub status: PaymentRefundStatus,
    /// The provider's name of the refund, once made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_id: Option<String>,
    /// Begun since it was queued.
    pub attempts: u32,
    /// Of a queued refund: when it is tried next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// Why it waits for an admin, or how it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentProvider {
    Mock,
    Stripe,
    /// Another one, which reports by webhook.
    Webhook,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentRefundReason {
    /// The payment bought nothing, or its order was refunded.
    Owed,
    /// Money for an order that could not book it: the wrong amount, say.
    NotTaken,
    /// Money for an order that this server does not know: perhaps that of another one.
    OrderUnknown,
    /// Made at the provider, not by this server.
    Elsewhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentRefundStatus {
    /// Not made yet: being tried, or to be tried.
    Queued,
    Done,
    /// Waits for an admin.
    Failed,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRefundDone {
    /// How it was made: 1 to 200 characters.
    #[schema(example = "by bank transfer on 2 May")]
    pub how: String,
}
