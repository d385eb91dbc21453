use axum::Json;
use axum::extract::State;
use inventory::TicketId;
use wire::{ApiScope, Ticket};

use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::event_access::{self, Capability};
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::{counter, ticket_view};

/// Shows a ticket
///
/// To its holder, with the code, and to those who run its event and its staff, without: with an API key, if it has the
/// scope `reports`, too. Those who work at its box office see the codes of what was sold there.
#[utoipa::path(get, path = "/tickets/{id}", tag = "tickets", params(("id" = Uuid, Path, description = "Ticket")),
    security(("bearer" = [])),
    responses((status = 200, description = "The ticket", body = Ticket), Read))]
pub async fn show(State(state): State<AppState>, PathId(id): PathId, caller: Caller) -> Result<Json<Ticket>, ApiError> {
    let ticket = state.store.ticket_find(TicketId::from_uuid(id)).await?.ok_or(ApiError::NotFound(Noun::Ticket))?;
    if ticket.holder_id != caller.user {
        let event = state.store.event_find(ticket.event_id).await?.ok_or(ApiError::NotFound(Noun::Ticket))?;
        if !event_access::may(&state, caller, &event, Capability::SeeAttendees).await? {
            return Err(ApiError::NotFound(Noun::Ticket));
        }
        caller.scoped(ApiScope::Reports)?;
    }
    let viewer = counter::viewer(&state, caller, ticket.holder_id, ticket.event_id).await?;
    Ok(Json(ticket_view::render(&state, viewer, ticket)))
}
