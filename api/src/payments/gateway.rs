use inventory::{Currency, PaymentId, PaymentOutcome};
use wire::{MockOutcome, PayRequest, PaymentMethod};

/// Who moves the money.
pub enum Gateway {
    /// Moves none: the request says how it ends.
    Mock(MockOutcome),
}

pub struct Charge {
    /// The provider charges once for it, however often it is asked.
    pub payment: PaymentId,
    pub amount_minor: i64,
    pub currency: Currency,
}

impl Gateway {
    pub fn of(request: &PayRequest) -> Self {
        match request.method {
            PaymentMethod::Mock => Self::Mock(request.outcome.unwrap_or(MockOutcome::Paid)),
        }
    }

    pub fn charge(&self, charge: &Charge) -> PaymentOutcome {
        match self {
            Self::Mock(MockOutcome::Paid) => {
                PaymentOutcome::Paid { amount_minor: charge.amount_minor, currency: charge.currency }
            }
            Self::Mock(MockOutcome::Declined) => PaymentOutcome::Declined,
        }
    }
}
