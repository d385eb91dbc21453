use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScannerCreate {
    /// Which device it is: 1 to 100 characters.
    pub name: String,
    /// The check-in list that all its scans are by. Absent: each scan may name one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Uuid>,
    /// Where it stands: 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// Absent: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// A device that scans at one event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Scanner {
    pub id: Uuid,
    pub name: String,
    /// How its key begins.
    #[schema(example = "usher_q4YtGv")]
    pub prefix: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    pub created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScannerIssued {
    pub scanner: Scanner,
    /// To be sent as `Authorization: Bearer …` or `X-API-Key: …`. Shown this once, and not kept: absent when the call is
    /// repeated under its idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}
