use axum::Json;
use axum::extract::State;
use http::StatusCode;
use inventory::{Answer, EventId, HoldId, OrderId, PlaceOrder};
use wire::{Order, OrderRequest};

use super::attendees;
use crate::error::ApiError;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{auth, event_access, ids, order_access};

/// Orders what a hold keeps
///
/// At the prices of the hold, until the event is over. The order lapses with the hold unless it is paid.
#[utoipa::path(post, path = "/orders", tag = "orders", request_body = OrderRequest, security(("bearer" = [])),
    responses((status = 201, description = "The order, waiting for its payment", body = Order), Written))]
pub async fn place(
    State(state): State<AppState>,
    write: Write<OrderRequest>,
) -> Result<(StatusCode, Json<Order>), ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    auth::require_confirmed(&state, caller.user).await?;
    let handle = event_access::handle(&state, EventId::from_uuid(body.event_id)).await?;
    attendees::check(&handle, caller.user, &body).await?;
    let wanted = PlaceOrder {
        order: OrderId::from_uuid(ids::mint(state.now())),
        hold: HoldId::from_uuid(body.hold_id),
        customer: caller.user,
        accept_other_seats: body.accept_other_seats,
    };
    let asker = event_access::asker(caller.user, origin);
    let (placed, shown) = match event_access::must_not_be_over(&state, handle.event()).await {
        Ok(()) => handle.place_order(asker, wanted).await,
        Err(refusal) => {
            let refusal = event_access::unless_hidden(&state, caller, handle.event(), refusal).await;
            (Ok(event_access::recalled(&state, &handle, asker, refusal).await?), None)
        }
    };
    match placed?.answer {
        Answer::OrderPlaced { order, expires_at } => {
            let attendees = attendees::keep(&state, order, body.attendees).await?;
            let order = match shown.and_then(persistence::order_of_rows) {
                Some((order, tickets)) => {
                    state.unpaid_orders.keep(&order, !attendees.is_empty()).await;
                    order_access::render(&state, caller.user, order, tickets, attendees)
                }
                None => order_access::changed(&state, caller.user, order).await?,
            };
            Ok((StatusCode::CREATED, Json(order_access::as_placed(order, expires_at))))
        }
        other => Err(event_access::unexpected("an order", &other)),
    }
}
