use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use engine::{EventHandle, SubmitError};
use inventory::{Answer, CallerKey, Currency, OrderId, OrderStatus, Origin, PaymentId, Rejection, SettlePayment};
use wire::{Order, PayRequest};

use super::gateway::{Charge, Gateway};
use crate::error::{ApiError, PaymentFailure};
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{derived_id, digest, event_access, ids, order_access};

/// Pays an order
///
/// A payment that comes after the order has lapsed still buys the same seats if they are free, others if the order
/// accepts them; else the money goes back (`PAYMENT_TOO_LATE`).
#[utoipa::path(post, path = "/orders/{id}/pay", tag = "orders", request_body = PayRequest,
    params(("id" = Uuid, Path, description = "Order")), security(("bearer" = [])),
    responses((status = 200, description = "The order, paid, with its tickets", body = Order), Written,
        (status = 402, description = "PAYMENT_DECLINED: the order still waits for its payment", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn pay(
    State(state): State<AppState>,
    PathId(id): PathId,
    write: Write<PayRequest>,
) -> Result<Json<Order>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let order = order_access::own(&state, caller.user, OrderId::from_uuid(id)).await?;
    let charge = charge(&state, &order, &body, origin.key)?;
    let handle = event_access::handle(&state, order.event_id).await?;
    let asker = event_access::asker(caller.user, origin);
    start(&handle, asker, order.id, charge.payment).await?;
    let outcome = Gateway::of(&body).charge(&charge);
    let settled = SettlePayment { order: order.id, payment: charge.payment, outcome, entropy: ids::entropy() };
    let origin = Origin { user: Some(caller.user), ..origin };
    match handle.settle_payment(origin, settled).await?.answer {
        Answer::OrderPaid(_) => {
            let order = order_access::changed(&state, caller.user, order.id).await?;
            Ok(Json(order_access::as_paid(order)))
        }
        Answer::PaymentDeclined { .. } => Err(ApiError::Payment(PaymentFailure::Declined)),
        Answer::PaymentRefused { .. } => Err(ApiError::Payment(PaymentFailure::TooLate)),
        other => Err(event_access::unexpected("a payment", &other)),
    }
}

/// What is to be paid. The price is ours; an amount in the request is the buyer's understanding of it.
fn charge(
    state: &AppState,
    order: &persistence::Order,
    request: &PayRequest,
    key: Option<CallerKey>,
) -> Result<Charge, ApiError> {
    let expected_minor = order.total_minor;
    match &request.amount {
        Some(amount) if amount.currency != order.currency => return Err(Rejection::CurrencyMismatch.into()),
        Some(amount) if amount.amount_minor != expected_minor => {
            return Err(Rejection::AmountMismatch { expected_minor }.into());
        }
        Some(_) | None => {}
    }
    let currency = Currency::new(&order.currency).ok_or(ApiError::Defect(Cow::Borrowed("an order in no currency")))?;
    let payment = key.map_or_else(|| ids::mint(state.now()), |key| derived_id::derive(order.id.uuid(), "payment", key));
    Ok(Charge { payment: PaymentId::from_uuid(payment), amount_minor: expected_minor, currency })
}

/// Keeps the order alive while the provider works. A lapsed order goes on as a late payment; one that this very payment
/// has paid goes on to get its answer again.
async fn start(
    handle: &EventHandle,
    asker: engine::Caller,
    order: OrderId,
    payment: PaymentId,
) -> Result<(), ApiError> {
    // The caller's own key belongs to the settlement, which has the answer.
    let key = asker.key.map(|key| CallerKey { key: digest::of(&[b"start payment", &key.key]), body: key.body });
    let refused = match handle.start_payment(engine::Caller { key, ..asker }, order, payment).await {
        Ok(_) => return Ok(()),
        Err(refused) => refused,
    };
    let is_late = match &refused {
        SubmitError::Rejected(Rejection::OrderTransition { from, .. }) => *from == OrderStatus::Expired.name(),
        SubmitError::Rejected(_) | SubmitError::Unavailable(_) | SubmitError::OutcomeUnknown => false,
    };
    if is_late {
        return Ok(());
    }
    if let SubmitError::Rejected(Rejection::OrderTransition { .. }) = &refused
        && handle.order(order).await?.is_some_and(|order| order.paid_by == Some(payment))
    {
        return Ok(());
    }
    Err(refused.into())
}
