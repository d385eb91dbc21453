//! Frames of `GET /events/{id}/live`. Each is one JSON object whose `type` names it; unknown types must be ignored, so
//! that the feed may grow.
//!
//! A client keeps `seq` of the last `snapshot` or `delta`. A `delta` whose `prev` is greater than that tells of a gap:
//! ask for a snapshot ([`LiveRequest::Snapshot`]) or connect anew with `?from=`. States in a delta are the latest, not a
//! history: applying one twice does no harm.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Counts, EventStatus, Occupancy, SaleWindow, SectionCounts, TierCounts, WaitingRoom};

/// Subprotocol: every frame is JSON text. The default.
pub const LIVE_JSON: &str = "usher.v1.json";
/// Subprotocol: `snapshot` and `delta` are binary, all else is JSON text. See `docs/live.md`.
pub const LIVE_BINARY: &str = "usher.v1.binary";
/// Prefix of the subprotocol entry that carries an access token, for clients that cannot send `Authorization`.
pub const LIVE_BEARER: &str = "bearer.";

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LiveFrame {
    Snapshot(LiveSnapshot),
    Delta(LiveDelta),
    Counts(LiveCounts),
    Sale(LiveSale),
    /// The waiting room's public numbers; see [`WaitingRoom`].
    Line(WaitingRoom),
    /// Nothing else was sent for a while.
    Heartbeat {
        seq: u64,
        at: DateTime<Utc>,
    },
    /// Only on the holder's own sockets.
    Hold(LiveHold),
    /// All live holds of the account: first of all on its sockets, and again when `hold` frames were lost. One that is
    /// not in it has ended.
    Holds {
        holds: Vec<LiveHold>,
    },
    /// Only on the waiter's own sockets: where he stands, or that it is his turn.
    Place(LivePlace),
    /// Only on sockets of those who work at the door, and opened with `?occupancy=true`: who is inside.
    Occupancy(Occupancy),
    /// Only on the shopper's own sockets: his session in the waiting room.
    Session(LiveSession),
    /// The last frame before the server closes.
    Bye {
        /// A stable code: `TOKEN_EXPIRED`, `TOKEN_INVALID`, `ACCOUNT_SUSPENDED`, `EVENT_NOT_FOUND`, `STOPPING`, `TOO_SLOW`, `TOO_MANY_MESSAGES`,
        /// `MESSAGE_INVALID`, `MESSAGE_TOO_LARGE`, `IDLE`, `ROLE_REQUIRED`, or why the event cannot be followed any more, for instance
        /// `EVENT_DAMAGED`.
        code: String,
        /// Seconds to wait before connecting again, jitter included.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_s: Option<u32>,
    },
}

/// All seats at `seq`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveSnapshot {
    pub event_id: Uuid,
    pub seq: u64,
    pub status: EventStatus,
    pub totals: Counts,
    /// In map order, with `rows`.
    pub sections: Vec<SectionCounts>,
}

/// What has changed after `prev` up to `seq`; the latest state of each place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveDelta {
    pub prev: u64,
    pub seq: u64,
    /// When the oldest of these changes became durable, µs since 1970.
    pub at_us: i64,
    /// Runs of neighbours: the position of the first, and the letters of it and those behind it, `f`ree, `h`eld, `s`old,
    /// `b`locked. Positions count all seats of the map in order, from 0, gaps left out: the letters of a snapshot, joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!([[1043, "hhh"], [2210, "f"]]))]
    pub seats: Vec<(u32, String)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<LiveArea>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveArea {
    pub id: String,
    pub free: u32,
    pub held: u32,
    pub sold: u32,
    pub blocked: u32,
}

/// At most once a second, when they have changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveCounts {
    pub seq: u64,
    pub totals: Counts,
    pub tiers: Vec<TierCounts>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveSale {
    pub seq: u64,
    pub status: EventStatus,
    pub sale_window: SaleWindow,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LiveHold {
    pub id: Uuid,
    pub state: LiveHoldState,
    /// While it is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    pub seq: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiveHoldState {
    Placed,
    Extended,
    Released,
    Expired,
    Confirmed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LivePlace {
    pub number: u32,
    /// Place in the order of admission, known once the line is open. Position = `rank` − `called` of the last `line`
    /// frame; below zero it is (or was) his turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// It is his turn: to be claimed by `POST …/waiting-room` before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_by: Option<DateTime<Utc>>,
}

/// Only the latest is told: one that is renewed right after its start may be told as renewed alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LiveSession {
    pub state: LiveSessionState,
    /// When it ends unless it is renewed. `None`: it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LiveSessionState {
    /// By his turn or by a priority pass, on whichever device: `GET …/waiting-room` gives the pass for holds. Also first of
    /// all on a new socket of somebody inside.
    Admitted,
    /// By a hold, an order or a payment.
    Renewed,
    /// By a purchase, by leaving, or by time.
    Ended,
}

/// What a client may say. At most 4 KiB each, and a few in a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum LiveRequest {
    /// A fresh access token of the same user, before the old one expires.
    Token { access_token: String },
    /// Follow this place: [`LiveFrame::Place`] comes at once and when its turn comes. A signed-in socket follows its own
    /// account's place without being asked.
    Place { place_ticket: String },
    /// Send a snapshot again.
    Snapshot {},
}
