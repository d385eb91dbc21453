//! Stripe Checkout: the payer pays on Stripe's page, and Stripe tells by a notice, or when asked. Every question that moves
//! money carries an idempotency key of ours.

mod amount;
mod client;
pub mod objects;

use persistence::{Checkout, PaymentRefund};
use secrecy::SecretString;

use self::client::Client;
use self::objects::{Created, Refunds, Session};
use super::{Begun, Gateway, GatewayError, Standing};
use crate::config::Payments;

pub struct Stripe {
    client: Client,
    /// Where the server's pages are.
    site: String,
}

/// Of a call that somebody waits for. A worker comes again by itself.
const TRIES: u32 = 2;
/// Refunds of one payment that are looked through: more than an order has tickets.
const REFUNDS_MAX: &str = "100";

impl Stripe {
    /// # Errors
    /// No TLS roots on this machine.
    pub fn new(config: &Payments, key: SecretString, site: &str) -> Result<Self, reqwest::Error> {
        Ok(Self { client: Client::new(config, key)?, site: site.to_owned() })
    }

    async fn session(&self, checkout: &Checkout) -> Result<Session, GatewayError> {
        self.client.get(&session_path(checkout)?, &[], 1).await
    }

    /// Whether it has been made before, by an attempt of which nobody has heard the end: Stripe forgets idempotency keys
    /// after a day, an admin may try again later.
    async fn refunded_before(&self, refund: &PaymentRefund, charge: &str) -> Result<Option<String>, GatewayError> {
        let query = [("payment_intent", charge), ("limit", REFUNDS_MAX)];
        let refunds: Refunds = self.client.get("/v1/refunds", &query, 1).await?;
        let ours = refunds.data.into_iter().find(|made| made.is_of(refund.id));
        ours.map(Created::name).transpose()
    }
}

impl Gateway for Stripe {
    async fn begin(&self, checkout: &Checkout, title: &str) -> Result<Begun, GatewayError> {
        let amount = amount::told(checkout.amount_minor, &checkout.currency)
            .ok_or_else(|| GatewayError::Refused("Stripe cannot take this amount of this currency".to_owned()))?;
        let (order, payment) = (checkout.order_id.to_string(), checkout.payment_id.to_string());
        let event = checkout.event_id.to_string();
        let page = format!("{}/orders/{order}", self.site);
        let form = [
            ("mode", "payment".to_owned()),
            ("client_reference_id", order.clone()),
            ("line_items[0][quantity]", "1".to_owned()),
            ("line_items[0][price_data][currency]", checkout.currency.to_lowercase()),
            ("line_items[0][price_data][unit_amount]", amount.to_string()),
            ("line_items[0][price_data][product_data][name]", title.to_owned()),
            ("success_url", format!("{page}?session_id={{CHECKOUT_SESSION_ID}}")),
            ("cancel_url", page),
            ("expires_at", checkout.expires_at.0.div_euclid(1_000_000).to_string()),
            ("metadata[usher_order]", order.clone()),
            ("metadata[usher_payment]", payment.clone()),
            ("metadata[usher_event]", event),
            ("payment_intent_data[metadata][usher_order]", order),
            ("payment_intent_data[metadata][usher_payment]", payment.clone()),
        ];
        let session: Session = self.client.post("/v1/checkout/sessions", &form, Some(&payment), TRIES).await?;
        match session.url {
            Some(url) => Ok(Begun::Redirect { session: session.id, url }),
            None => Err(GatewayError::Refused(format!("Stripe's session {} cannot be paid any more", session.id))),
        }
    }

    async fn standing(&self, checkout: &Checkout) -> Result<Standing, GatewayError> {
        self.session(checkout).await?.standing()
    }

    async fn expire(&self, checkout: &Checkout) -> Result<Standing, GatewayError> {
        let path = format!("{}/expire", session_path(checkout)?);
        match self.client.post::<Session>(&path, &[], None, 1).await {
            Ok(session) => session.standing(),
            // Only an open one can be expired: it was paid, or has expired by itself.
            Err(GatewayError::Refused(_)) => self.standing(checkout).await,
            Err(other) => Err(other),
        }
    }

    async fn refund(&self, refund: &PaymentRefund, charge: Option<&str>) -> Result<String, GatewayError> {
        let charge = charge.ok_or_else(|| GatewayError::Refused("it is not known what Stripe calls it".to_owned()))?;
        if let Some(made) = self.refunded_before(refund, charge).await? {
            return Ok(made);
        }
        let amount = amount::told(refund.amount_minor, &refund.currency)
            .ok_or_else(|| GatewayError::Refused("Stripe cannot refund this amount of this currency".to_owned()))?;
        let id = refund.id.to_string();
        let form = [
            ("payment_intent", charge.to_owned()),
            ("amount", amount.to_string()),
            ("metadata[usher_refund]", id.clone()),
            ("metadata[usher_order]", refund.order_id.to_string()),
        ];
        let made: Created = self.client.post("/v1/refunds", &form, Some(&format!("refund-{id}")), 1).await?;
        made.name()
    }
}

fn session_path(checkout: &Checkout) -> Result<String, GatewayError> {
    let id = checkout.session_id.as_deref().unwrap_or_default();
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let path = format!("/v1/checkout/sessions/{id}");
    if is_id { Ok(path) } else { Err(GatewayError::Refused("it is not known what Stripe calls it".to_owned())) }
}
