use axum::Json;
use axum::extract::State;
use inventory::limits::UNITS_PER_HOLD_MAX;
use inventory::{Answer, OrderId, RefundOrder, RefundRight, RefundTo, Rejection, TicketId, UserId};
use serde_json::json;
use wire::{Order, RefundRequest};

use crate::audit_log::{self, Action, Source};
use crate::counter;
use crate::error::ApiError;
use crate::event_access;
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::Write;
use crate::order_access::{self, Refunder};
use crate::problems::Written;
use crate::state::AppState;

const REASON_CHARS_MAX: usize = 500;

/// Refunds an order
///
/// The refunded tickets are void and their places free; tickets that have been inside stay. Those who run the event give back
/// any amount up to what is left. Buyers get what they were promised when they bought, for tickets that are theirs still:
/// without naming any, for all that something was promised for. Orders of the box office are refunded by those who work
/// there, too, and the money is paid out there: see its payouts.
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
    let (order, refunder) = order_access::to_refund(&state, caller, OrderId::from_uuid(id)).await?;
    check(&body, &order, refunder)?;
    let right = right(&body, &order, caller.user, refunder)?;
    let to = match body.to {
        Some(wire::RefundTo::Wallet) => RefundTo::Wallet,
        Some(wire::RefundTo::Original) | None => RefundTo::Original,
    };
    let handle = event_access::handle(&state, order.event_id).await?;
    let named = body.tickets.len();
    let tickets = body.tickets.into_iter().map(TicketId::from_uuid).collect();
    let asker = event_access::asker(caller.user, origin);
    let refunded = handle.refund_order(asker, RefundOrder { order: order.id, tickets, right, to }).await?;
    let Answer::OrderRefunded { amount_minor, .. } = refunded.answer else {
        return Err(event_access::unexpected("a refund", &refunded.answer));
    };
    state.gateways.wake();
    let entry =
        source.entry(&caller, Action::OrderRefund).event(order.event_id).object(order.id).once_per(refunded.lsn);
    let asked = json!({
        "amount_minor": amount_minor,
        "currency": order.currency,
        "tickets": named,
        "to": body.to.unwrap_or(wire::RefundTo::Original),
        "reason": body.reason,
    });
    audit_log::write(&state, entry.made(&asked)).await;
    Ok(Json(order_access::changed(&state, caller.user, order.id).await?))
}

fn check(body: &RefundRequest, order: &persistence::Order, refunder: Refunder) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if body.tickets.len() > UNITS_PER_HOLD_MAX as usize {
        errors.add("tickets", "TOO_MANY", format!("at most {UNITS_PER_HOLD_MAX}"));
    }
    if body.reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
        errors.add("reason", "LENGTH", format!("at most {REASON_CHARS_MAX} characters"));
    }
    if body.amount.is_some() && refunder != Refunder::Organizer {
        errors.add("amount", "NOT_ALLOWED", "a buyer gets what was promised: leave it out");
    }
    if body.to == Some(wire::RefundTo::Wallet) && counter::is_house(order.customer_id, order.event_id) {
        errors.add("to", "NOT_ALLOWED", "who bought at the box office has no wallet: the money is paid out there");
    }
    errors.none()
}

fn right(
    body: &RefundRequest,
    order: &persistence::Order,
    customer: UserId,
    refunder: Refunder,
) -> Result<RefundRight, Rejection> {
    match (refunder, &body.amount) {
        (Refunder::Buyer { starts_at }, _) => Ok(RefundRight::Promise { customer, starts_at }),
        (Refunder::Organizer, Some(amount)) if amount.currency != order.currency => Err(Rejection::CurrencyMismatch),
        (Refunder::Organizer, amount) => {
            Ok(RefundRight::Organizer { amount_minor: amount.as_ref().map(|amount| amount.amount_minor) })
        }
    }
}
