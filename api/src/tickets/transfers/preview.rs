use axum::Json;
use axum::extract::State;
use wire::{TicketTransfer, TransferPreviewRequest};

use crate::auth::OneTimeToken;
use crate::error::ApiError;
use crate::idempotency::AnonymousWrite;
use crate::problems::Written;
use crate::state::AppState;
use crate::transfer_view;

/// Shows an offer to whoever follows the link of its mail
///
/// Before he signs in or makes an account. It can be accepted by an account of the address alone.
#[utoipa::path(post, path = "/ticket-transfers/preview", tag = "tickets", request_body = TransferPreviewRequest,
    security(()), responses((status = 200, description = "The offer", body = TicketTransfer), Written))]
pub async fn preview(
    State(state): State<AppState>,
    write: AnonymousWrite<TransferPreviewRequest>,
) -> Result<Json<TicketTransfer>, ApiError> {
    let token = OneTimeToken::parse(&write.body.token).ok_or(ApiError::LinkInvalid)?;
    let transfer = state.store.transfer_find_by_token(token.hash()).await?.ok_or(ApiError::LinkInvalid)?;
    Ok(Json(transfer_view::render(transfer, state.now())))
}
