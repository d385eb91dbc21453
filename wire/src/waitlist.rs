use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What somebody waits for: so many of one tier, to be had in one purchase.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitlistJoin {
    pub tier: Uuid,
    /// The party.
    #[schema(minimum = 1, maximum = 100)]
    pub quantity: i64,
    /// Seats of this section alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    /// Places of this area. Without it seats are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// Default `true`: the party is passed over until there are seats side by side for all of it. `false`: seats apart will
    /// do when there are no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<bool>,
    /// The party needs an accessible seat.
    #[serde(default)]
    pub accessible: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitlistStatus {
    Waiting,
    /// Places are held for him until `offer.expires_at`.
    Offered,
    /// The offer was bought.
    Accepted,
    /// The offer ran out.
    Lapsed,
    /// He left, or gave the offer back.
    Left,
    /// Taken off by the organizer.
    Removed,
    /// When his turn came, he had as much already as one customer may.
    Limited,
    /// The list closed.
    Closed,
}

/// An entry of a waitlist.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitlistEntry {
    pub event_id: Uuid,
    /// Counted over all entries of the event. Lower ones come first, those with priority before all others.
    pub number: u32,
    pub user_id: Uuid,
    pub tier_id: Uuid,
    pub tier_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    pub quantity: u32,
    pub together: bool,
    pub accessible: bool,
    /// His money came too late for the places he had ordered.
    pub priority: bool,
    pub status: WaitlistStatus,
    pub joined_at: DateTime<Utc>,
    /// Of the status.
    pub changed_at: DateTime<Utc>,
    /// Of one who waits, where it is asked for by himself: 1 is the first of those who wait for the tier. Whom what is freed
    /// does not fit is passed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<WaitlistOffer>,
}

/// A hold in the customer's name, to be ordered and paid as any other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitlistOffer {
    pub hold_id: Uuid,
    pub expires_at: DateTime<Utc>,
}

/// The waitlist of an event, as one of its customers sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Waitlist {
    /// It can be joined for what is sold out.
    pub open: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<DateTime<Utc>>,
    /// How long an offer stands, unless the sale or the list ends before.
    pub offer_minutes: u32,
    /// Who waits, over all tiers.
    pub waiting: u32,
    /// Who has an offer.
    pub offered: u32,
    /// The account's last entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<WaitlistEntry>,
}

/// How a waitlist works.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitlistSettings {
    /// Switched off, those who wait are sent home; offers that were made stand.
    pub active: bool,
    /// How long an offer stands: 5 to 20160. Default 1440, a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 5, maximum = 20_160)]
    pub offer_minutes: Option<u32>,
    /// When it ends by itself, and what is free is everybody's again. Default: six hours before the event starts, or at its
    /// start when that is nearer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closes_at: Option<DateTime<Utc>>,
}
