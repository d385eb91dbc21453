//! Bodies of `/events/{id}/waiting-room`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// `PUT …/waiting-room/settings`: replaces all settings. May be sent at any time; what it changes takes effect at once.
/// Once the pre-queue is open, `pre_queue_from` and `beacon` are fixed until the line is reset by `active: false`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitingRoomSettings {
    /// Holds need a pass while this is so.
    pub active: bool,
    /// Joining is possible from here on. Default: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_queue_from: Option<DateTime<Utc>>,
    /// Whoever has joined before is shuffled now; later ones queue behind. Default: no pre-queue, first come first served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<DateTime<Utc>>,
    /// Places called per minute at most: 1 to 600,000. Default 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_minute: Option<u32>,
    /// Shoppers inside at once: 1 to 1,000,000. Default 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shoppers_max: Option<u32>,
    /// Seconds a shopper has, renewed by each of his holds and payments: 30 to 3,600. Default 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_s: Option<u32>,
    /// Seconds within which a called place must be claimed: 10 to 3,600. Default 120.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_within_s: Option<u32>,
    /// Nobody is called while this is so.
    #[serde(default)]
    pub paused: bool,
    /// A public value not yet known, for instance `drand quicknet round 12345678`. The line opens once it is given to
    /// `POST …/waiting-room/open`, and the shuffle depends on it: then not even the operator could choose the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<String>,
    /// Admission slows down when the p99 of a hold's time (mailbox and commit) passes this, in ms: 5 to 10,000. Default 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_target_ms: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitingRoomState {
    /// Not active: nobody needs a pass.
    Off,
    /// Active; joining is not possible yet.
    Closed,
    /// Everybody who joins now takes part in the shuffle.
    PreQueue,
    /// `opens_at` has passed; the beacon's value has not been given yet.
    AwaitingBeacon,
    Open,
}

/// What limits admission at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdmissionLimit {
    /// Nobody waits.
    Demand,
    Rate,
    Shoppers,
    /// The sale is slower than its target.
    Latency,
    Paused,
    /// The line is not open.
    Closed,
}

/// The public numbers, pushed to all as one frame. A waiter's position is `rank − called`; his estimated wait is
/// `position / rate_per_minute`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WaitingRoom {
    pub state: WaitingRoomState,
    /// Places given out so far.
    pub joined: u32,
    /// Ranks below this have been called: "now serving".
    pub called: u32,
    /// Places called per minute at present.
    pub rate_per_minute: u32,
    pub limited_by: AdmissionLimit,
    pub shoppers: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_queue_from: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<DateTime<Utc>>,
}

/// `POST …/waiting-room`: joins, or claims the turn of a place. Repeating it gives the same place.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// From an earlier answer. Without it the account's own place is looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_ticket: Option<String>,
    /// Of staff and accessibility: passes the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_pass: Option<String>,
}

/// Answer to `POST` and `GET …/waiting-room`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    pub state: PlaceState,
    /// Signed; holds nothing but the event, the account and the number. `None` for a shopper by priority pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place_ticket: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u32>,
    /// Order of admission, known once the line is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// How many are before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// Seconds, at the present rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_s: Option<u32>,
    /// For `POST …/holds`, while `state` is `admitted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<String>,
    /// When the session ends unless it is renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_until: Option<DateTime<Utc>>,
    pub room: WaitingRoom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceState {
    /// Takes part in the shuffle.
    PreQueue,
    Waiting,
    /// Inside: the pass is good.
    Admitted,
    /// Was called and did not come in time, or was inside and has left: join again.
    Lapsed,
    /// The room is off: no pass is needed.
    NotNeeded,
}

/// `POST …/waiting-room/open`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    /// The value of the beacon that the settings name, as published. 1 to 256 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon_value: Option<String>,
}

/// `POST …/waiting-room/priority-passes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorityPassRequest {
    /// Why, for the audit: 1 to 200 characters.
    pub reason: String,
    /// Accounts that may enter with it: 1 to 1,000. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// Default: when the event ends its sale, at most 30 days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// Only this account may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PriorityPass {
    pub id: Uuid,
    /// Shown once.
    pub priority_pass: String,
    pub uses: u32,
    pub expires_at: DateTime<Utc>,
}

/// One of `GET …/waiting-room/priority-passes`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedPass {
    pub id: Uuid,
    pub issued_by: Uuid,
    pub issued_at: DateTime<Utc>,
    pub reason: String,
    pub uses: u32,
    pub expires_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
}

/// How ranks follow from a proof. Another way will have another name.
pub const QUEUE_ALGORITHM: &str = "usher-queue-v1";

/// `GET …/waiting-room/proof`: all that is needed to recompute every rank. See `docs/queue-proof.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueProof {
    pub event_id: Uuid,
    pub algorithm: String,
    /// Hex of SHA-256 over event, key and the beacon's name; published before the pre-queue opens.
    pub commitment: String,
    pub committed_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<String>,
    /// Of a line with a beacon, from the closing of its pre-queue on: what is shuffled stands fast while nobody knows the
    /// beacon's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<QueueClosing>,
    /// Once the line is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<QueueOpening>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueClosing {
    /// The beacon's value must have become public after this.
    pub at: DateTime<Utc>,
    /// Numbers below this will be shuffled.
    pub shuffled: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueOpening {
    pub opened_at: DateTime<Utc>,
    /// Hex of the 32 bytes whose hash was committed to.
    pub key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon_value: Option<String>,
    /// Numbers below this were shuffled; all others keep their number as rank.
    pub shuffled: u32,
}
