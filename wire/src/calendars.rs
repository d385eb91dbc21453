use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The published events of one month by the day on which they begin.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CalendarMonth {
    #[schema(example = "2026-11")]
    pub month: String,
    /// In which days were told apart; absent: each event's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Days with an event, in their order.
    pub days: Vec<CalendarDay>,
    /// There are more events than one answer holds, 1,000: ask for an organizer or a category.
    pub truncated: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CalendarDay {
    #[schema(example = "2026-11-01")]
    pub date: NaiveDate,
    /// In the order in which they begin.
    pub events: Vec<CalendarEvent>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CalendarEvent {
    pub id: Uuid,
    pub slug: String,
    pub title: String,
    pub starts_at: DateTime<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    pub timezone: String,
    /// The venue's name.
    pub location: String,
    pub city: String,
    pub category: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series_id: Option<Uuid>,
}

/// A secret address at which the account's bookings are read as a calendar.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CalendarFeed {
    pub created_at: DateTime<Utc>,
    /// Only in the answer that makes it: it is not kept. A path alone where the server has no `public_url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}
