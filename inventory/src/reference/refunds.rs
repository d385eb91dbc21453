//! Money back: by whoever runs the event, by what the buyer was promised, and of everybody when the event is off.

use std::collections::BTreeSet;

use super::{OrderState, Reference, Ticket, TicketState};
use crate::{Answer, OrderId, Phase, RefundOrder, RefundPolicy, RefundRight, Rejection, TicketId, TimeUs, UserId};

impl Reference {
    pub(super) fn refund_order(&mut self, now: TimeUs, wanted: &RefundOrder) -> Result<Answer, Rejection> {
        let id = wanted.order;
        let asked_by = match wanted.right {
            RefundRight::Promise { customer, .. } => Some(customer),
            RefundRight::Organizer { .. } | RefundRight::Cancellation => None,
        };
        if asked_by.is_some() && self.phase == Phase::Cancelled {
            return Err(Rejection::EventCancelled);
        }
        let found = self.orders.iter().position(|order| order.id == id);
        let ix = found
            .filter(|ix| asked_by.is_none_or(|customer| self.orders[*ix].customer == customer))
            .ok_or(Rejection::OrderNotFound)?;
        let state = self.orders[ix].state;
        if !matches!(state, OrderState::Paid | OrderState::PartiallyRefunded) {
            return Err(Rejection::OrderTransition { from: state.name(), to: "refunded" });
        }
        let left_minor = self.orders[ix].total_minor() - self.orders[ix].refunded_minor;
        let (chosen, amount_minor) = match wanted.right {
            RefundRight::Organizer { amount_minor } => {
                self.as_organizer(id, &wanted.tickets, amount_minor, left_minor)?
            }
            RefundRight::Promise { customer, starts_at } => {
                let chosen = self.promised(ix, now, customer, starts_at, &wanted.tickets)?;
                let worth = chosen.iter().map(|at| self.promised_minor(ix, now, starts_at, &self.tickets[*at]));
                let worth: i64 = worth.sum();
                (chosen, left_minor.min(worth))
            }
            RefundRight::Cancellation => {
                let is_left = |at: &usize| self.tickets[*at].order == id && !self.tickets[*at].refunded;
                ((0..self.tickets.len()).filter(is_left).collect(), left_minor)
            }
        };
        for ticket in chosen {
            self.tickets[ticket].state = TicketState::Voided;
            self.tickets[ticket].refunded = true;
        }
        let is_whole = self.tickets.iter().all(|ticket| ticket.order != id || ticket.refunded);
        self.orders[ix].state = if is_whole { OrderState::Refunded } else { OrderState::PartiallyRefunded };
        self.orders[ix].refunded_minor += amount_minor;
        Ok(Answer::OrderRefunded { order: id, amount_minor })
    }

    fn as_organizer(
        &self,
        id: OrderId,
        named: &[TicketId],
        amount_minor: Option<i64>,
        left_minor: i64,
    ) -> Result<(BTreeSet<usize>, i64), Rejection> {
        if amount_minor.is_some_and(|amount_minor| amount_minor < 0 || amount_minor > left_minor) {
            return Err(Rejection::RefundExceeds { left_minor });
        }
        let chosen = self.refundable(id, named)?;
        let amount_minor = amount_minor.unwrap_or_else(|| {
            if named.is_empty() {
                let of_order = self.tickets.iter().filter(|it| it.order == id);
                let kept: i64 = of_order.filter(|it| is_used(it)).map(|it| it.price_minor).sum();
                0.max(left_minor - kept)
            } else {
                left_minor.min(chosen.iter().map(|at| self.tickets[*at].price_minor).sum())
            }
        });
        Ok((chosen, amount_minor))
    }

