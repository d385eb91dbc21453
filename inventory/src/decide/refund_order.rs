use crate::orders::{Order, OrderStatus};
use crate::tickets::{Ticket, TicketState};
use crate::{Change, Inventory, RefundOrder, RefundRight, RefundTo, Rejection, TicketId, TimeUs, UserId};

use super::Decision;

pub(super) fn decide(inventory: &Inventory, now: TimeUs, wanted: &RefundOrder) -> Decision {
    if let RefundRight::Promise { .. } = wanted.right {
        // Everybody gets everything back then: by promise it would be less.
        inventory.must_not_be_cancelled()?;
    }
    let order = match (wanted.right, inventory.orders.find(wanted.order)) {
        (RefundRight::Promise { customer, .. }, _) => inventory.own_order(wanted.order, customer)?,
        (_, Some((_, order))) => order,
        (_, None) => return Err(Rejection::OrderNotFound),
    };
    if !order.status.may_become(OrderStatus::Refunded) {
        return Err(Rejection::OrderTransition { from: order.status.name(), to: OrderStatus::Refunded.name() });
    }
    let left_minor = order.placed.total_minor() - order.refunded_minor;
    let all = inventory.tickets.range(order.tickets.clone());
    let named = &wanted.tickets;
    let (tickets, amount_minor) = match wanted.right {
        RefundRight::Organizer { amount_minor } => by_organizer(all, named, amount_minor, left_minor)?,
        RefundRight::Promise { customer, starts_at } => {
            let promise = Promise { order, customer, now, starts_at };
            by_promise(&promise, all, named, left_minor)?
        }
        RefundRight::Cancellation => {
            let left = all.iter().filter(|ticket| !ticket.refunded).map(|ticket| ticket.id);
            (left.collect(), left_minor)
        }
    };
    let order = wanted.order;
    Ok(match wanted.to {
        RefundTo::Original => Change::OrderRefunded { order, tickets, amount_minor },
        RefundTo::Wallet => Change::OrderRefundedToWallet { order, tickets, amount_minor },
    })
}

/// Tickets that have been inside stay; those voided before may be refunded still.
fn by_organizer(
    all: &[Ticket],
    named: &[TicketId],
    amount_minor: Option<i64>,
    left_minor: i64,
) -> Result<(Vec<TicketId>, i64), Rejection> {
    if amount_minor.is_some_and(|amount_minor| !(0..=left_minor).contains(&amount_minor)) {
        return Err(Rejection::RefundExceeds { left_minor });
    }
    let chosen = if named.is_empty() { all_left(all, may_be_refunded)? } else { checked(all, named, may_be_refunded)? };
    let amount_minor = amount_minor.unwrap_or_else(|| worth(all, named, left_minor));
    Ok((chosen, amount_minor))
}

/// No more than is left, whatever was refunded for other tickets before.
fn worth(tickets: &[Ticket], named: &[TicketId], left_minor: i64) -> i64 {
    let price_of = |is_meant: &dyn Fn(&Ticket) -> bool| -> i64 {
        tickets.iter().filter(|ticket| is_meant(ticket)).map(|ticket| ticket.price_minor).sum()
    };
    if named.is_empty() {
        let is_used = |ticket: &Ticket| matches!(ticket.state, TicketState::CheckedIn | TicketState::CheckedOut);
        (left_minor - price_of(&is_used)).max(0)
    } else {
        price_of(&|ticket| named.contains(&ticket.id)).min(left_minor)
    }
}

/// Of whom, what and when: what a promise is asked by.
struct Promise<'a> {
    order: &'a Order,
    customer: UserId,
    now: TimeUs,
    starts_at: TimeUs,
}

impl Promise<'_> {
    /// A ticket that was given to somebody else is his: nobody takes it back by a refund.
    fn may_ask_for(&self, ticket: &Ticket) -> Result<(), Rejection> {
        if ticket.holder != self.customer {
            return Err(Rejection::TicketNotFound);
        }
        match ticket.state {
            TicketState::Voided => Err(Rejection::TicketVoid),
            TicketState::CheckedIn | TicketState::CheckedOut => Err(Rejection::TicketUsed),
            TicketState::Issued if self.percent_of(ticket) == 0 => Err(Rejection::RefundNotPromised),
            TicketState::Issued => Ok(()),
        }
    }

    fn percent_of(&self, ticket: &Ticket) -> u8 {
        self.order.refund_of(ticket.tier).map_or(0, |refund| refund.percent_at(self.now, self.starts_at))
    }

    /// Fractions of a minor unit are kept.
    fn amount_of(&self, ticket: &Ticket) -> i64 {
        ticket.price_minor * i64::from(self.percent_of(ticket)) / 100
    }
}

fn by_promise(
    promise: &Promise<'_>,
    all: &[Ticket],
    named: &[TicketId],
    left_minor: i64,
) -> Result<(Vec<TicketId>, i64), Rejection> {
    let may = |ticket: &Ticket| promise.may_ask_for(ticket);
    let chosen = if named.is_empty() { all_left(all, may)? } else { checked(all, named, may)? };
    let amount_minor: i64 =
        all.iter().filter(|ticket| chosen.contains(&ticket.id)).map(|ticket| promise.amount_of(ticket)).sum();
    Ok((chosen, amount_minor.min(left_minor)))
}

/// When there is none: why the first of them that is not refunded yet is not.
fn all_left(
    tickets: &[Ticket],
    may_be_refunded: impl Fn(&Ticket) -> Result<(), Rejection>,
) -> Result<Vec<TicketId>, Rejection> {
    let left: Vec<TicketId> =
        tickets.iter().filter(|ticket| may_be_refunded(ticket).is_ok()).map(|ticket| ticket.id).collect();
    if !left.is_empty() {
        return Ok(left);
    }
    let kept = tickets.iter().filter(|ticket| !ticket.refunded).find_map(|ticket| may_be_refunded(ticket).err());
    Err(kept.unwrap_or(Rejection::TicketUsed))
}

fn checked(
    tickets: &[Ticket],
    named: &[TicketId],
    may_be_refunded: impl Fn(&Ticket) -> Result<(), Rejection>,
) -> Result<Vec<TicketId>, Rejection> {
    let mut chosen: Vec<TicketId> = Vec::with_capacity(named.len().min(tickets.len()));
    let mut refusal: Option<Rejection> = None;
    for id in named {
        let found = tickets.iter().find(|ticket| ticket.id == *id).ok_or(Rejection::TicketNotFound);
        match found.and_then(&may_be_refunded) {
            Ok(()) if chosen.contains(id) => {}
            Ok(()) => chosen.push(*id),
            Err(found) if refusal.as_ref().is_none_or(|first| found < *first) => refusal = Some(found),
            Err(_) => {}
        }
    }
    refusal.map_or(Ok(chosen), Err)
}

const fn may_be_refunded(ticket: &Ticket) -> Result<(), Rejection> {
    match ticket.state {
        TicketState::CheckedIn | TicketState::CheckedOut => Err(Rejection::TicketUsed),
        TicketState::Voided if ticket.refunded => Err(Rejection::TicketVoid),
        TicketState::Issued | TicketState::Voided => Ok(()),
    }
}
