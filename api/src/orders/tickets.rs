use axum::Json;
use axum::extract::State;
use inventory::OrderId;
use wire::{Page, Ticket};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::{counter, order_access, ticket_view};

/// Lists the tickets of an order
///
/// All of them: an order has no more than a hold has units.
#[utoipa::path(get, path = "/orders/{id}/tickets", tag = "orders", params(("id" = Uuid, Path, description = "Order")),
    security(("bearer" = [])),
    responses((status = 200, description = "Its tickets; none before it is paid", body = Page<Ticket>), Read))]
pub async fn tickets(
    State(state): State<AppState>,
    PathId(id): PathId,
    caller: Caller,
) -> Result<Json<Page<Ticket>>, ApiError> {
    let order = order_access::visible(&state, caller, OrderId::from_uuid(id)).await?;
    let tickets = state.store.ticket_list(order.id).await?;
    let viewer = counter::viewer(&state, caller, order.customer_id, order.event_id).await?;
    let items = tickets.into_iter().map(|ticket| ticket_view::render(&state, viewer, ticket)).collect();
    Ok(Json(Page { items, next_cursor: None }))
}
