//! Asks what has become of payments of which no notice came. A checkout whose order does not wait any more is ended at
//! its provider, so that nobody pays for what he cannot get.

use std::time::Duration;

use inventory::TimeUs;
use persistence::{Checkout, CheckoutState, EventStatus, Order, OrderStatus};

use super::{GatewayError, Money, Standing, book, decline};
use crate::error::ApiError;
use crate::state::AppState;
use crate::{backoff, time};

/// After an order has lapsed: its own expiry and the last notice are on their way.
const GRACE: Duration = Duration::from_secs(2);
/// Between two questions about money on its way.
const PROCESSING: Duration = Duration::from_secs(3_600);

pub(super) async fn look_after(state: &AppState, checkout: Checkout) {
    let Err(error) = look(state, &checkout).await else { return };
    let (payment, code) = (checkout.payment_id, error.code());
    tracing::warn!(%payment, code, "what became of payment {payment} is not known yet: {code}");
    let due_at = time::plus(state.now(), backoff::after(state.config.payments.retry_after, checkout.attempts));
    // If that fails, too, its lease ends and somebody looks again.
    if let Err(error) = again(state, &checkout, checkout.state, due_at, Some(code)).await {
        tracing::warn!(%payment, code = error.code(), "payment {payment} is asked about when its lease ends");
    }
}

async fn look(state: &AppState, checkout: &Checkout) -> Result<(), ApiError> {
    let order = state.store.order_find(checkout.order_id).await?;
    let is_on = !is_cancelled(state, checkout).await?;
    let waits_until = order.as_ref().filter(|order| is_on && waits(order, checkout)).map(|order| order.expires_at);
    let is_waited_for = waits_until.is_some_and(|until| until > state.now());
    if checkout.state == CheckoutState::Creating {
        return match waits_until.filter(|_| is_waited_for) {
            Some(until) => again(state, checkout, CheckoutState::Creating, time::plus(until, GRACE), None).await,
            None => {
                let why = Some("nobody was told where to pay");
                decline(state, checkout.payment_id, checkout.order_id, CheckoutState::Failed, why).await
            }
        };
    }
    let asked = if checkout.state == CheckoutState::Open && !is_waited_for {
        state.gateways.expire(checkout).await
    } else {
        state.gateways.standing(checkout).await
    };
    match asked {
        Ok(Standing::Paid(captured)) => {
            let money = Money {
                payment: checkout.payment_id,
                order: checkout.order_id,
                provider: checkout.provider,
                session: checkout.session_id.clone(),
                captured,
            };
            let booked = book(state, &money).await?;
            tracing::info!(payment = %money.payment, ?booked, "payment {} was heard of by asking", money.payment);
            Ok(())
        }
        Ok(Standing::Expired) => {
            decline(state, checkout.payment_id, checkout.order_id, CheckoutState::Expired, None).await
        }
        Ok(Standing::Processing) => {
            let due_at = time::plus(state.now(), PROCESSING);
            again(state, checkout, CheckoutState::Processing, due_at, None).await
        }
        Ok(Standing::Open) => {
            again(state, checkout, CheckoutState::Open, next_look(state, checkout, waits_until), None).await
        }
        Err(error) => failed(state, checkout, &error).await,
    }
}

/// An order of a cancelled event waits until it lapses, and gets no ticket for its money.
async fn is_cancelled(state: &AppState, checkout: &Checkout) -> Result<bool, ApiError> {
    let event = state.store.event_find_any(checkout.event_id).await?;
    Ok(event.is_none_or(|event| event.status == EventStatus::Cancelled))
}

/// Whether this checkout may still buy it.
fn waits(order: &Order, checkout: &Checkout) -> bool {
    order.status == OrderStatus::PendingPayment && checkout.event_id == order.event_id
}

/// Ever more rarely, and when the order lapses at the latest.
fn next_look(state: &AppState, checkout: &Checkout, waits_until: Option<TimeUs>) -> TimeUs {
    let after = time::plus(state.now(), backoff::after(state.config.payments.check_after, checkout.attempts));
    waits_until.map_or(after, |until| after.min(time::plus(until, GRACE)))
}

async fn failed(state: &AppState, checkout: &Checkout, error: &GatewayError) -> Result<(), ApiError> {
    let config = &state.config.payments;
    let why = error.to_string();
    let payment = checkout.payment_id;
    if matches!(error, GatewayError::Refused(_)) && checkout.attempts >= config.attempts_max {
        tracing::error!(%payment, "payment {payment} is not asked about any more: {why}");
        return decline(state, payment, checkout.order_id, CheckoutState::Failed, Some(&why)).await;
    }
    tracing::info!(%payment, "payment {payment} is asked about again later: {why}");
    let due_at = time::plus(state.now(), backoff::after(config.retry_after, checkout.attempts));
    again(state, checkout, checkout.state, due_at, Some(&why)).await
}

async fn again(
    state: &AppState,
    checkout: &Checkout,
    now_in: CheckoutState,
    due_at: TimeUs,
    error: Option<&str>,
) -> Result<(), ApiError> {
    Ok(state.store.checkout_again(checkout, now_in, due_at, error).await?)
}
