use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::patch::{clearable, not_null};
use crate::{FeedbackSummary, Image, Money, SaleWindow, Tier};

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventCreate {
    /// 1 to 200 characters.
    pub title: String,
    /// At most 10,000 characters.
    #[serde(default)]
    pub description: String,
    /// Who puts it on. At most 200 characters.
    #[serde(default)]
    pub organization: String,
    /// Whom it is for, as the country rates it: `PG-13`, `FSK 12`. At most 40 characters.
    #[serde(default)]
    pub rating: String,
    /// The venue's name. At most 200 characters.
    #[serde(default)]
    pub location: String,
    /// Street and number. At most 200 characters.
    #[serde(default)]
    pub address: String,
    /// At most 100 characters.
    #[serde(default)]
    pub city: String,
    /// ISO 3166-1 alpha-2, for instance `DE`.
    #[serde(default)]
    pub country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// One word such as `concert`: kept in lower case, spaces as hyphens. At most 40 characters.
    #[serde(default)]
    pub category: String,
    /// At most 10 words, each as `category`.
    #[serde(default)]
    pub tags: Vec<String>,
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
    /// How often one ticket may enter, 1 to 1,000; default: as often as it likes. Counted exactly from when it is first set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries_max: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventClone {
    /// In the future.
    pub starts_at: DateTime<Utc>,
    /// Default: it lasts as long as the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    /// 1 to 200 characters. Default: that of the original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// Where the venue is, in degrees: north and east are positive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Coordinates {
    /// -90 to 90.
    pub latitude: f64,
    /// -180 to 180.
    pub longitude: f64,
}

/// What is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventPatch {
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub organization: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rating: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub location: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub city: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub country: Option<String>,
    /// `null`: none.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Coordinates>)]
    pub coordinates: Option<Option<Coordinates>>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub category: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub timezone: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub starts_at: Option<DateTime<Utc>>,
    /// `null`: it does not say.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub ends_at: Option<Option<DateTime<Utc>>>,
    /// The event's own: its prices stay in it.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub currency: Option<String>,
    /// `null`: at any time.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<SaleWindow>)]
    pub sale_window: Option<Option<SaleWindow>>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hold_ttl_s: Option<u32>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub holds_per_customer_max: Option<u32>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub units_per_hold_max: Option<u32>,
    /// `null`: no limit.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub units_per_customer_max: Option<Option<u32>>,
    /// `null`: gates admit at any time.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub doors_from: Option<Option<DateTime<Utc>>>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reentry: Option<bool>,
    /// `null`: no limit.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>)]
    pub entries_max: Option<Option<u32>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Event {
    pub id: Uuid,
    pub organizer_id: Uuid,
    pub title: String,
    /// Finds the event as its id does. Unique, made from its first title.
    pub slug: String,
    pub description: String,
    pub organization: String,
    pub rating: String,
    /// The venue's name.
    pub location: String,
    pub address: String,
    pub city: String,
    pub country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    pub category: String,
    pub tags: Vec<String>,
    /// Of events that are sessions of one series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_id: Option<Uuid>,
    pub timezone: String,
    pub starts_at: DateTime<Utc>,
    pub ends_at: Option<DateTime<Utc>>,
    pub currency: String,
    pub status: EventStatus,
    /// Whether it is over by the clock. Without `ends_at`, twelve hours after its start.
    pub ended: bool,
    /// Whether a tier that everybody sees can be bought now, as far as time says: it may be sold out. In `GET /events/{id}`;
    /// left out of lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_sale: Option<bool>,
    /// What the cheapest open tier that everybody sees costs now, or will when its sale begins: with its price steps that end
    /// at a time, without what is cheaper for the first so many only. Whether something is left of the tier is not asked. In
    /// `GET /events`, unless there is none; the filters and the order by price go by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_from: Option<Money>,
    /// Whether something is left for everybody, as of this moment: its sale may not have begun. In `GET /events`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<bool>,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
    /// Only admins see a deleted event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<DateTime<Utc>>,
    /// In their order; the first is the cover.
    #[serde(default)]
    pub images: Vec<Image>,
    /// In `GET /events/{id}`; left out of lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Vec<Tier>>,
    /// In `GET /events/{id}`; left out of lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<EventPolicy>,
    /// What the audience says of it. Absent before it begins, and in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<FeedbackSummary>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries_max: Option<u32>,
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

/// One line of a seat's history.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SeatHistoryEntry {
    /// The change.
    pub seq: u64,
    pub at: DateTime<Utc>,
    /// `laid_out`, `removed`, `held`, `ordered`, `released`, `expired`, `sold`, `returned`, `withheld`, `offered`,
    /// `checked_in`, `checked_out`, `scan_undone`, `voided` or `transferred`.
    pub event: String,
    /// The seat's letter from then on, as in availability; absent once it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<Uuid>,
    /// Whose it became, or had been when it went back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<Uuid>,
    /// Who asked for the change; absent for the engine's own, such as expiry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<Uuid>,
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

/// How far the refunds of a cancelled event are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventCancellation {
    pub event_id: Uuid,
    pub status: CancellationStatus,
    pub requested_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<DateTime<Utc>>,
    /// Orders that were ever paid.
    pub orders: u32,
    /// Of these, refunded in full: before the cancellation or by it.
    pub refunded: u32,
    /// Of these, refused at the last try. They are tried again.
    pub failed: u32,
    pub refunded_total: Money,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancellationStatus {
    Running,
    Done,
}