    /// The named tickets of the order, or all that are left. One that has been inside is not refunded; one that was
    /// voided without a refund may be still.
    fn refundable(&self, order: OrderId, named: &[TicketId]) -> Result<BTreeSet<usize>, Rejection> {
        if named.is_empty() {
            let may = |at: &usize| {
                let ticket = &self.tickets[*at];
                ticket.order == order && !is_used(ticket) && !ticket.refunded
            };
            let left: BTreeSet<usize> = (0..self.tickets.len()).filter(may).collect();
            return if left.is_empty() { Err(Rejection::TicketUsed) } else { Ok(left) };
        }
        let chosen = self.named(order, named)?;
        if chosen.iter().any(|at| self.tickets[*at].refunded) {
            return Err(Rejection::TicketVoid);
        }
        if chosen.iter().any(|at| is_used(&self.tickets[*at])) { Err(Rejection::TicketUsed) } else { Ok(chosen) }
    }

    fn named(&self, order: OrderId, named: &[TicketId]) -> Result<BTreeSet<usize>, Rejection> {
        let find = |id: &TicketId| self.tickets.iter().position(|it| it.id == *id && it.order == order);
        named.iter().map(|id| find(id).ok_or(Rejection::TicketNotFound)).collect()
    }

    /// Tickets that the customer still has, nobody has used, and something was promised for.
    fn promised(
        &self,
        ix: usize,
        now: TimeUs,
        customer: UserId,
        starts_at: TimeUs,
        named: &[TicketId],
    ) -> Result<BTreeSet<usize>, Rejection> {
        let is_his = |at: &usize| self.tickets[*at].holder == customer;
        let is_void = |at: &usize| self.tickets[*at].state == TicketState::Voided;
        let was_inside = |at: &usize| is_used(&self.tickets[*at]);
        let is_promised = |at: &usize| self.percent(ix, now, starts_at, &self.tickets[*at]) > 0;
        if named.is_empty() {
            let order = self.orders[ix].id;
            let left: Vec<usize> = (0..self.tickets.len())
                .filter(|at| self.tickets[*at].order == order && !self.tickets[*at].refunded)
                .collect();
            let may = |at: &usize| is_his(at) && !is_void(at) && !was_inside(at) && is_promised(at);
            let chosen: BTreeSet<usize> = left.iter().copied().filter(|at| may(at)).collect();
            let Some(first) = left.first().filter(|_| chosen.is_empty()) else { return Ok(chosen) };
            return Err(if !is_his(first) {
                Rejection::TicketNotFound
            } else if is_void(first) {
                Rejection::TicketVoid
            } else if was_inside(first) {
                Rejection::TicketUsed
            } else {
                Rejection::RefundNotPromised
            });
        }
        let chosen = self.named(self.orders[ix].id, named)?;
        if !chosen.iter().all(is_his) {
            Err(Rejection::TicketNotFound)
        } else if chosen.iter().any(is_void) {
            Err(Rejection::TicketVoid)
        } else if chosen.iter().any(was_inside) {
            Err(Rejection::TicketUsed)
        } else if !chosen.iter().all(is_promised) {
            Err(Rejection::RefundNotPromised)
        } else {
            Ok(chosen)
        }
    }

    /// Of the step that ends soonest among those that are not over; of no step, the policy's own.
    fn percent(&self, ix: usize, now: TimeUs, starts_at: TimeUs, ticket: &Ticket) -> i64 {
        let Some(refund) = self.orders[ix].promised.get(&ticket.tier) else { return 0 };
        let RefundPolicy { refundable, percent, until, steps } = refund;
        let is_over = now >= starts_at || until.is_some_and(|until| now >= until);
        if !refundable || is_over {
            return 0;
        }
        let reached = steps.iter().filter(|step| now.0 + step.before_us <= starts_at.0);
        match reached.max_by_key(|step| step.before_us) {
            Some(step) => i64::from(step.percent),
            None if steps.is_empty() => i64::from(*percent),
            None => 0,
        }
    }

    fn promised_minor(&self, ix: usize, now: TimeUs, starts_at: TimeUs, ticket: &Ticket) -> i64 {
        self.percent(ix, now, starts_at, ticket) * ticket.price_minor / 100
    }
}

const fn is_used(ticket: &Ticket) -> bool {
    matches!(ticket.state, TicketState::CheckedIn | TicketState::CheckedOut)
}
