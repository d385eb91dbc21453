//! Ends the pages where an order could be paid, before it is paid otherwise: nobody is to pay twice.

use persistence::{Checkout, CheckoutState, Order, PaymentProvider};

use super::{Gateway, GatewayError, Money, Standing, Stripe, book, decline};
use crate::error::{ApiError, Busy, Conflict};
use crate::state::AppState;

/// Asks Stripe to end every page of the order that somebody may have open. One that was paid at the last moment buys the
/// order. Whether there are pages of which nobody has heard: [`super::order_ended`] ends those once the order is paid.
///
/// # Errors
/// Money is on its way on one of them ([`Conflict::PaymentUnderWay`]); Stripe does not answer, and what it was asked may be
/// asked again.
pub async fn close_pages(state: &AppState, order: &Order) -> Result<bool, ApiError> {
    let Some(stripe) = state.gateways.stripe() else { return Ok(false) };
    let mut are_some_unheard_of = false;
    for checkout in state.store.checkout_list(order.id).await? {
        match checkout.state {
            _ if checkout.provider != PaymentProvider::Stripe => {}
            CheckoutState::Creating => are_some_unheard_of = true,
            CheckoutState::Open => close(state, stripe, checkout).await?,
            CheckoutState::Processing => return Err(ApiError::Conflict(Conflict::PaymentUnderWay)),
            CheckoutState::Paid | CheckoutState::Expired | CheckoutState::Failed => {}
        }
    }
    Ok(are_some_unheard_of)
}

async fn close(state: &AppState, stripe: &Stripe, checkout: Checkout) -> Result<(), ApiError> {
    let payment = checkout.payment_id;
    match stripe.expire(&checkout).await {
        Ok(Standing::Expired) => decline(state, payment, checkout.order_id, CheckoutState::Expired, None).await,
        Ok(Standing::Paid(captured)) => {
            let (order, provider, session) = (checkout.order_id, checkout.provider, checkout.session_id);
            book(state, &Money { payment, order, provider, session, captured }).await.map(drop)
        }
        Ok(Standing::Processing) => Err(ApiError::Conflict(Conflict::PaymentUnderWay)),
        Ok(Standing::Open) => Err(ApiError::Busy(Busy::PaymentProvider)),
        Err(error @ (GatewayError::Refused(_) | GatewayError::Unavailable(_) | GatewayError::Unknown)) => {
            tracing::warn!(%payment, %error, "the page of payment {payment} is not closed: {error}");
            Err(ApiError::Busy(Busy::PaymentProvider))
        }
    }
}
