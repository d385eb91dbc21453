//! What has come of a payment is told to its event, once, by whomever it is heard from first.

use std::time::Duration;

use engine::SubmitError;
use inventory::{Answer, OrderId, Origin, PaymentId, PaymentOutcome, Rejection, SettlePayment};
use persistence::{
    Checkout, CheckoutState, Order, PaymentProvider, PaymentRefund, RefundReason, RefundStatus, StoreError,
};

use super::Captured;
use crate::error::{ApiError, Noun};
use crate::state::AppState;
use crate::{derived_id, event_access, ids, time};

/// After which the worker looks after money that was heard of and not booked.
const BOOKED_WITHIN: Duration = Duration::from_secs(60);

/// Money that has arrived.
#[derive(Clone, Debug)]
pub struct Money {
    pub payment: PaymentId,
    pub order: OrderId,
    pub provider: PaymentProvider,
    /// The provider's name of the checkout.
    pub session: Option<String>,
    pub captured: Captured,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It bought what was ordered.
    Bought,
    GoesBack,
    /// For an order that is not in this store. It may be that of another server with the same account at the provider, or
    /// of a store that was restored to an earlier state: refunding it could take back what somebody has bought. So an admin
    /// is shown it, who refunds it by a word.
    OrderUnknown,
}

/// Any number of times, in any order: the first time counts.
///
/// # Errors
/// It is not booked, or not known to be: tell it again.
pub async fn book(state: &AppState, money: &Money) -> Result<Booked, ApiError> {
    let Some(order) = state.store.order_find(money.order).await? else {
        let why = "money for an order that is not in this store";
        let refund = refund(state, money, RefundReason::OrderUnknown, Some(why));
        if state.store.refund_insert(&refund).await? {
            tracing::error!(order = %money.order, payment = %money.payment, "payment {}: {why}", money.payment);
        }
        return Ok(Booked::OrderUnknown);
    };
    // Before it is booked: what the event owes of it is refunded by the charge.
    remember(state, &order, money).await?;
    let booked = settle(state, &order, money).await?;
    state.store.checkout_paid(money.payment).await?;
    match booked {
        Booked::GoesBack => state.gateways.wake(),
        // It may have another page, at Stripe, where it must not be paid again.
        Booked::Bought if money.provider != PaymentProvider::Stripe => super::order_ended(state, order.id).await?,
        Booked::Bought | Booked::OrderUnknown => {}
    }
    Ok(booked)
}

async fn remember(state: &AppState, order: &Order, money: &Money) -> Result<(), StoreError> {
    let now = state.now();
    let due_at = time::plus(now, BOOKED_WITHIN);
    let new = Checkout {
        payment_id: money.payment,
        order_id: order.id,
        event_id: order.event_id,
        provider: money.provider,
        state: CheckoutState::Processing,
        session_id: money.session.clone(),
        charge_id: Some(money.captured.charge.clone()),
        url: None,
        amount_minor: money.captured.amount_minor,
        currency: money.captured.currency.code().to_owned(),
        expires_at: now,
        attempts: 0,
        due_at,
        last_error: None,
        created_at: now,
    };
    if state.store.checkout_insert(&new).await? {
        return Ok(());
    }
    let session = money.session.as_deref();
    state.store.checkout_charged(money.payment, &money.captured.charge, session, due_at).await
}

async fn settle(state: &AppState, order: &Order, money: &Money) -> Result<Booked, ApiError> {
    let handle = match event_access::handle(state, order.event_id).await {
        Ok(handle) => handle,
        Err(ApiError::NotFound(Noun::Event)) => return give_back(state, money, "the event was deleted").await,
        Err(other) => return Err(other),
    };
    let Captured { amount_minor, currency, .. } = money.captured;
    let outcome = PaymentOutcome::Paid { amount_minor, currency };
    let settled = SettlePayment { order: order.id, payment: money.payment, outcome, entropy: ids::entropy() };
    match handle.settle_payment(Origin::ENGINE, settled).await {
        Ok(submitted) => match submitted.answer {
            Answer::OrderPaid(_) => Ok(Booked::Bought),
            Answer::PaymentRefused { .. } => Ok(Booked::GoesBack),
            other => Err(event_access::unexpected("a payment", &other)),
        },
        Err(SubmitError::Rejected(
            rejection @ (Rejection::AmountMismatch { .. }
            | Rejection::CurrencyMismatch
            | Rejection::PaymentsTooMany { .. }
            | Rejection::OrderNotFound),
        )) => give_back(state, money, &rejection.to_string()).await,
        Err(other) => Err(other.into()),
    }
}

