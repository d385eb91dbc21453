use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{ItemDiscount, Money};

/// All or nothing over its items.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldRequest {
    pub items: Vec<HoldItem>,
    /// Codes that reveal hidden tiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access_codes: Vec<String>,
    /// Codes that take something off the prices. Each item has the one that takes off most; one that gives nothing, is not
    /// known or has too little left refuses the hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discount_codes: Vec<String>,
    /// The waiting room's pass, while the room is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<String>,
}

/// Exactly one of `seat`, `area` (with `quantity`) and `best_available`.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldItem {
    /// Public id `section-row-number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "A-12-7")]
    pub seat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// With `area`: 1 and up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_available: Option<BestAvailable>,
    /// With `seat` or `area`. Default: the first tier on sale that covers the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Uuid>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BestAvailable {
    pub quantity: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// The party needs an accessible seat.
    #[serde(default)]
    pub accessible: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hold {
    pub id: Uuid,
    pub event_id: Uuid,
    pub items: Vec<HeldItem>,
    pub total: Money,
    pub expires_at: DateTime<Utc>,
    /// `false`: best available had to split the party.
    pub adjacent: bool,
    /// The event's sequence number of this change.
    pub seq: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HeldItem {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    pub quantity: u32,
    pub tier_id: Uuid,
    /// Of one unit, frozen for the life of the hold.
    pub price: Money,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<ItemDiscount>,
}

/// Answer to `POST /events/{id}/holds/{hold_id}/extend`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HoldExtended {
    pub id: Uuid,
    pub event_id: Uuid,
    pub expires_at: DateTime<Utc>,
    /// The event's sequence number of this change.
    pub seq: u64,
}
