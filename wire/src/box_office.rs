use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Attendee, HeldItem, HoldItem, Money};

/// Places kept without a time limit.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoxOfficeHoldRequest {
    pub items: Vec<HoldItem>,
    /// Why, for those who work at the event.
    pub reason: String,
    /// For whom, or what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Withheld blocks whose seats and areas may be taken where `items` names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoxOfficeHold {
    pub id: Uuid,
    pub event_id: Uuid,
    pub items: Vec<HeldItem>,
    pub total: Money,
    pub placed_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed_by: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Sells at once. Exactly one of `hold_id` and `items`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoxOfficeOrderRequest {
    /// A hold of the box office.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<HoldItem>>,
    /// With `items`: withheld blocks whose seats and areas may be taken where `items` names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<String>,
    pub payment: BoxOfficePayment,
    /// Of the payment; required for `external`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Of one unit, instead of the tier's price and no higher. Takes a `reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    /// Why it costs nothing, or less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whose name is on the first ticket. All tickets are mailed to the address, if there is one, and what becomes of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer: Option<Attendee>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BoxOfficePayment {
    Cash,
    CardTerminal,
    /// Taken elsewhere, under `reference`.
    External,
    /// Nothing is paid. Takes a `reason`.
    Comp,
}

/// How an order of the box office was paid, and what is owed of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoxOfficeSale {
    pub order_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sold_by: Option<Uuid>,
    pub sold_at: DateTime<Utc>,
    pub payment: BoxOfficePayment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub total: Money,
    pub refunded: Money,
    /// Refunded, and not paid out yet.
    pub refund_due: Money,
}

/// Pays out all that is due of an order of the box office.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BoxOfficePayoutRequest {
    /// How it was given back: not `comp`.
    pub payment: BoxOfficePayment,
    /// Of the payment; required for `external`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoxOfficePayout {
    pub id: Uuid,
    pub order_id: Uuid,
    pub amount: Money,
    pub payment: BoxOfficePayment,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    pub paid_by: Uuid,
    pub paid_at: DateTime<Utc>,
}

/// What was taken in and paid out at the box office, to settle accounts by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoxOfficeTakings {
    /// One for each account and way to pay.
    pub items: Vec<BoxOfficeTaking>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoxOfficeTaking {
    /// Who took it or paid it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
    pub payment: BoxOfficePayment,
    /// Orders sold.
    pub sales: u64,
    pub taken: Money,
    pub payouts: u64,
    pub paid_out: Money,
}
