//! A payment that is over when it is answered: by the mock gateway, or of an order that costs nothing.

use std::borrow::Cow;
use std::time::Duration;

use engine::{EventHandle, Shown};
use inventory::{Answer, Currency, OrderRows, Origin, PaymentId, PaymentOutcome, SettlePayment};
use persistence::{Checkout, CheckoutState, Order, PaymentProvider};
use wire::MockOutcome;

use super::pay::{Started, key_of_start, off, refused_start, start};
use crate::auth::Caller;
use crate::error::{ApiError, PaymentFailure};
use crate::gateways::{Begun, Gateway, GatewayError, Mock, Standing, script};
use crate::state::AppState;
use crate::unpaid_orders::Unpaid;
use crate::{derived_id, event_access, gateways, ids, order_access, time};

/// When a payment whose answer was lost is asked about.
const ASKED_AFTER: Duration = Duration::from_secs(2);
/// After the hold of a late payment: others can have its places meanwhile.
const LATE_BY: Duration = Duration::from_secs(3);

pub async fn pay(
    state: &AppState,
    caller: Caller,
    origin: Origin,
    Unpaid { order, has_attendees }: &Unpaid,
    scripted: Option<MockOutcome>,
) -> Result<wire::Order, ApiError> {
    let is_free = order.total_minor == 0;
    if !is_free && !state.gateways.has_mock() {
        return Err(off("mock"));
    }
    let currency = Currency::new(&order.currency).ok_or(ApiError::Defect(Cow::Borrowed("an order in no currency")))?;
    let payment =
        origin.key.map_or_else(|| ids::mint(state.now()), |key| derived_id::derive(order.id.uuid(), "payment", key));
    let payment = PaymentId::from_uuid(payment);
    let handle = event_access::handle(state, order.event_id).await?;
    let asker = event_access::asker(caller.user, origin);
    // What costs nothing has no page.
    let are_pages_left = !is_free && close_pages(state, &handle, asker, order).await?;
    let paid = PaymentOutcome::Paid { amount_minor: order.total_minor, currency };
    let scripted = scripted.filter(|_| !is_free).unwrap_or(MockOutcome::Paid);
    let settling = Settling { state, handle: &handle, asker, order, payment, scripted, paid };
    let (settled, shown) = settling.run().await?;
    match settled?.answer {
        Answer::OrderPaid(_) => {
            state.unpaid_orders.forget(order.id).await;
            if are_pages_left {
                gateways::order_ended(state, order.id).await.map_err(event_access::after_change)?;
            }
            if scripted == MockOutcome::Lost {
                state.store.checkout_paid(payment).await.map_err(event_access::after_change)?;
            }
            if scripted == MockOutcome::Duplicate {
                let second = PaymentId::from_uuid(derived_id::nth(payment.uuid(), "duplicate", 0));
                let again = SettlePayment { order: order.id, payment: second, outcome: paid, entropy: ids::entropy() };
                handle.settle_payment(engine::Caller { key: None, ..asker }.into(), again).await?;
                state.gateways.wake();
            }
            let order = match shown.and_then(persistence::order_of_rows) {
                Some((order, tickets)) => {
                    let attendees = match has_attendees {
                        true => state.store.attendees_list(order.id).await.map_err(event_access::after_change)?,
                        false => Vec::new(),
                    };
                    order_access::render(state, caller.user, order, tickets, attendees)
                }
                None => order_access::changed(state, caller.user, order.id).await?,
            };
            Ok(order_access::as_paid(order))
        }
        Answer::PaymentDeclined { .. } => Err(ApiError::Payment(PaymentFailure::Declined)),
        Answer::PaymentRefused { .. } => {
            state.gateways.wake();
            Err(ApiError::Payment(PaymentFailure::TooLate))
        }
        other => Err(event_access::unexpected("a payment", &other)),
    }
}

struct Settling<'a> {
    state: &'a AppState,
    handle: &'a EventHandle,
    asker: engine::Caller,
    order: &'a Order,
    payment: PaymentId,
    scripted: MockOutcome,
    /// What the event is told of the money when it came.
    paid: PaymentOutcome,
}

