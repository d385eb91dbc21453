use axum::Json;
use axum::extract::State;
use persistence::TransferSide;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Page, TicketTransfer};

use super::proven;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Cursor, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;
use crate::transfer_view;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TransfersQuery {
    /// `received`, which is the default, or `sent`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    direction: Direction,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    #[default]
    Received,
    Sent,
}

/// Lists offers of tickets
///
/// To the caller's address, which must be confirmed, or by the caller; newest first, for 30 days.
#[utoipa::path(get, path = "/ticket-transfers", tag = "tickets", params(TransfersQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<TicketTransfer>), Read))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<TransfersQuery>,
) -> Result<Json<Page<TicketTransfer>>, ApiError> {
    let (after, limit, now) = (query.cursor.map(|cursor| cursor.0), query.limit.get(), state.now());
    let found = match query.direction {
        Direction::Sent => state.store.transfer_list(TransferSide::Sender(caller.user), after, limit + 1).await?,
        Direction::Received => {
            let email = proven(&state, caller.user).await?.email;
            state.store.transfer_list(TransferSide::Recipient(&email), after, limit + 1).await?
        }
    };
    Ok(Json(page(found, limit, |transfer| transfer.id, |transfer| transfer_view::render(transfer, now))))
}
