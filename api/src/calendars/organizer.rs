use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use inventory::UserId;

use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::ics::Calendar;
use crate::ics::{Audience, answer};
use crate::problems::Read;
use crate::state::AppState;

/// In one calendar.
const EVENTS_MAX: u32 = 1_000;

/// Gives an organizer's events as iCalendar
///
/// The published ones, to be subscribed to: the 1,000 that begin last. One that is cancelled is not there any more.
#[utoipa::path(get, path = "/organizers/{id}/calendar.ics", tag = "calendars",
    params(("id" = Uuid, Path, description = "Account of the organizer")), security(()),
    responses((status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        (status = 304, description = "The client has it already: If-None-Match"), Read))]
pub async fn organizer(
    State(state): State<AppState>,
    PathId(id): PathId,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let events = state.store.event_list_of_organizer(UserId::from_uuid(id), EVENTS_MAX).await?;
    // An account without public events is answered like one that never was.
    let first = events.first().ok_or(ApiError::NotFound(Noun::User))?;
    let name = if first.organization.is_empty() { "Events" } else { first.organization.as_str() };
    let mut calendar = Calendar::feed(name);
    events.iter().for_each(|event| calendar.event(event, None));
    Ok(answer::calendar(&headers, Audience::Everybody, "events", calendar.finish()))
}
