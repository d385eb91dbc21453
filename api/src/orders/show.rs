use axum::Json;
use axum::extract::State;
use inventory::OrderId;
use wire::{Order, OrderEvent};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::{counter, event_status, order_access, time};

/// Shows an order
///
/// To its customer and to those who run its event. With all that a confirmation says.
#[utoipa::path(get, path = "/orders/{id}", tag = "orders", params(("id" = Uuid, Path, description = "Order")),
    security(("bearer" = [])),
    responses((status = 200, description = "The order", body = Order), Read))]
pub async fn show(State(state): State<AppState>, PathId(id): PathId, caller: Caller) -> Result<Json<Order>, ApiError> {
    let order = order_access::visible(&state, caller, OrderId::from_uuid(id)).await?;
    // Also one that was deleted since.
    let event = state.store.event_find_any(order.event_id).await?;
    let viewer = counter::viewer(&state, caller, order.customer_id, order.event_id).await?;
    let order = order_access::full(&state, viewer, order).await?;
    Ok(Json(Order { event: event.map(render), ..order }))
}

fn render(event: persistence::Event) -> OrderEvent {
    OrderEvent {
        title: event.title,
        location: event.location,
        timezone: event.timezone,
        starts_at: time::utc(event.starts_at),
        ends_at: event.ends_at.map(time::utc),
        status: event_status::stored(event.status),
    }
}
