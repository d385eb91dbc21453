use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Event;

/// What an account does at one event that is not its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Scans tickets.
    Door,
    /// Sells at the venue.
    BoxOffice,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffAdd {
    /// Of an account, in any case.
    pub email: String,
    pub role: StaffRole,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffPatch {
    pub role: StaffRole,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StaffMember {
    pub user_id: Uuid,
    pub name: String,
    pub email: String,
    pub role: StaffRole,
    pub added_at: DateTime<Utc>,
}

/// The caller's role at an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StaffPost {
    pub event_id: Uuid,
    pub title: String,
    pub starts_at: DateTime<Utc>,
    pub role: StaffRole,
    pub added_at: DateTime<Utc>,
}

/// An event that the caller has to do with, and how.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MyEvent {
    pub role: EventRole,
    pub event: Event,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventRole {
    Organizer,
    Door,
    BoxOffice,
}
