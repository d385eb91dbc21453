use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::TicketState;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RsvpAnswer {
    Yes,
    No,
    Maybe,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RsvpPut {
    pub answer: RsvpAnswer,
}

/// The caller's answer, and how many come.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Rsvp {
    /// Absent before the first, and after it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<RsvpAnswer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<DateTime<Utc>>,
    /// Of the event.
    pub count: RsvpCount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RsvpCount {
    /// Accounts that say yes.
    pub yes: u32,
    /// How many may. Absent: as many as want to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yes_max: Option<u32>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RsvpLimit {
    /// How many may say yes. `null`: as many as want to.
    #[serde(default)]
    pub yes_max: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RsvpEntry {
    pub user_id: Uuid,
    pub name: String,
    pub answer: RsvpAnswer,
    pub answered_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackPost {
    /// 1 to 5.
    #[schema(minimum = 1, maximum = 5)]
    pub rating: u32,
    #[serde(default)]
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Feedback {
    /// Name of the account.
    pub author: String,
    pub rating: u32,
    pub text: String,
    pub created_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

/// One page, and what all of it comes to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FeedbackPage {
    pub summary: FeedbackSummary,
    pub items: Vec<Feedback>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeedbackSummary {
    pub count: u32,
    /// Of the ratings. Absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
}

/// A ticket, and who comes with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Guest {
    pub ticket_id: Uuid,
    pub order_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    pub tier_id: Uuid,
    pub tier_name: String,
    pub status: TicketState,
    /// As the order names the attendee; the name of the account that holds the ticket otherwise.
    pub name: String,
    /// For those who may see orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    pub issued_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scanned_at: Option<DateTime<Utc>>,
}
