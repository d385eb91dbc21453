use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::patch::not_null;

/// What a webhook may be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum WebhookType {
    #[serde(rename = "order.paid")]
    OrderPaid,
    /// Before it was paid.
    #[serde(rename = "order.cancelled")]
    OrderCancelled,
    /// All of it or a part.
    #[serde(rename = "order.refunded")]
    OrderRefunded,
    #[serde(rename = "ticket.transferred")]
    TicketTransferred,
    #[serde(rename = "event.published")]
    EventPublished,
    #[serde(rename = "event.cancelled")]
    EventCancelled,
    /// It has let somebody in, each time.
    #[serde(rename = "ticket.checked_in")]
    TicketCheckedIn,
}

impl WebhookType {
    pub const ALL: [Self; 7] = [
        Self::OrderPaid,
        Self::OrderCancelled,
        Self::OrderRefunded,
        Self::TicketTransferred,
        Self::EventPublished,
        Self::EventCancelled,
        Self::TicketCheckedIn,
    ];

    /// As in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderPaid => "order.paid",
            Self::OrderCancelled => "order.cancelled",
            Self::OrderRefunded => "order.refunded",
            Self::TicketTransferred => "ticket.transferred",
            Self::EventPublished => "event.published",
            Self::EventCancelled => "event.cancelled",
            Self::TicketCheckedIn => "ticket.checked_in",
        }
    }
}

/// What a webhook is sent: as little as it takes to ask for the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookBody {
    /// Of what has happened: the same however often it is sent.
    pub id: Uuid,
    pub event_id: Uuid,
    /// From 1, without gaps, of this webhook and event.
    pub sequence: u64,
    #[schema(example = "order.paid")]
    pub r#type: String,
    /// The order, the ticket or the event.
    pub object_id: Uuid,
    pub occurred_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookCreate {
    /// Begins with `https://`; at most 2000 characters.
    pub url: String,
    /// At least one, none twice.
    pub types: Vec<WebhookType>,
}

/// What is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookPatch {
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub url: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub types: Option<Vec<WebhookType>>,
    /// Off: what happens is not recorded for it, and what waits is not sent.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    pub id: Uuid,
    pub url: String,
    pub types: Vec<WebhookType>,
    pub active: bool,
    /// Its receiver has answered 410 and it was switched off.
    pub is_gone: bool,
    /// Until then the secret before signs, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_secret_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookIssued {
    pub webhook: Webhook,
    /// Signs what is sent. Shown this once.
    pub secret: String,
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookDelivery {
    /// As sent.
    pub id: Uuid,
    pub event_id: Uuid,
    pub sequence: u64,
    #[schema(example = "order.paid")]
    pub r#type: String,
    pub object_id: Uuid,
    pub occurred_at: DateTime<Utc>,
    pub status: WebhookDeliveryStatus,
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<DateTime<Utc>>,
    /// What the receiver answered last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_status: Option<u16>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookDeliveryStatus {
    Queued,
    Delivered,
    /// Given up; the next one was sent.
    Failed,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookReplay {
    pub event_id: Uuid,
    /// From 1.
    pub from_sequence: u64,
}

/// What is sent again, in this order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookReplayed {
    pub event_id: Uuid,
    pub from_sequence: u64,
    pub to_sequence: u64,
}
