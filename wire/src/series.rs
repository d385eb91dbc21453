use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::patch::{clearable, not_null};
use crate::{Coordinates, Event, EventStatus, Image};

/// Either `sessions` or `repeat`: at most 50 sessions at a time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesCreate {
    /// The event whose words, seats, tiers and rules every session has. A date that is its own makes it that session.
    pub template: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<Vec<SessionDate>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<SessionRepeat>,
}

/// Either `sessions` or `repeat`: at most 50 sessions at a time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionsAdd {
    /// The event whose seats, tiers and rules they have. Default: the first session of the series.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<Vec<SessionDate>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<SessionRepeat>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionDate {
    /// In the future.
    pub starts_at: DateTime<Utc>,
    /// Default: it lasts as long as the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
}

/// Sessions at the same time of day by the venue's clock, whether or not the clocks change in between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionRepeat {
    pub every: RepeatUnit,
    /// 1 to 50.
    pub count: u32,
    /// Of the first one. In the future.
    pub starts_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RepeatUnit {
    Day,
    Week,
}

/// What is absent stays as it is.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeriesPatch {
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub organization: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rating: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub location: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub address: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub city: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub country: Option<String>,
    /// `null`: none.
    #[serde(default, deserialize_with = "clearable", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Coordinates>)]
    pub coordinates: Option<Option<Coordinates>>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub category: Option<String>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tags: Option<Vec<String>>,
    #[serde(default, deserialize_with = "not_null", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub timezone: Option<String>,
}

/// One show at many times. What is said here, new sessions say as well.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Series {
    pub id: Uuid,
    pub organizer_id: Uuid,
    pub title: String,
    pub description: String,
    pub organization: String,
    pub rating: String,
    pub location: String,
    pub address: String,
    pub city: String,
    pub country: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    pub category: String,
    pub tags: Vec<String>,
    pub timezone: String,
    /// How many there are: of the published ones, or, for those who run it, of all.
    pub sessions: u32,
    /// Of the first of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_starts_at: Option<DateTime<Utc>>,
    /// Of the last of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_starts_at: Option<DateTime<Utc>>,
    /// Of the first session that has any.
    pub images: Vec<Image>,
    pub created_at: DateTime<Utc>,
}

/// A series, and the sessions that were made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SeriesSessions {
    pub series: Series,
    pub sessions: Vec<Event>,
}

/// A series as it is now, and which sessions became so.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SeriesUpdated {
    pub series: Series,
    pub changed: Vec<Uuid>,
    pub kept: Vec<SessionKept>,
}

/// A session that is as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionKept {
    pub event_id: Uuid,
    /// EVENT_FIELD_FROZEN: something of it is sold, and the change is one of its place or time zone. EVENT_CANCELLED or
    /// EVENT_ENDED.
    pub code: String,
    /// Those that stand fast.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// What became of every session, in the order in which they begin.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionOutcomes {
    pub items: Vec<SessionOutcome>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionOutcome {
    pub event_id: Uuid,
    pub starts_at: DateTime<Utc>,
    pub status: EventStatus,
    /// Why it is not otherwise; absent when it is as it should be. A problem's code, as the session itself would answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}
