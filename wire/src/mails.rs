use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A mail of the server's, as admins see it: never what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mail {
    pub id: Uuid,
    #[schema(example = "confirm_email")]
    pub kind: String,
    pub recipient: String,
    pub subject: String,
    pub status: MailStatus,
    /// Begun since it was queued.
    pub attempts: u32,
    /// Of a queued mail: when it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailStatus {
    /// Not sent yet: being tried, or to be tried.
    Queued,
    Sent,
    /// Given up.
    Failed,
}