/// Money of ours that the event does not book at all.
async fn give_back(state: &AppState, money: &Money, why: &str) -> Result<Booked, ApiError> {
    if state.store.refund_insert(&refund(state, money, RefundReason::NotTaken, None)).await? {
        tracing::warn!(order = %money.order, payment = %money.payment, "payment {} goes back: {why}", money.payment);
    }
    Ok(Booked::GoesBack)
}

/// One per payment. With a `note` it waits for an admin.
fn refund(state: &AppState, money: &Money, reason: RefundReason, note: Option<&str>) -> PaymentRefund {
    let now = state.now();
    PaymentRefund {
        id: derived_id::nth(money.payment.uuid(), reason.name(), 0),
        payment_id: money.payment,
        order_id: money.order,
        provider: money.provider,
        charge_id: Some(money.captured.charge.clone()),
        amount_minor: money.captured.amount_minor,
        currency: money.captured.currency.code().to_owned(),
        reason,
        status: if note.is_some() { RefundStatus::Failed } else { RefundStatus::Queued },
        refund_id: None,
        attempts: 0,
        due_at: now,
        last_error: note.map(str::to_owned),
        created_at: now,
    }
}

/// No money comes of the payment. Its order waits for another one, if it still does.
///
/// # Errors
/// It is not known to the event: tell it again.
pub async fn decline(
    state: &AppState,
    payment: PaymentId,
    order: OrderId,
    ended: CheckoutState,
    why: Option<&str>,
) -> Result<(), ApiError> {
    let found = state.store.checkout_find(payment).await?;
    let has_ended = found.is_some_and(|found| {
        matches!(found.state, CheckoutState::Paid | CheckoutState::Expired | CheckoutState::Failed)
    });
    if has_ended {
        return Ok(());
    }
    if let Some(order) = state.store.order_find(order).await? {
        let declined =
            SettlePayment { order: order.id, payment, outcome: PaymentOutcome::Declined, entropy: ids::entropy() };
        match event_access::handle(state, order.event_id).await {
            Ok(handle) => match handle.settle_payment(Origin::ENGINE, declined).await {
                Ok(_) | Err(SubmitError::Rejected(_)) => {}
                Err(other) => return Err(other.into()),
            },
            Err(ApiError::NotFound(Noun::Event)) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(state.store.checkout_ended(payment, ended, why).await?)
}

/// So much of a payment has gone back in all, says its provider. What this server did not ask for was done there by hand:
/// it is listed, for the tickets are as good as before.
///
/// # Errors
/// Those of the store.
pub async fn refunded_elsewhere(state: &AppState, money: &Money) -> Result<(), StoreError> {
    let known_minor = state.store.refunds_total(money.payment).await?;
    let more_minor = money.captured.amount_minor - known_minor;
    if more_minor <= 0 {
        return Ok(());
    }
    let note = "refunded at the provider, not by this server: tickets of the order are still good";
    let refund = PaymentRefund {
        id: derived_id::nth(money.payment.uuid(), "elsewhere", money.captured.amount_minor.unsigned_abs()),
        amount_minor: more_minor,
        status: RefundStatus::Done,
        ..refund(state, money, RefundReason::Elsewhere, Some(note))
    };
    if state.store.refund_insert(&refund).await? {
        tracing::warn!(order = %money.order, payment = %money.payment, "payment {}: {note}", money.payment);
    }
    Ok(())
}
