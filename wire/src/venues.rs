use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Coordinates;
use crate::patch::{clearable, not_null};

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VenueCreate {
    /// 1 to 200 characters.
    pub name: String,
    /// Street and number. At most 200 characters.
    #[serde(default)]
    pub address: String,
    /// 1 to 100 characters.
    pub city: String,
    /// ISO 3166-1 alpha-2, for instance `DE`.
    pub country: String,
    /// IANA name, for instance `Europe/Berlin`.
    pub timezone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
}

/// What is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VenuePatch {
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub city: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub country: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub timezone: Option<String>,
    /// `null`: none.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Coordinates>)]
    pub coordinates: Option<Option<Coordinates>>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Venue {
    pub id: Uuid,
    pub owner_id: Uuid,
    pub name: String,
    pub address: String,
    pub city: String,
    pub country: String,
    pub timezone: String,
    pub coordinates: Option<Coordinates>,
    pub created_at: DateTime<Utc>,
}

/// A map of a venue, without its seats.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VenueSeatMap {
    pub name: String,
    /// Sections of rows.
    pub sections: u32,
    pub areas: u32,
    pub seats: u32,
    /// Units of all areas.
    pub places: u64,
    pub updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct VenueSeatMaps {
    pub items: Vec<VenueSeatMap>,
}
