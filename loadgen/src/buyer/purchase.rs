//! From a hold to tickets: the order, the wait of those who let it wait, the payment.

use std::time::{Duration, Instant};

use wire::{Hold, Order, OrderRequest, OrderStatus, PayRequest, PaymentMethod};

use super::Buyer;
use crate::client::Outcome;
use crate::ledger::{Entry, Paid};
use crate::measure::{Leaving, Step};
use crate::pool::Call;

impl Buyer<'_> {
    pub(super) async fn buy(&mut self, hold: &Hold, wait: Duration) -> Result<Leaving, Leaving> {
        let order = self.order(hold).await?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        self.pay(hold, &order).await
    }

    async fn order(&mut self, hold: &Hold) -> Result<Order, Leaving> {
        let body = OrderRequest {
            event_id: hold.event_id,
            hold_id: hold.id,
            attendees: Vec::new(),
            accept_other_seats: false,
        };
        let call = self.post("/api/v1/orders".to_owned(), &body)?;
        let settled = self.write(Step::Order, &call, Instant::now()).await.read::<Order>();
        let (account, hold_id) = (self.account_number, hold.id);
        match settled.outcome {
            Outcome::Done(order) => {
                self.note(Entry::Ordered { order: order.id, account, hold: hold_id });
                if order.total != hold.total {
                    self.violation(format!("order {}: {:?} for a hold of {:?}", order.id, order.total, hold.total));
                }
                Ok(order)
            }
            outcome => {
                if matches!(outcome, Outcome::GaveUp { maybe_done: true } | Outcome::Broken(_)) {
                    self.note(Entry::OrderUnknown { account, hold: hold_id });
                }
                Err(self.gone(Step::Order, &outcome))
            }
        }
    }

    async fn pay(&mut self, hold: &Hold, order: &Order) -> Result<Leaving, Leaving> {
        let body = PayRequest { method: PaymentMethod::Mock, outcome: None, amount: Some(order.total.clone()) };
        let call = self.post(format!("/api/v1/orders/{}/pay", order.id), &body)?;
        self.note(Entry::Paying { order: order.id, account: self.account_number });
        let settled = self.write(Step::Pay, &call, Instant::now()).await.read::<Order>();
        match settled.outcome {
            Outcome::Done(paid) if paid.status == OrderStatus::Paid && paid.id == order.id => {
                let units = paid.items.iter().map(|item| item.quantity).sum();
                let at = self.at(settled.answered);
                let (account, hold) = (self.account_number, hold.id);
                self.note(Entry::Paid(Box::new(Paid { account, hold, at, order: without_codes(paid) })));
                self.sale.client.measured.sold(units);
                Ok(Leaving::Bought)
            }
            Outcome::Done(other) => {
                self.violation(format!("paid order {} is answered as {} {:?}", order.id, other.id, other.status));
                Err(Leaving::Broken)
            }
            outcome => {
                if let Outcome::Refused(refusal) = &outcome {
                    self.note(Entry::PayRefused { order: order.id, code: refusal.code.clone() });
                }
                Err(self.gone(Step::Pay, &outcome))
            }
        }
    }

    fn post(&mut self, path: String, body: &impl serde::Serialize) -> Result<Call, Leaving> {
        let key = Some(self.key());
        Call::post(path, key, body).map_err(|error| {
            self.violation(error.to_string());
            Leaving::Broken
        })
    }
}

/// The codes admit: they do not belong into a log.
fn without_codes(mut order: Order) -> Order {
    order.tickets.iter_mut().for_each(|ticket| ticket.code = None);
    order
}