impl Settling<'_> {
    async fn run(&self) -> Result<Shown<OrderRows>, ApiError> {
        let Self { handle, asker, order, payment, .. } = *self;
        let started = match self.scripted {
            // Nobody is asked, so that nothing can happen between start and settlement.
            MockOutcome::Paid | MockOutcome::Declined => {
                let is_paid = self.scripted == MockOutcome::Paid;
                match handle.settle_payment_at_once(asker, self.settlement(is_paid)).await {
                    (Err(refused), _) => refused_start(handle, order.id, payment, refused).await?,
                    settled => return Ok(settled),
                }
            }
            // A start would keep the hold alive until the money is there.
            MockOutcome::Late => Started::Now,
            MockOutcome::Slow | MockOutcome::Lost | MockOutcome::Duplicate => {
                start(handle, asker, order.id, payment).await?
            }
        };
        let is_paid = started == Started::PaidBefore
            || order.total_minor == 0
            || charge(self.state, order, payment, self.scripted).await?;
        Ok(handle.settle_payment_shown(asker.into(), self.settlement(is_paid)).await)
    }

    fn settlement(&self, is_paid: bool) -> SettlePayment {
        let outcome = if is_paid { self.paid } else { PaymentOutcome::Declined };
        SettlePayment { order: self.order.id, payment: self.payment, outcome, entropy: ids::entropy() }
    }
}

/// Before anything is charged, and only for a key that is new: one that was used for something else changes nothing.
async fn close_pages(
    state: &AppState,
    handle: &EventHandle,
    asker: engine::Caller,
    order: &Order,
) -> Result<bool, ApiError> {
    // Where no page can be open, the start of the payment looks at the key.
    if state.gateways.stripe().is_none() {
        return Ok(false);
    }
    let starter = engine::Caller { key: key_of_start(asker.key), ..asker };
    let is_known = starter.key.is_some() && handle.recall(state.now(), starter).await?.is_some();
    if is_known { Ok(false) } else { gateways::close_pages(state, order).await }
}

/// Whether money came.
async fn charge(state: &AppState, order: &Order, payment: PaymentId, scripted: MockOutcome) -> Result<bool, ApiError> {
    let now = state.now();
    let due_at = match scripted {
        MockOutcome::Late => time::plus(order.expires_at.max(now), LATE_BY),
        _ => time::plus(now, ASKED_AFTER),
    };
    let checkout = Checkout {
        payment_id: payment,
        order_id: order.id,
        event_id: order.event_id,
        provider: PaymentProvider::Mock,
        state: CheckoutState::Open,
        session_id: Some(script(scripted).to_owned()),
        charge_id: None,
        url: None,
        amount_minor: order.total_minor,
        currency: order.currency.clone(),
        expires_at: order.expires_at,
        attempts: 0,
        due_at,
        last_error: None,
        created_at: now,
    };
    // Kept before the gateway is asked: what it says may never arrive.
    let is_kept = matches!(scripted, MockOutcome::Lost | MockOutcome::Late);
    if is_kept && !state.store.checkout_insert(&checkout).await? {
        let is_paid = match scripted {
            MockOutcome::Late => is_booked(state, &checkout).await?,
            _ => matches!(Mock.standing(&checkout).await, Ok(Standing::Paid(_))),
        };
        return if is_paid { Ok(true) } else { Err(ApiError::OutcomeUnknown) };
    }
    match Mock.begin(&checkout, "").await {
        Ok(Begun::Captured(_)) => Ok(true),
        Ok(Begun::Declined | Begun::Redirect { .. }) => Ok(false),
        Err(GatewayError::Unknown) => Err(ApiError::OutcomeUnknown),
        Err(error) => Err(ApiError::Defect(error.to_string().into())),
    }
}

/// Whether the worker has heard of the money and told the event.
async fn is_booked(state: &AppState, checkout: &Checkout) -> Result<bool, ApiError> {
    let known = state.store.checkout_list(checkout.order_id).await?;
    let booked = known.iter().find(|known| known.payment_id == checkout.payment_id);
    Ok(booked.is_some_and(|booked| booked.state == CheckoutState::Paid))
}
