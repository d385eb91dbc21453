use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{CheckInList, TicketState};

/// Names its ticket by `code` or by `ticket_id`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanRequest {
    /// The text of the QR code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Of somebody who was found by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<Uuid>,
    /// Made by the scanner for each scan, 1 to 64 characters: a repeated request is the same scan. Random: what two people
    /// send under one nonce is one scan. Those of different API keys and scanners never meet.
    pub nonce: String,
    /// Default `entry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<ScanDirection>,
    /// The check-in list of the gate: it lets in the tickets of this list alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Uuid>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanDirection {
    Entry,
    Exit,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ScanResponse {
    pub result: ScanResult,
    /// With `refused`: `invalid`, `canceled`, `revoked`, `product`, `invalid_time`, `already_redeemed`, `not_inside`,
    /// `no_reentry`, `rules` or `undone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier_name: Option<String>,
    /// Of this scan when it admitted, of the earlier one with `already_redeemed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanResult {
    Admitted,
    /// With direction `exit`.
    LetOut,
    Refused,
}

/// Names its ticket by `code` or by `ticket_id`, and the scan by `nonce` or by `scanned_at`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanUndo {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<Uuid>,
    /// Of the scan, by the same scanner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The ticket's last scan as it is shown, whoever made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<DateTime<Utc>>,
    /// Default `mistake`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<UndoReason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UndoReason {
    Mistake,
    WrongPerson,
    TurnedAway,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScanUndone {
    pub ticket_id: Uuid,
    /// Of the scan that was undone.
    pub direction: ScanDirection,
    pub scanned_at: DateTime<Utc>,
}

/// What a device has decided while it was offline.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueuedScans {
    /// 1 to 500.
    pub scans: Vec<QueuedScan>,
}

/// Names its ticket by `code` or by `ticket_id`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueuedScan {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<Uuid>,
    /// As in a live scan. The same upload again changes nothing.
    pub nonce: String,
    /// By the device's clock. Later than now counts as now.
    pub scanned_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<ScanDirection>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Uuid>,
    /// Somebody was let in against the rules of list, time and re-entry.
    #[serde(default)]
    pub forced: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct QueuedScansAnswer {
    /// One for each scan, in the order of the upload.
    pub results: Vec<QueuedScanAnswer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueuedScanAnswer {
    pub nonce: String,
    pub result: QueuedScanResult,
    /// With `conflict` and `refused`, as of a live scan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<Uuid>,
    /// As recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<DateTime<Utc>>,
    /// Of the scan that stood in the way, with `already_redeemed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QueuedScanResult {
    Admitted,
    LetOut,
    /// Contradicts what is known: recorded and listed for staff, and the ticket is as it was.
    Conflict,
    /// Not recorded: a code or a ticket that means nothing here.
    Refused,
    /// Not decided, or not known to be: send it again under its nonce.
    Retry,
}

/// A queued scan that contradicted what was known.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GateConflict {
    /// The change that recorded it.
    pub seq: u64,
    pub ticket_id: Uuid,
    pub direction: ScanDirection,
    pub reason: String,
    /// By the device.
    pub scanned_at: DateTime<Utc>,
    pub forced: bool,
    /// Of the scan that stood in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier_at: Option<DateTime<Utc>>,
    /// When it was sent.
    pub recorded_at: DateTime<Utc>,
    /// Who sent it; of a scanner, the event's organizer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Uuid>,
}

/// A scan that was refused.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GateRefusal {
    pub id: Uuid,
    /// Absent: the code said nothing that could be believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_id: Option<Uuid>,
    pub direction: ScanDirection,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanner_id: Option<Uuid>,
    pub user_id: Uuid,
    pub refused_at: DateTime<Utc>,
}

/// What door staff is shown of a ticket.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GateTicket {
    pub ticket_id: Uuid,
    pub order_id: Uuid,
    /// Who comes with it.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    pub tier_name: String,
    pub state: TicketState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<DateTime<Utc>>,
}

/// What a scanner needs to decide by itself. Nothing in it is about a person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct GateBundle {
    pub event_id: Uuid,
    /// Nobody is admitted any more.
    pub is_cancelled: bool,
    pub key: BundleKey,
    pub rules: BundleRules,
    pub lists: Vec<CheckInList>,
    /// Of the scanner: the list that all its scans are by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Uuid>,
    /// Tickets that changed since `from`, as they are now. What a scanner knows of a ticket it replaces by this.
    pub tickets: Vec<BundleTicket>,
    /// Tickets that changed since `from` and are void.
    pub revoked: Vec<Uuid>,
    /// To be sent as `from` next time.
    pub next: String,
    /// Whether there is nothing more for now: otherwise ask again with `next` at once.
    pub is_complete: bool,
}

/// By which codes are checked.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BundleKey {
    /// The second byte of a code.
    pub id: u8,
    /// `Ed25519`.
    pub algorithm: String,
    /// 32 bytes in base64url.
    pub public_key: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BundleRules {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doors_from: Option<DateTime<Utc>>,
    pub reentry: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries_max: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct BundleTicket {
    pub id: Uuid,
    /// Codes of an older generation are dead.
    pub generation: u32,
    pub state: TicketState,
    pub tier_id: Uuid,
    /// A seat's public id `section-row-number`, or an area's id.
    pub place: String,
    pub is_area: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<DateTime<Utc>>,
}

/// Who is inside at this moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Occupancy {
    pub inside: u32,
    /// Have been inside and are out now.
    pub left: u32,
    /// Have been inside: `inside` and `left`.
    pub entered: u32,
    pub tiers: Vec<TierOccupancy>,
    pub lists: Vec<ListOccupancy>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TierOccupancy {
    pub tier_id: Uuid,
    pub name: String,
    pub inside: u32,
    pub left: u32,
}

/// Of the tickets that the list lets in, by whatever gate they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListOccupancy {
    pub list_id: Uuid,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    pub inside: u32,
    pub left: u32,
}
