use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::patch::not_null;

/// Which tickets a gate lets in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckInList {
    pub id: Uuid,
    pub name: String,
    /// Where it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// Only tickets of these tiers. Empty: of all.
    pub tiers: Vec<Uuid>,
    /// Only tickets for these sections and areas. Empty: for all.
    pub sections: Vec<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInListCreate {
    /// 1 to 100 characters.
    pub name: String,
    /// 1 to 100 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    /// Tiers of the event, none twice. Empty: all.
    #[serde(default)]
    pub tiers: Vec<Uuid>,
    /// Ids of sections and areas of the seat map, none twice. Empty: all.
    #[serde(default)]
    pub sections: Vec<String>,
}

/// What is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInListPatch {
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Empty: none.
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub gate: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tiers: Option<Vec<Uuid>>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sections: Option<Vec<String>>,
}
