use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use inventory::RequestId;
use persistence::{TicketTransfer, TransferStatus};
use uuid::Uuid;
use wire::{Ticket, TransferState};

use super::{carry_out, received};
use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, ticket_view, transfer_view};

/// Accepts an offered ticket
///
/// With an account that has confirmed the address it was offered to. It is the caller's at once, with a new code; the old
/// one is dead. It takes no free place and no limit counts it. Again: the same.
#[utoipa::path(post, path = "/ticket-transfers/{id}/accept", tag = "tickets",
    params(("id" = Uuid, Path, description = "Offer")), security(("bearer" = [])),
    responses((status = 200, description = "The ticket with its new code", body = Ticket), Written))]
pub async fn accept(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Json<Ticket>, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let transfer = received(&state, caller.user, id).await?;
    let ticket = transfer.ticket_id;
    take(&state, caller, transfer, origin.request, &source).await?;
    let ticket = state.store.ticket_find(ticket).await.map_err(event_access::after_change)?;
    let ticket = ticket.ok_or(ApiError::Defect(Cow::Borrowed("a durable ticket has no row")))?;
    Ok(Json(ticket_view::render(&state, caller.user, ticket)))
}

async fn take(
    state: &AppState,
    caller: Caller,
    transfer: TicketTransfer,
    request: Option<RequestId>,
    source: &Source,
) -> Result<(), ApiError> {
    // Two at once could tell each other lies: the one that is refused would open again what the other one has taken.
    let _claim = carry_out::alone(state, &transfer).ok_or(ApiError::Conflict(Conflict::InProgress))?;
    let transfer = fresh(state, transfer.id).await?;
    let is_own = transfer.accepted_by == Some(caller.user);
    match transfer.status {
        TransferStatus::Accepted if is_own => return Ok(()),
        TransferStatus::Accepting if is_own => {}
        _ if transfer_view::state(&transfer, state.now()) == TransferState::Open
            && state.store.transfer_claim(transfer.id, caller.user, state.now()).await? => {}
        _ => return Err(ApiError::Conflict(Conflict::TransferClosed)),
    }
    let entry = source.entry(&caller, Action::TransferAccept).event(transfer.event_id).object(transfer.ticket_id);
    carry_out::carry_out(state, &transfer, caller.user, request, entry).await
}

async fn fresh(state: &AppState, id: Uuid) -> Result<TicketTransfer, ApiError> {
    let transfer = state.store.transfer_find(id).await?;
    transfer.ok_or(ApiError::NotFound(Noun::TicketTransfer))
}
