use axum::Json;
use axum::extract::State;
use inventory::limits::UNITS_PER_HOLD_MAX;
use inventory::{Answer, OrderId, Rejection, TicketId};
use serde_json::json;
use wire::{Order, RefundRequest};

use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, order_access};

/// Refunds an order
///
/// For those who run the event. The refunded tickets are void and their places free. Tickets that have been inside stay.
#[utoipa::path(post, path = "/orders/{id}/refund", tag = "orders", request_body = RefundRequest,
    params(("id" = Uuid, Path, description = "Order")), security(("bearer" = [])),
    responses((status = 200, description = "The order as it is now", body = Order), Written))]
pub async fn refund(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<RefundRequest>,
) -> Result<Json<Order>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let order = order_access::of_own_event(&state, caller, OrderId::from_uuid(id)).await?;
    if body.tickets.len() > UNITS_PER_HOLD_MAX as usize {
        return Err(ApiError::invalid("tickets", "TOO_MANY", format!("at most {UNITS_PER_HOLD_MAX}")));
    }
    let amount_minor = match &body.amount {
        Some(amount) if amount.currency != order.currency => return Err(Rejection::CurrencyMismatch.into()),
        Some(amount) => Some(amount.amount_minor),
        None => None,
    };
    let handle = event_access::handle(&state, order.event_id).await?;
    let named = body.tickets.len();
    let tickets = body.tickets.into_iter().map(TicketId::from_uuid).collect();
    let asker = event_access::asker(caller.user, origin);
    let refunded = handle.refund_order(asker, order.id, tickets, amount_minor).await?;
    let Answer::OrderRefunded { amount_minor, .. } = refunded.answer else {
        return Err(event_access::unexpected("a refund", &refunded.answer));
    };
    state.gateways.wake();
    let entry =
        source.entry(&caller, Action::OrderRefund).event(order.event_id).object(order.id).once_per(refunded.lsn);
    let asked = json!({"amount_minor": amount_minor, "currency": order.currency, "tickets": named});
    audit_log::write(&state, entry.made(&asked)).await;
    Ok(Json(order_access::changed(&state, caller.user, order.id).await?))
}
