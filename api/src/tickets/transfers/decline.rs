use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use persistence::TransferStatus;
use wire::{TicketTransfer, TransferState};

use super::received;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict};
use crate::event_access;
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::transfer_view;

/// Declines an offered ticket
///
/// It stays its sender's, who may offer it to somebody else.
#[utoipa::path(post, path = "/ticket-transfers/{id}/decline", tag = "tickets",
    params(("id" = Uuid, Path, description = "Offer")), security(("bearer" = [])),
    responses((status = 200, description = "The offer as it is now", body = TicketTransfer), Written))]
pub async fn decline(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let answer = async {
        let transfer = received(&state, caller.user, id).await?;
        let now = state.now();
        let closed = ApiError::Conflict(Conflict::TransferClosed);
        if transfer_view::state(&transfer, now) != TransferState::Open {
            return Err(closed);
        }
        let entry = source.entry(&caller, Action::TransferDecline).event(transfer.event_id);
        let entry = entry.object(transfer.ticket_id).row(now);
        if !state.store.transfer_answer(id, TransferStatus::Declined, now, &entry).await? {
            return Err(closed);
        }
        let declined = state.store.transfer_find(id).await.map_err(event_access::after_change)?;
        Ok(Json(transfer_view::render(declined.unwrap_or(transfer), now)).into_response())
    };
    remembered(&state, origin.key, answer).await
}
