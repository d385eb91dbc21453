use axum::Json;
use axum::extract::State;
use inventory::OrderId;
use wire::Order;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::order_access;
use crate::problems::Read;
use crate::state::AppState;

/// Shows an order
///
/// To its customer and to those who run its event.
#[utoipa::path(get, path = "/orders/{id}", tag = "orders", params(("id" = Uuid, Path, description = "Order")),
    security(("bearer" = [])),
    responses((status = 200, description = "The order", body = Order), Read))]
pub async fn show(State(state): State<AppState>, PathId(id): PathId, caller: Caller) -> Result<Json<Order>, ApiError> {
    let order = order_access::visible(&state, caller, OrderId::from_uuid(id)).await?;
    Ok(Json(order_access::full(&state, caller.user, order).await?))
}
