//! Commands whose answer comes with what it tells of: read in the turn that decides, told when that is durable. Nobody has
//! to ask the store for what has just been written there.

use inventory::{Command, Inventory, OrderRows, PlaceOrder, ScanTicket, SettlePayment, TicketView, Verb};
use tokio::sync::oneshot;

use super::{Caller, EventHandle, Origin, Outcome};
use crate::SubmitError;
use crate::waiter::Waiter;

/// `None` with the answer to a repeated command, which tells of earlier, and when there is no answer.
pub type Shown<T> = (Outcome, Option<T>);

impl EventHandle {
    /// The order as it was placed.
    pub async fn place_order(&self, caller: Caller, order: PlaceOrder) -> Shown<OrderRows> {
        let id = order.order;
        let command = Command { origin: caller.into(), verb: Verb::PlaceOrder(order) };
        self.submit_and_look(command, None, move |inventory| inventory.order_rows(id)).await
    }

    /// As [`EventHandle::settle_payment`]: the order with its tickets, paid or not.
    pub async fn settle_payment_shown(&self, origin: Origin, payment: SettlePayment) -> Shown<OrderRows> {
        let id = payment.order;
        let command = Command { origin, verb: Verb::SettlePayment(payment) };
        self.submit_and_look(command, None, move |inventory| inventory.order_rows(id)).await
    }

    /// The same, of a payment that is over as soon as it begins: nobody has to be asked between. Refused as
    /// [`EventHandle::start_payment`] would be.
    pub async fn settle_payment_at_once(&self, caller: Caller, payment: SettlePayment) -> Shown<OrderRows> {
        let id = payment.order;
        let start = Verb::StartPayment { order: id, customer: caller.user, payment: payment.payment };
        let command = Command { origin: caller.into(), verb: Verb::SettlePayment(payment) };
        self.submit_and_look(command, Some(start), move |inventory| inventory.order_rows(id)).await
    }

    /// As [`EventHandle::scan_ticket`]: the ticket, admitted or refused.
    pub async fn scan_ticket_shown(&self, caller: Caller, scan: ScanTicket) -> Shown<TicketView> {
        let id = scan.ticket;
        let command = Command { origin: caller.into(), verb: Verb::ScanTicket(scan) };
        self.submit_and_look(command, None, move |inventory| inventory.ticket(id)).await
    }

    async fn submit_and_look<T: Send + 'static>(
        &self,
        command: Command,
        required: Option<Verb>,
        look: impl FnOnce(&Inventory) -> Option<T> + Send + 'static,
    ) -> Shown<T> {
        let (sender, mut seen) = oneshot::channel();
        let (waiter, reply) = Waiter::new();
        let waiter = waiter.requiring(required).looking(move |inventory| {
            // A caller that has gone away looks at nothing.
            let _ = sender.send(look(inventory));
        });
        let outcome = self.submit_for(command, waiter, reply).await;
        let is_answered = matches!(outcome, Ok(_) | Err(SubmitError::Rejected(_)));
        let seen = seen.try_recv().ok().flatten();
        (outcome, seen.filter(|_| is_answered))
    }
}
