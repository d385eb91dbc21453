use std::time::Duration;

use engine::EventHandle;
use inventory::{Answer, Origin, Rejection, TimeUs};
use persistence::{Checkout, CheckoutState, Order, OrderStatus, PaymentProvider};

use super::pay::{key_of_start, off};
use crate::auth::Caller;
use crate::error::{ApiError, Busy, PaymentFailure};
use crate::gateways::{Begun, Gateway, GatewayError, nth_payment};
use crate::state::AppState;
use crate::{event_access, time};

/// Stripe's shortest, from when it hears of a session.
const SESSION_TTL_MIN: Duration = Duration::from_secs(30 * 60);
/// Stripe may hear of it late. The session of an order that ends before is expired by hand.
const SESSION_TTL: Duration = Duration::from_secs(35 * 60);
/// Stripe takes names of 250 characters.
const TITLE_CHARS_MAX: usize = 200;

/// Where the order is paid. One page per order: whoever asks again gets the same, until it has ended.
pub async fn begin(
    state: &AppState,
    caller: Caller,
    origin: Origin,
    order: &Order,
) -> Result<wire::Checkout, ApiError> {
    let stripe = state.gateways.stripe().ok_or_else(|| off("stripe"))?;
    let handle = event_access::handle(state, order.event_id).await?;
    let asker = event_access::asker(caller.user, origin);
    let asker = engine::Caller { key: key_of_start(asker.key), ..asker };
    if let Some(answered) = answered_before(state, &handle, asker, order).await? {
        return Ok(answered);
    }
    if order.status != OrderStatus::PendingPayment {
        let to = OrderStatus::PendingPayment.name();
        return Err(Rejection::OrderTransition { from: order.status.name(), to }.into());
    }
    let checkout = live_or_new(state, order).await?;
    let started = handle.start_payment(asker, order.id, checkout.payment_id).await?;
    let Answer::PaymentStarted { expires_at, .. } = started.answer else {
        return Err(event_access::unexpected("the start of a payment", &started.answer));
    };
    if let Some(answer) = answer(&checkout, expires_at) {
        return Ok(answer);
    }
    let title = title(state, order).await?;
    let (session, url) = match stripe.begin(&checkout, &title).await {
        Ok(Begun::Redirect { session, url }) => (session, url),
        Ok(other) => return Err(ApiError::Defect(format!("Stripe began with {other:?}").into())),
        Err(error) => return Err(refused(state, &checkout, error).await?),
    };
    let asked_at = time::plus(state.now(), state.config.payments.check_after);
    // Nobody has heard of the page yet: if this fails, the next call gets the same one from Stripe.
    state.store.checkout_opened(checkout.payment_id, &session, &url, asked_at.min(expires_at)).await?;
    let opened = Checkout { session_id: Some(session), url: Some(url), ..checkout };
    answer(&opened, expires_at).ok_or_else(|| ApiError::Defect("a page without an address".into()))
}

/// What the caller's key was answered, whatever has become of the order since.
async fn answered_before(
    state: &AppState,
    handle: &EventHandle,
    asker: engine::Caller,
    order: &Order,
) -> Result<Option<wire::Checkout>, ApiError> {
    if asker.key.is_none() {
        return Ok(None);
    }
    let Some(submitted) = handle.recall(state.now(), asker).await? else { return Ok(None) };
    let Answer::PaymentStarted { expires_at, .. } = submitted.answer else { return Ok(None) };
    let known = state.store.checkout_list(order.id).await?;
    Ok(known.iter().rev().find_map(|checkout| answer(checkout, expires_at)))
}

/// `None`: Stripe has not said where it is paid.
fn answer(checkout: &Checkout, expires_at: TimeUs) -> Option<wire::Checkout> {
    Some(wire::Checkout {
        payment_id: checkout.payment_id.uuid(),
        session_id: checkout.session_id.clone()?,
        checkout_url: checkout.url.clone()?,
        expires_at: time::utc(expires_at),
    })
}

async fn live_or_new(state: &AppState, order: &Order) -> Result<Checkout, ApiError> {
    let known = state.store.checkout_list(order.id).await?;
    let is_live = |checkout: &&Checkout| {
        checkout.provider == PaymentProvider::Stripe
            && matches!(checkout.state, CheckoutState::Creating | CheckoutState::Open | CheckoutState::Processing)
    };
    let now = state.now();
    if let Some(live) = known.iter().find(is_live) {
        let is_stale = live.state == CheckoutState::Creating && live.expires_at <= time::plus(now, SESSION_TTL_MIN);
        if !is_stale {
            return Ok(live.clone());
        }
        let why = "Stripe did not answer for too long";
        state.store.checkout_ended(live.payment_id, CheckoutState::Failed, Some(why)).await?;
    }
    let new = Checkout {
        payment_id: nth_payment(order.id, known.len()),
        order_id: order.id,
        event_id: order.event_id,
        provider: PaymentProvider::Stripe,
        state: CheckoutState::Creating,
        session_id: None,
        charge_id: None,
        url: None,
        amount_minor: order.total_minor,
        currency: order.currency.clone(),
        expires_at: time::plus(now, SESSION_TTL),
        attempts: 0,
        due_at: order.expires_at,
        last_error: None,
        created_at: now,
    };
    if state.store.checkout_insert(&new).await? {
        return Ok(new);
    }
    // Somebody asked at the same moment: it is his.
    let found = state.store.checkout_find(new.payment_id).await?;
    found.ok_or_else(|| ApiError::Defect("a checkout that was there is gone".into()))
}

async fn title(state: &AppState, order: &Order) -> Result<String, ApiError> {
    let event = state.store.event_find_any(order.event_id).await?;
    let title = event.map(|event| event.title).unwrap_or_default();
    Ok(format!("Tickets: {}", title.chars().take(TITLE_CHARS_MAX).collect::<String>()))
}

async fn refused(state: &AppState, checkout: &Checkout, error: GatewayError) -> Result<ApiError, ApiError> {
    let payment = checkout.payment_id;
    tracing::warn!(%payment, %error, "payment {payment} does not begin: {error}");
    match error {
        GatewayError::Refused(why) => {
            state.store.checkout_ended(payment, CheckoutState::Failed, Some(&why)).await?;
            Ok(ApiError::Payment(PaymentFailure::Refused))
        }
        // Stripe may have made a page, whose address nobody has.
        GatewayError::Unavailable(_) | GatewayError::Unknown => Ok(ApiError::Busy(Busy::PaymentProvider)),
    }
}
