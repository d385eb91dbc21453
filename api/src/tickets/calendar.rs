use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use inventory::TicketId;

use super::{live, words};
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::ics::{Audience, Calendar, answer};
use crate::problems::Read;
use crate::state::AppState;

/// Gives a ticket's event as iCalendar
///
/// To be added to the holder's calendar, with his place. The same entry as that of the event: it is replaced, not doubled.
#[utoipa::path(get, path = "/tickets/{id}/calendar", tag = "tickets",
    params(("id" = Uuid, Path, description = "Ticket")), security(("bearer" = [])),
    responses((status = 200, description = "The calendar", body = String, content_type = "text/calendar"),
        (status = 304, description = "The client has it already: If-None-Match"), Read,
        (status = 409, description = "TICKET_VOID: it admits nobody", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn calendar(
    State(state): State<AppState>,
    PathId(id): PathId,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let ticket = live(&state, caller, TicketId::from_uuid(id)).await?;
    let event = state.store.event_find_any(ticket.event_id).await?.ok_or(ApiError::NotFound(Noun::Ticket))?;
    let layout = words::layout(&state, &event).await;
    let place = words::place(&ticket, layout.as_deref()).into_iter();
    let place: Vec<String> = place.map(|(label, value)| format!("{label} {value}")).collect();
    let note = format!("Ticket: {} ({})", place.join(", "), ticket.tier_name);
    let mut calendar = Calendar::single();
    calendar.whole_event(&event, &[&note, &event.description]);
    Ok(answer::calendar(&headers, Audience::Asker, "ticket", calendar.finish()))
}
