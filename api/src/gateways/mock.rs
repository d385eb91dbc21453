use std::time::Duration;

use inventory::Currency;
use persistence::{Checkout, PaymentRefund};

use wire::MockOutcome;

use super::{Begun, Captured, Gateway, GatewayError, Standing};

/// How long the slow one takes.
const SLOW: Duration = Duration::from_secs(2);

const DECLINED: &str = "declined";
const SLOWLY: &str = "slow";
const LOST: &str = "lost";
const LATE: &str = "late";

/// What a payment's session is called that ends so.
pub const fn script(outcome: MockOutcome) -> &'static str {
    match outcome {
        MockOutcome::Paid => "paid",
        MockOutcome::Declined => DECLINED,
        MockOutcome::Slow => SLOWLY,
        MockOutcome::Lost => LOST,
        MockOutcome::Duplicate => "duplicate",
        MockOutcome::Late => LATE,
    }
}

/// Moves no money. What a payment's session is called says how it ends; everything else is paid.
pub struct Mock;

impl Mock {
    fn captured(checkout: &Checkout) -> Result<Captured, GatewayError> {
        let currency = Currency::new(&checkout.currency)
            .ok_or_else(|| GatewayError::Refused("a payment in no currency".to_owned()))?;
        let charge = format!("mock_{}", checkout.payment_id);
        Ok(Captured { charge, amount_minor: checkout.amount_minor, currency })
    }
}

impl Gateway for Mock {
    async fn begin(&self, checkout: &Checkout, _title: &str) -> Result<Begun, GatewayError> {
        match checkout.session_id.as_deref() {
            Some(DECLINED) => return Ok(Begun::Declined),
            // It has been captured, or will be; nobody hears of it now.
            Some(LOST | LATE) => return Err(GatewayError::Unknown),
            Some(SLOWLY) => tokio::time::sleep(SLOW).await,
            Some(_) | None => {}
        }
        Self::captured(checkout).map(Begun::Captured)
    }

    async fn standing(&self, checkout: &Checkout) -> Result<Standing, GatewayError> {
        match checkout.session_id.as_deref() {
            Some(DECLINED) => Ok(Standing::Expired),
            Some(LATE) => Ok(Standing::Open),
            Some(_) | None => Self::captured(checkout).map(Standing::Paid),
        }
    }

    /// The late one has been paid at the last moment.
    async fn expire(&self, checkout: &Checkout) -> Result<Standing, GatewayError> {
        match checkout.session_id.as_deref() {
            Some(LATE) => Self::captured(checkout).map(Standing::Paid),
            Some(_) | None => self.standing(checkout).await,
        }
    }

    async fn refund(&self, refund: &PaymentRefund, _charge: Option<&str>) -> Result<String, GatewayError> {
        Ok(format!("mock_refund_{}", refund.id))
    }
}
