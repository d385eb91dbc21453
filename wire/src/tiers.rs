use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Money;
use crate::patch::{clearable, not_null};

/// On sale from `starts_at` (inclusive) to `ends_at` (exclusive); an absent end is open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleWindow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
}

/// A limit on units; tiers that name the same `id` share it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    pub id: String,
    pub limit: u32,
}

/// A price for those who come early. It ends at `until`, or while `first` units are held or sold at it, whichever comes
/// first; what is given back is on offer again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceStep {
    /// No two prices of a tier are the same.
    pub price: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<u32>,
}

/// What buyers may ask for themselves, before the event. Kept with the order as it was when they bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundPolicy {
    pub refundable: bool,
    /// Of the price that was paid, 0 to 100, when there are no steps. Default 50.
    #[serde(default = "percent_default")]
    #[schema(maximum = 100)]
    pub percent: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// By the time that is left before the event: the first that applies counts, and later than the last there is no
    /// refund. The longest time first, at most 8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<RefundStep>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundStep {
    /// At least so many hours before the event starts: 0 to 87600.
    #[schema(maximum = 87600)]
    pub hours_before: u32,
    /// Of the price that was paid, 0 to 100.
    #[schema(maximum = 100)]
    pub percent: u8,
}

const fn percent_default() -> u8 {
    50
}

/// A tier as it is on offer now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TierOffer {
    pub tier: Tier,
    /// Of the next unit.
    pub price: Money,
    /// When this price ends at the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_until: Option<DateTime<Utc>>,
    /// Units left at this price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_left: Option<u32>,
    /// What could be held now.
    pub free: u32,
    /// Open, and within its window and the event's, which is not over.
    pub on_sale: bool,
}

/// Opens tiers whose `needs_code` is set.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessCodePut {
    /// Case counts. Stored as a digest, never shown again.
    pub code: String,
    /// For the organizer.
    pub label: String,
    /// Empty: all tiers that need a code.
    #[serde(default)]
    pub tiers: Vec<Uuid>,
    /// Units held and bought by it, over all tiers and customers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units_max: Option<u32>,
    /// When it opens anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<SaleWindow>,
    /// Default `true`. A closed code opens nothing; what was bought by it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AccessCode {
    pub id: Uuid,
    pub label: String,
    pub tiers: Vec<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units_max: Option<u32>,
    /// Units held and bought by it.
    pub used: u32,
    pub window: SaleWindow,
    pub open: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TierCreate {
    pub name: String,
    pub price: Money,
    /// Ids of sections that the tier prices. Neither `sections` nor `areas`: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sections: Option<Vec<String>>,
    /// Ids of areas that the tier prices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub areas: Option<Vec<String>>,
    /// Narrows the sections and areas to these categories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub categories: Option<Vec<String>>,
    /// A limit of this tier alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared_quotas: Option<Vec<Quota>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_window: Option<SaleWindow>,
    /// Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_order_min: Option<u32>,
    /// Default: the event's `units_per_hold_max`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_order_max: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_customer_max: Option<u32>,
    /// Only buyers who know it see and buy the tier. Stored as a digest, never shown again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Tiers are shown by ascending position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u16>,
    /// The first that applies prices a unit, when none does `price`. Replaces all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_steps: Option<Vec<PriceStep>>,
    /// Sold to those who name one of the event's access codes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs_code: Option<bool>,
    /// Told to buyers, and kept with their orders as it was when they bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_policy: Option<RefundPolicy>,
}

/// What is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TierPatch {
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub price: Option<Money>,
    /// A limit of this tier alone; `null`: no such limit.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub quota: Option<Option<u32>>,
    /// `null`: as long as the event.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SaleWindow>)]
    pub sale_window: Option<Option<SaleWindow>>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub per_order_min: Option<u32>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub per_order_max: Option<u32>,
    /// `null`: no limit.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub per_customer_max: Option<Option<u32>>,
    /// `false` stops its sale; what it sold stays.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub open: Option<bool>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Tiers are shown by ascending position.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub position: Option<u16>,
    /// The first that applies prices a unit, when none does `price`. Replaces all.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub price_steps: Option<Vec<PriceStep>>,
    /// Sold to those who name one of the event's access codes.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub needs_code: Option<bool>,
    /// Told to buyers, and kept with their orders as it was when they bought.
    /// `null`: nothing is promised to those who buy from now on.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RefundPolicy>)]
    pub refund_policy: Option<Option<RefundPolicy>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tier {
    pub id: Uuid,
    pub name: String,
    pub description: String,
    pub position: u16,
    pub price: Money,
    pub price_steps: Vec<PriceStep>,
    pub sections: Vec<String>,
    pub areas: Vec<String>,
    pub categories: Vec<String>,
    pub quotas: Vec<Quota>,
    pub sale_window: SaleWindow,
    pub per_order_min: u32,
    pub per_order_max: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_customer_max: Option<u32>,
    /// Whether an access code is needed.
    pub hidden: bool,
    /// Whether the event's access codes open it.
    pub needs_code: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_policy: Option<RefundPolicy>,
    pub open: bool,
}
