use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::TicketId;
use persistence::TransferStatus;
use wire::TransferState;

use super::super::own;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::transfer_view;

/// Takes an offer of a ticket back
///
/// Unless it was accepted a moment ago.
#[utoipa::path(delete, path = "/tickets/{id}/transfer", tag = "tickets",
    params(("id" = Uuid, Path, description = "Ticket")), security(("bearer" = [])),
    responses((status = 204, description = "Nobody can accept it any more"), Written))]
pub async fn cancel(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let answer = async {
        let ticket = own(&state, caller.user, TicketId::from_uuid(id)).await?;
        let unknown = ApiError::NotFound(Noun::TicketTransfer);
        let now = state.now();
        let open = state.store.transfer_find_open(ticket.id).await?.filter(|open| open.sender_id == caller.user);
        let Some(open) = open else { return Err(unknown) };
        match transfer_view::state(&open, now) {
            TransferState::Open => {}
            TransferState::Accepting | TransferState::Accepted => {
                return Err(ApiError::Conflict(Conflict::TransferClosed));
            }
            _ => return Err(unknown),
        }
        let entry = source.entry(&caller, Action::TransferCancel).event(open.event_id).object(ticket.id).row(now);
        if state.store.transfer_answer(open.id, TransferStatus::Cancelled, now, None, &entry).await? {
            Ok(StatusCode::NO_CONTENT.into_response())
        } else {
            Err(ApiError::Conflict(Conflict::TransferClosed))
        }
    };
    remembered(&state, origin.key, answer).await
}
