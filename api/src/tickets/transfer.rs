use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use inventory::TicketId;
use wire::{Ticket, TransferRequest};

use super::own;
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{addressee, event_access, ticket_view};

/// Gives a ticket to somebody else
///
/// To an account that has confirmed its address. The old code dies at once. Not after the ticket has been inside.
#[utoipa::path(post, path = "/tickets/{id}/transfer", tag = "tickets", request_body = TransferRequest,
    params(("id" = Uuid, Path, description = "Ticket")), security(("bearer" = [])),
    responses((status = 200, description = "The ticket, without its new code", body = Ticket), Written))]
pub async fn transfer(
    State(state): State<AppState>,
    PathId(id): PathId,
    write: Write<TransferRequest>,
) -> Result<Json<Ticket>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let id = TicketId::from_uuid(id);
    // A repeated transfer finds the ticket with its new holder: the event remembers the key and has the word.
    let ticket = match origin.key {
        None => own(&state, caller.user, id).await?,
        Some(_) => state.store.ticket_find(id).await?.ok_or(ApiError::NotFound(Noun::Ticket))?,
    };
    let heir = match addressee::find(&state, &body.email).await {
        // Only its holder learns that it is the address which is at fault.
        Err(error) => return Err(own(&state, caller.user, id).await.err().unwrap_or(error)),
        Ok(heir) => heir,
    };
    let handle = event_access::handle(&state, ticket.event_id).await?;
    handle.transfer_ticket(event_access::asker(caller.user, origin), id, heir.id).await?;
    let ticket = state.store.ticket_find(id).await.map_err(event_access::after_change)?;
    let ticket = ticket.ok_or(ApiError::Defect(Cow::Borrowed("a durable ticket has no row")))?;
    Ok(Json(ticket_view::render(&state, caller.user, ticket)))
}
