use axum::Json;
use axum::extract::State;
use wire::TicketTransfer;

use super::received;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::transfer_view;

/// Shows an offer of a ticket
///
/// To the two that it is about.
#[utoipa::path(get, path = "/ticket-transfers/{id}", tag = "tickets",
    params(("id" = Uuid, Path, description = "Offer")), security(("bearer" = [])),
    responses((status = 200, description = "The offer", body = TicketTransfer), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(id): PathId,
    caller: Caller,
) -> Result<Json<TicketTransfer>, ApiError> {
    let sent = state.store.transfer_find(id).await?.filter(|transfer| transfer.sender_id == caller.user);
    let transfer = match sent {
        Some(transfer) => transfer,
        None => received(&state, caller.user, id).await?,
    };
    Ok(Json(transfer_view::render(transfer, state.now())))
}
