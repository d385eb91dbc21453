use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Image, SaleWindow, Tier};

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventCreate {
    /// 1 to 200 characters.
    pub title: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub location: String,
    /// IANA name of the venue's zone, for instance `Europe/Berlin`. Default `UTC`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    pub starts_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    /// ISO 4217, for instance `EUR`. Every price of the event is in it.
    pub currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sale_window: Option<SaleWindow>,
    /// Seconds a hold lives before payment starts: 1 to 1,500. Default 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_ttl_s: Option<u32>,
    /// Live holds of one customer. Default 4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds_per_customer_max: Option<u32>,
    /// Seats and places of one hold. Default 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units_per_hold_max: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units_per_customer_max: Option<u32>,
    /// Gates admit from here on; default: at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doors_from: Option<DateTime<Utc>>,
    /// Whether a ticket that left may enter again. Default true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reentry: Option<bool>,
}

/// What is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_window: Option<SaleWindow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_ttl_s: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holds_per_customer_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units_per_hold_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units_per_customer_max: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doors_from: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reentry: Option<bool>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Event {
    pub id: Uuid,
    pub organizer_id: Uuid,
    pub title: String,
    pub description: String,
    pub location: String,
    pub timezone: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    pub currency: String,
    pub status: EventStatus,
    pub created_at: DateTime<Utc>,
    /// In their order; the first is the cover.
    #[serde(default)]
    pub images: Vec<Image>,
    /// In `GET /events/{id}`; left out of lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Vec<Tier>>,
    /// In `GET /events/{id}`; left out of lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<EventPolicy>,
}

/// The rules of the whole event, as created and patched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventPolicy {
    pub sale_window: SaleWindow,
    pub hold_ttl_s: u32,
    pub holds_per_customer_max: u32,
    pub units_per_hold_max: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub units_per_customer_max: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doors_from: Option<DateTime<Utc>>,
    pub reentry: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    Draft,
    Published,
    Cancelled,
}

/// A named block of the seat map, withheld from sale or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Block {
    pub name: String,
    pub withheld: bool,
    /// The event's sequence number of this change.
    pub seq: u64,
}

/// `free + held + sold + blocked` is the capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    pub free: u32,
    pub held: u32,
    pub sold: u32,
    pub blocked: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Availability {
    /// The event's sequence number: the counts contain this change and all before it.
    pub seq: u64,
    pub status: EventStatus,
    pub totals: Counts,
    pub tiers: Vec<TierCounts>,
    pub sections: Vec<SectionCounts>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TierCounts {
    pub id: Uuid,
    /// What could be held now: free places, or less when a quota is tighter.
    pub free: u32,
    pub held: u32,
    pub sold: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SectionCounts {
    pub id: String,
    /// Whether this is a standing area.
    pub area: bool,
    pub free: u32,
    pub held: u32,
    pub sold: u32,
    pub blocked: u32,
    /// With `?seats=true`, rows only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<RowStates>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RowStates {
    pub id: String,
    /// One letter per seat in map order: `f`ree, `h`eld, `s`old, `b`locked.
    #[schema(example = "ffhhssff")]
    pub seats: String,
}
