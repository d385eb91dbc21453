use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::patch::not_null;

/// A ticket that its holder offers to somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TicketTransfer {
    pub id: Uuid,
    pub ticket_id: Uuid,
    pub state: TransferState,
    /// Whom it is for.
    pub email: String,
    /// Name of the account that offers it.
    pub from_name: String,
    pub event_id: Uuid,
    pub event_title: String,
    /// IANA name.
    pub timezone: String,
    pub starts_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seat: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    pub tier_name: String,
    pub created_at: DateTime<Utc>,
    /// Until then it can be accepted, unless it is closed before.
    pub expires_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    /// Waits for its recipient. The ticket is the sender's and good.
    Open,
    /// The recipient has accepted; the ticket is about to be his.
    Accepting,
    Accepted,
    Declined,
    /// Taken back by the sender.
    Cancelled,
    /// Nobody answered in time.
    Expired,
    /// The ticket was used, voided or refunded, or its event was cancelled.
    Closed,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferPreviewRequest {
    /// Of the link in the mail.
    pub token: String,
}

/// Who comes with a ticket, as its holder says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketAttendee {
    /// Absent: nobody is named, and the name of the account counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Until then it can be changed, unless the ticket has been inside.
    pub editable_until: DateTime<Utc>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketAttendeePatch {
    /// 1 to 200 characters. Wanted where nobody is named yet.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Empty: none.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub email: Option<String>,
}

/// Until when holders may name who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AttendeeCutOff {
    /// Before the event starts.
    pub minutes_before: u32,
    pub editable_until: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttendeeCutOffPut {
    /// Before the event starts: 0 to 525600, which is a year.
    #[schema(maximum = 525_600)]
    pub minutes_before: u32,
}
