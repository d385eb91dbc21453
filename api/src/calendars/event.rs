use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use inventory::EventId;
use persistence::EventStatus;

use crate::error::ApiError;
use crate::event_access::{self, Viewer};
use crate::extract::PathId;
use crate::ics::Calendar;
use crate::ics::{Audience, answer};
use crate::problems::Read;
use crate::state::AppState;

/// Gives an event as iCalendar
///
/// To be added to a calendar. Changed or cancelled, it is the same entry with a higher SEQUENCE.
#[utoipa::path(get, path = "/events/{id}/calendar.ics", tag = "calendars",
    params(("id" = Uuid, Path, description = "Event")), security((), ("bearer" = [])),
    responses((status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        (status = 304, description = "The client has it already: If-None-Match"), Read))]
pub async fn event(
    State(state): State<AppState>,
    PathId(id): PathId,
    Viewer(viewer): Viewer,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let event = event_access::visible(&state, viewer, EventId::from_uuid(id)).await?;
    let audience = if event.status == EventStatus::Draft { Audience::Asker } else { Audience::Everybody };
    let mut calendar = Calendar::single();
    calendar.whole_event(&event, &[&event.description]);
    Ok(answer::calendar(&headers, audience, "event", calendar.finish()))
}
