use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{EventStatus, ItemDiscount, Money, RefundPolicy};

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRequest {
    pub event_id: Uuid,
    pub hold_id: Uuid,
    /// Who will come, in the order of the hold's units. May be fewer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attendees: Vec<Attendee>,
    /// If the payment arrives after the hold has expired and the seats are gone, take equal or better ones instead of
    /// getting the money back.
    #[serde(default)]
    pub accept_other_seats: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attendee {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    pub id: Uuid,
    pub event_id: Uuid,
    /// When one order is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<OrderEvent>,
    pub status: OrderStatus,
    pub items: Vec<OrderItem>,
    pub total: Money,
    pub refunded: Money,
    pub placed_at: DateTime<Utc>,
    /// When it lapses unless it is paid.
    pub expires_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attendees: Vec<Attendee>,
    /// Once paid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tickets: Vec<Ticket>,
}

/// What was bought, when and where: for a page of confirmation. As the event is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderEvent {
    pub title: String,
    pub location: String,
    /// IANA name.
    pub timezone: String,
    pub starts_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    pub status: EventStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Draft,
    PendingPayment,
    Paid,
    PartiallyRefunded,
    Refunded,
    Cancelled,
    Expired,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    pub quantity: u32,
    pub tier_id: Uuid,
    pub tier_name: String,
    pub price: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<ItemDiscount>,
    /// What the tier promised when the order was placed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_policy: Option<RefundPolicy>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayRequest {
    /// An order that costs nothing is paid by any.
    pub method: PaymentMethod,
    /// What the mock gateway does. Default `paid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<MockOutcome>,
    /// Must be the order's total when given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// Moves no money.
    Mock,
    /// Stripe Checkout: the answer says where to pay.
    Stripe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MockOutcome {
    Paid,
    Declined,
    /// Paid, after two seconds.
    Slow,
    /// Paid, but the answer is lost: the call's outcome is unknown until the gateway is asked again.
    Lost,
    /// Charged twice: one payment buys, the other goes back.
    Duplicate,
    /// Paid, but only after the hold has ended; until then the call's outcome is unknown. It buys what is still to be had
    /// then, or goes back.
    Late,
}

/// What paying is answered with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum PayAnswer {
    Paid(Box<Order>),
    Checkout(Checkout),
}

/// Where the payer goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Checkout {
    pub payment_id: Uuid,
    /// The provider's.
    pub session_id: String,
    /// The provider's page. Afterwards the browser comes back to the order's page; the order is paid when the provider
    /// has said so, mostly before.
    pub checkout_url: String,
    /// When the order lapses unless it is paid. What is paid later buys what is still free, or goes back.
    pub expires_at: DateTime<Utc>,
}

/// What another provider reports of an order's payment.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentReport {
    pub status: PaymentReportStatus,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The provider's name of the payment: two of them are two payments. Without one, all reports of an order are about
    /// the same payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What was paid. Must be the order's total when given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentReportStatus {
    Paid,
    Rejected,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    /// Empty: all that are left.
    #[serde(default)]
    pub tickets: Vec<Uuid>,
    /// Up to what is left. For those who run the event, by default the price of the refunded tickets; a buyer gets what he
    /// was promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Default `original`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<RefundTo>,
    /// Up to 500 characters, for those who run the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where the money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundTo {
    /// Back the way it came.
    Original,
    /// Into the buyer's wallet, at once.
    Wallet,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    pub id: Uuid,
    pub order_id: Uuid,
    pub event_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    pub tier_id: Uuid,
    pub tier_name: String,
    pub price: Money,
    pub state: TicketState,
    /// The signed text inside the QR code. Only for the holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub issued_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    Issued,
    CheckedIn,
    CheckedOut,
    Voided,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferRequest {
    /// Of whoever is to have it. He may make his account later.
    pub email: String,
}
