use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Work that should have followed from a change and was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ParkedWork {
    pub id: Uuid,
    #[schema(example = "order_paid")]
    pub kind: String,
    pub event_id: Uuid,
    /// Absent when it is about the event itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<Uuid>,
    /// Of the change.
    pub lsn: u64,
    pub attempts: u32,
    /// Why the last attempt failed.
    pub last_error: String,
    pub created_at: DateTime<Utc>,
}
