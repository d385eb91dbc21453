use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::TimeUs;
use persistence::{KnownEvent, NewMail, TicketTransfer as Offer, TransferStatus};
use wire::{TicketTransfer, TransferState};

use super::received;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict};
use crate::event_access;
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::mail::{self, Letter, Show};
use crate::problems::Written;
use crate::state::AppState;
use crate::transfer_view;

/// Declines an offered ticket
///
/// It stays its sender's, who may offer it to somebody else. A mail tells him.
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
        let mail = letter(&state, &transfer, now).await?;
        if !state.store.transfer_answer(id, TransferStatus::Declined, now, mail.as_ref(), &entry).await? {
            return Err(closed);
        }
        if mail.is_some() {
            state.mail.queued();
        }
        let declined = state.store.transfer_find(id).await.map_err(event_access::after_change)?;
        Ok(Json(transfer_view::render(declined.unwrap_or(transfer), now)).into_response())
    };
    remembered(&state, origin.key, answer).await
}

/// `None`: whoever offered it is gone.
async fn letter(state: &AppState, transfer: &Offer, now: TimeUs) -> Result<Option<NewMail>, ApiError> {
    let event = state.store.event_find_any(transfer.event_id).await?;
    let (Some(event), Some(sender)) = (event, state.store.user_find(transfer.sender_id).await?) else {
        return Ok(None);
    };
    let letter = Letter::TransferDeclined {
        show: Box::new(Show::of(event.id, &KnownEvent::of(&event))),
        label: mail::label(&transfer.place, transfer.is_area, &transfer.tier_name),
    };
    state.mail.compose(&sender.email, &letter, now).map(Some)
}
