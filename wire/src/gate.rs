use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanRequest {
    /// The text of the QR code.
    pub code: String,
    /// Made by the scanner for each scan, 1 to 64 characters: a repeated request is the same scan.
    pub nonce: String,
    /// Default `entry`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<ScanDirection>,
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
    /// With `refused`: `invalid`, `canceled`, `revoked`, `invalid_time`, `already_redeemed`, `not_inside` or `no_reentry`.
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
