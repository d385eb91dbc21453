use axum::Json;
use axum::extract::State;
use engine::{EventHandle, SubmitError};
use inventory::{CallerKey, OrderId, OrderStatus, PaymentId, Rejection, UserId};
use wire::{MockOutcome, PayAnswer, PayRequest, PaymentMethod};

use super::{by_mock, checkout};
use crate::error::ApiError;
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::unpaid_orders::Unpaid;
use crate::{digest, order_access};

/// Pays an order
///
/// By `mock` at once. By `stripe`, the answer says where to pay, and the order is paid when Stripe says so; asked again
/// meanwhile, the answer is the same page. An order that costs nothing is paid at once, whatever the method.
///
/// Paid by `mock` while its page at Stripe is open, the page is closed first: if it was paid, that counts
/// (`ORDER_TRANSITION`); if the money is still on its way, nothing is charged (`PAYMENT_UNDER_WAY`).
///
/// A payment that comes after the order has lapsed still buys the same seats if they are free, others if the order
/// accepts them; else the money goes back (`PAYMENT_TOO_LATE`). So does that of an order that is paid or cancelled.
#[utoipa::path(post, path = "/orders/{id}/pay", tag = "orders", request_body = PayRequest,
    params(("id" = Uuid, Path, description = "Order")), security(("bearer" = [])),
    responses((status = 200, description = "The order, paid, with its tickets; or where to pay", body = PayAnswer), Written,
        (status = 402, description = "PAYMENT_DECLINED: the order still waits for its payment", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn pay(
    State(state): State<AppState>,
    PathId(id): PathId,
    write: Write<PayRequest>,
) -> Result<Json<PayAnswer>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let unpaid = to_pay(&state, caller.user, OrderId::from_uuid(id), &body).await?;
    must_be_meant(&unpaid.order, &body)?;
    let answer = match body.method {
        PaymentMethod::Stripe if unpaid.order.total_minor > 0 => {
            PayAnswer::Checkout(checkout::begin(&state, caller, origin, &unpaid.order).await?)
        }
        PaymentMethod::Stripe | PaymentMethod::Mock => {
            PayAnswer::Paid(Box::new(by_mock::pay(&state, caller, origin, &unpaid, body.outcome).await?))
        }
    };
    Ok(Json(answer))
}

/// The caller's own order. As it was placed, where nothing depends on what may have changed since: until when it lives.
async fn to_pay(state: &AppState, customer: UserId, order: OrderId, asked: &PayRequest) -> Result<Unpaid, ApiError> {
    let is_at_once = asked.method == PaymentMethod::Mock
        && matches!(asked.outcome, None | Some(MockOutcome::Paid | MockOutcome::Declined));
    if is_at_once && let Some(kept) = state.unpaid_orders.find(order, customer).await {
        return Ok(kept);
    }
    let order = order_access::own(state, customer, order).await?;
    Ok(Unpaid { order, has_attendees: true })
}

/// The price is ours; an amount in the request is the buyer's understanding of it.
fn must_be_meant(order: &persistence::Order, request: &PayRequest) -> Result<(), ApiError> {
    let expected_minor = order.total_minor;
    match &request.amount {
        Some(amount) if amount.currency != order.currency => Err(Rejection::CurrencyMismatch.into()),
        Some(amount) if amount.amount_minor != expected_minor => {
            Err(Rejection::AmountMismatch { expected_minor }.into())
        }
        Some(_) | None => Ok(()),
    }
}

pub fn off(method: &str) -> ApiError {
    ApiError::invalid("method", "UNAVAILABLE", format!("`{method}` is not configured on this server"))
}

/// How the payment stands with its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// The order waits for it, or may still be bought by it.
    Now,
    /// It has bought the order before.
    PaidBefore,
}

/// The caller's own key belongs to the settlement, which has the answer.
pub fn key_of_start(key: Option<CallerKey>) -> Option<CallerKey> {
    key.map(|key| CallerKey { key: digest::of(&[b"start payment", &key.key]), body: key.body })
}

/// Keeps the order alive while the provider works. A lapsed order goes on as a late payment; one that this very payment
/// has paid goes on to get its answer again.
pub async fn start(
    handle: &EventHandle,
    asker: engine::Caller,
    order: OrderId,
    payment: PaymentId,
) -> Result<Started, ApiError> {
    let key = key_of_start(asker.key);
    match handle.start_payment(engine::Caller { key, ..asker }, order, payment).await {
        Ok(_) => Ok(Started::Now),
        Err(refused) => refused_start(handle, order, payment, refused).await,
    }
}

/// Whether the payment goes on though it was refused its start.
pub async fn refused_start(
    handle: &EventHandle,
    order: OrderId,
    payment: PaymentId,
    refused: SubmitError,
) -> Result<Started, ApiError> {
    let from = match &refused {
        SubmitError::Rejected(Rejection::OrderTransition { from, .. }) => *from,
        SubmitError::Rejected(_) | SubmitError::Unavailable(_) | SubmitError::OutcomeUnknown => {
            return Err(refused.into());
        }
    };
    if from == OrderStatus::Expired.name() {
        return Ok(Started::Now);
    }
    match handle.order(order).await? {
        Some(order) if order.paid_by == Some(payment) => Ok(Started::PaidBefore),
        _ => Err(refused.into()),
    }
}
