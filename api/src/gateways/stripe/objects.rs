//! What is read of Stripe's objects. They have many more fields.

use std::collections::HashMap;
use std::fmt;

use inventory::{Currency, OrderId, PaymentId};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::amount;
use crate::gateways::{Captured, GatewayError, Standing};

/// `error` of an answer that is one.
#[derive(Debug, Deserialize)]
pub struct Refusal {
    #[serde(rename = "type")]
    kind: String,
    code: Option<String>,
    message: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_deref().unwrap_or(&self.kind))?;
        self.message.as_ref().map_or(Ok(()), |message| write!(f, ", {message}"))
    }
}

/// `checkout.session`.
#[derive(Clone, Debug, Deserialize)]
pub struct Session {
    pub id: String,
    pub url: Option<String>,
    status: Option<String>,
    payment_status: String,
    payment_intent: Option<String>,
    amount_total: Option<i64>,
    currency: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
}

/// What we had Stripe keep with its objects.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Metadata(HashMap<String, String>);

impl Metadata {
    /// `None`: the object is not ours.
    pub fn payment(&self) -> Option<(OrderId, PaymentId)> {
        let id = |name| Uuid::try_parse(self.0.get(name)?).ok();
        Some((OrderId::from_uuid(id("usher_order")?), PaymentId::from_uuid(id("usher_payment")?)))
    }
}

impl Session {
    /// # Errors
    /// One that says not what was paid.
    pub fn standing(&self) -> Result<Standing, GatewayError> {
        match (self.payment_status.as_str(), self.status.as_deref()) {
            ("paid" | "no_payment_required", _) => self.captured().map(Standing::Paid),
            (_, Some("complete")) => Ok(Standing::Processing),
            (_, Some("expired")) => Ok(Standing::Expired),
            _ => Ok(Standing::Open),
        }
    }

    fn captured(&self) -> Result<Captured, GatewayError> {
        let code = self.currency.as_deref().unwrap_or_default().to_ascii_uppercase();
        let amount_minor = self.amount_total.and_then(|amount| amount::heard(amount, &code));
        match (Currency::new(&code), amount_minor, &self.payment_intent) {
            (Some(currency), Some(amount_minor), Some(charge)) => {
                Ok(Captured { charge: charge.clone(), amount_minor, currency })
            }
            _ => Err(GatewayError::Refused(format!("Stripe's session {} says not what was paid", self.id))),
        }
    }
}

/// `refund`.
#[derive(Debug, Deserialize)]
pub struct Created {
    id: String,
    status: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

impl Created {
    pub fn is_of(&self, refund: Uuid) -> bool {
        self.metadata.0.get("usher_refund").is_some_and(|id| *id == refund.to_string())
    }

    /// # Errors
    /// One that has failed: the payer's bank did not take it.
    pub fn name(self) -> Result<String, GatewayError> {
        match self.status.as_deref() {
            Some(status @ ("failed" | "canceled")) => {
                Err(GatewayError::Refused(format!("Stripe's refund {} is {status}", self.id)))
            }
            _ => Ok(self.id),
        }
    }
}

#[derive(Debug, Deserialize)]
pub struct Refunds {
    pub data: Vec<Created>,
}

/// `charge`.
#[derive(Debug, Deserialize)]
pub struct Charge {
    pub id: String,
    payment_intent: Option<String>,
    amount_refunded: i64,
    currency: String,
    #[serde(default)]
    pub metadata: Metadata,
}

impl Charge {
    /// What went back of it, by whomever, and in which currency.
    pub fn refunded(&self) -> Option<Captured> {
        let code = self.currency.to_ascii_uppercase();
        let amount_minor = amount::heard(self.amount_refunded, &code)?;
        Some(Captured { charge: self.payment_intent.clone()?, amount_minor, currency: Currency::new(&code)? })
    }
}

/// `event`: what Stripe tells.
#[derive(Debug, Deserialize)]
pub struct Notice {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub data: NoticeData,
}

#[derive(Debug, Deserialize)]
pub struct NoticeData {
    pub object: Value,
}
