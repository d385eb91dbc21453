use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Money;

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
}

/// What is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TierPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_window: Option<SaleWindow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_order_min: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_order_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_customer_max: Option<u32>,
    /// `false` stops its sale; what it sold stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tier {
    pub id: Uuid,
    pub name: String,
    pub price: Money,
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
    pub open: bool,
}
