use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a machine may do with a key. Never more than the account may that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum ApiScope {
    /// See events and what is left of them.
    #[serde(rename = "catalogue:read")]
    CatalogueRead,
    /// Make, change, publish and cancel events.
    #[serde(rename = "catalogue:write")]
    CatalogueWrite,
    /// Hold, buy and look after the account's own orders and tickets.
    #[serde(rename = "booking")]
    Booking,
    /// Scan tickets.
    #[serde(rename = "scan")]
    Scan,
    /// See what was sold, to whom and for how much.
    #[serde(rename = "reports")]
    Reports,
    /// Give money back for orders of the account's events.
    #[serde(rename = "refunds")]
    Refunds,
    /// Look after the account's webhooks and what they were sent.
    #[serde(rename = "webhooks")]
    Webhooks,
}

impl ApiScope {
    pub const ALL: [Self; 7] = [
        Self::CatalogueRead,
        Self::CatalogueWrite,
        Self::Booking,
        Self::Scan,
        Self::Reports,
        Self::Refunds,
        Self::Webhooks,
    ];

    /// As in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CatalogueRead => "catalogue:read",
            Self::CatalogueWrite => "catalogue:write",
            Self::Booking => "booking",
            Self::Scan => "scan",
            Self::Reports => "reports",
            Self::Refunds => "refunds",
            Self::Webhooks => "webhooks",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyCreate {
    /// What it is for: 1 to 100 characters.
    pub name: String,
    /// At least one, none twice.
    pub scopes: Vec<ApiScope>,
    /// Absent: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// The account's, if it has no second factor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// Of the second factor, or a recovery code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    pub id: Uuid,
    pub name: String,
    /// How the key begins, to tell it from others.
    #[schema(example = "usher_q4YtGv")]
    pub prefix: String,
    pub scopes: Vec<ApiScope>,
    pub created_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApiKeyIssued {
    pub api_key: ApiKey,
    /// To be sent as `Authorization: Bearer …` or `X-API-Key: …`. Shown this once, and not kept: absent when the call is
    /// repeated under its idempotency key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}
