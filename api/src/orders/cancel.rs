use axum::Json;
use axum::extract::State;
use inventory::OrderId;
use wire::Order;

use crate::error::ApiError;
use crate::extract::{Empty, PathId};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, gateways, order_access};

/// Cancels an order that is not paid
///
/// Its places are free at once. A paid order is refunded instead.
#[utoipa::path(post, path = "/orders/{id}/cancel", tag = "orders", params(("id" = Uuid, Path, description = "Order")),
    security(("bearer" = [])),
    responses((status = 200, description = "The order as it is now", body = Order), Written))]
pub async fn cancel(
    State(state): State<AppState>,
    PathId(id): PathId,
    write: Write<Empty>,
) -> Result<Json<Order>, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let order = order_access::own(&state, caller.user, OrderId::from_uuid(id)).await?;
    let handle = event_access::handle(&state, order.event_id).await?;
    handle.cancel_order(event_access::asker(caller.user, origin), order.id).await?;
    if let Err(error) = gateways::order_ended(&state, order.id).await {
        tracing::warn!(order = %order.id, %error, "the payment of order {} is ended later: {error}", order.id);
    }
    Ok(Json(order_access::changed(&state, caller.user, order.id).await?))
}
