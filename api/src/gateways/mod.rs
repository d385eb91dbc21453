//! Who moves the money. A payment is started in its event, asked for at its provider outside every turn and transaction,
//! and booked by [`book`]: by the call that asked, by the provider's notice, or by a worker that asks what has become of
//! it, whichever comes first. Money is never ignored: it buys, it goes back, or an admin is shown it.

mod book;
mod close;
mod mock;
mod reconcile;
mod refunds;
pub mod signature;
pub mod stripe;
mod worker;

use std::sync::Arc;

use inventory::{Currency, EventId, OrderId, PaymentId};
use persistence::{Checkout, PaymentProvider, PaymentRefund};
use secrecy::SecretString;
use thiserror::Error;
use tokio::sync::Notify;

use crate::config::Payments;

pub use book::{Booked, Money, book, decline, refunded_elsewhere};
pub use close::close_pages;
pub use mock::{Mock, script};
pub use stripe::Stripe;
pub use worker::run;

/// What a provider can be asked. Each question has a deadline, and asked twice about the same thing nothing happens twice.
pub trait Gateway {
    fn begin(&self, checkout: &Checkout, title: &str) -> impl Future<Output = Result<Begun, GatewayError>> + Send;

    fn standing(&self, checkout: &Checkout) -> impl Future<Output = Result<Standing, GatewayError>> + Send;

    /// Nobody can pay it afterwards. What has become of it: it may have been paid at the last moment.
    fn expire(&self, checkout: &Checkout) -> impl Future<Output = Result<Standing, GatewayError>> + Send;

    /// The provider's name of the refund. `charge`: its name of the money.
    fn refund(
        &self,
        refund: &PaymentRefund,
        charge: Option<&str>,
    ) -> impl Future<Output = Result<String, GatewayError>> + Send;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    Captured(Captured),
    Declined,
    /// The payer goes on at the provider's.
    Redirect {
        session: String,
        url: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    Open,
    /// The payer is done, the money is on its way.
    Processing,
    Paid(Captured),
    Expired,
}

/// Money that has arrived at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The provider's name of it.
    pub charge: String,
    pub amount_minor: i64,
    pub currency: Currency,
}

#[derive(Debug, Error)]
pub enum GatewayError {
    /// It would say the same again.
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Unavailable(String),
    #[error("the provider's answer was lost")]
    Unknown,
}

/// The providers that are configured.
pub struct Gateways {
    mock: bool,
    stripe: Option<Stripe>,
    pub stripe_webhook_secrets: Vec<SecretString>,
    pub webhook_secret: Option<SecretString>,
    /// Something is to be refunded or asked about: the worker need not wait for its next look.
    woken: Arc<Notify>,
}

impl Gateways {
    /// `site`: where the server's pages are.
    ///
    /// # Errors
    /// No TLS roots on this machine.
    pub fn new(config: &Payments, site: &str) -> Result<Self, reqwest::Error> {
        let key = config.stripe_secret_key.as_ref();
        Ok(Self {
            mock: config.is_mock_on(),
            stripe: key.map(|key| Stripe::new(config, key.clone(), site)).transpose()?,
            stripe_webhook_secrets: config.stripe_webhook_secrets.clone(),
            webhook_secret: config.webhook_secret.clone(),
            woken: Arc::default(),
        })
    }

    pub const fn has_mock(&self) -> bool {
        self.mock
    }

    pub const fn stripe(&self) -> Option<&Stripe> {
        self.stripe.as_ref()
    }

    pub fn wake(&self) {
        self.woken.notify_one();
    }

    async fn standing(&self, checkout: &Checkout) -> Result<Standing, GatewayError> {
        match checkout.provider {
            PaymentProvider::Mock => Mock.standing(checkout).await,
            PaymentProvider::Stripe => self.must_have_stripe()?.standing(checkout).await,
            PaymentProvider::Webhook => reported(checkout),
        }
    }

    async fn expire(&self, checkout: &Checkout) -> Result<Standing, GatewayError> {
        match checkout.provider {
            PaymentProvider::Mock => Mock.expire(checkout).await,
            PaymentProvider::Stripe => self.must_have_stripe()?.expire(checkout).await,
            PaymentProvider::Webhook => reported(checkout),
        }
    }

    async fn refund(&self, refund: &PaymentRefund, charge: Option<&str>) -> Result<String, GatewayError> {
        match refund.provider {
            PaymentProvider::Mock => Mock.refund(refund, charge).await,
            PaymentProvider::Stripe => self.must_have_stripe()?.refund(refund, charge).await,
            PaymentProvider::Webhook => Err(GatewayError::Refused(
                "this server cannot ask the provider that reported the payment: refund it there, then say so here"
                    .to_owned(),
            )),
        }
    }

    fn must_have_stripe(&self) -> Result<&Stripe, GatewayError> {
        self.stripe().ok_or_else(|| GatewayError::Unavailable("no key of Stripe is configured".to_owned()))
    }
}

/// A provider that cannot be asked has said all when it reported.
fn reported(checkout: &Checkout) -> Result<Standing, GatewayError> {
    match (&checkout.charge_id, Currency::new(&checkout.currency)) {
        (Some(charge), Some(currency)) => {
            let amount_minor = checkout.amount_minor;
            Ok(Standing::Paid(Captured { charge: charge.clone(), amount_minor, currency }))
        }
        _ => Err(GatewayError::Refused("the provider cannot be asked".to_owned())),
    }
}

/// The order has ended or been cancelled: whoever still has the address of its payment must not pay any more.
///
/// # Errors
/// Those of the store.
pub async fn order_ended(state: &crate::state::AppState, order: OrderId) -> Result<(), persistence::StoreError> {
    if state.store.checkouts_due(order, state.now()).await? > 0 {
        state.gateways.wake();
    }
    Ok(())
}

/// The event is cancelled: nobody is to pay for any order of it.
///
/// # Errors
/// Those of the store.
pub async fn event_cancelled(state: &crate::state::AppState, event: EventId) -> Result<(), persistence::StoreError> {
    if state.store.checkouts_due_of_event(event, state.now()).await? > 0 {
        state.gateways.wake();
    }
    Ok(())
}

/// Which of an order's payments: the nth checkout of it.
pub fn nth_payment(order: OrderId, n: usize) -> PaymentId {
    PaymentId::from_uuid(crate::derived_id::nth(order.uuid(), "checkout", n as u64))
}
