use crate::orders::OrderStatus;
use crate::tickets::{Ticket, TicketState};
use crate::{Change, Inventory, OrderId, Rejection, TicketId};

use super::Decision;

/// Tickets that have been inside stay; those voided before may be refunded still.
pub(super) fn decide(inventory: &Inventory, id: OrderId, named: &[TicketId], amount_minor: Option<i64>) -> Decision {
    let Some((_, order)) = inventory.orders.find(id) else {
        return Err(Rejection::OrderNotFound);
    };
    if !order.status.may_become(OrderStatus::Refunded) {
        return Err(Rejection::OrderTransition { from: order.status.name(), to: OrderStatus::Refunded.name() });
    }
    let left_minor = order.placed.total_minor() - order.refunded_minor;
    if amount_minor.is_some_and(|amount_minor| !(0..=left_minor).contains(&amount_minor)) {
        return Err(Rejection::RefundExceeds { left_minor });
    }
    let tickets = inventory.tickets.range(order.tickets.clone());
    let chosen = if named.is_empty() { all_left(tickets)? } else { checked(tickets, named)? };
    let amount_minor = amount_minor.unwrap_or_else(|| worth(tickets, named, left_minor));
    Ok(Change::OrderRefunded { order: id, tickets: chosen, amount_minor })
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

fn all_left(tickets: &[Ticket]) -> Result<Vec<TicketId>, Rejection> {
    let left = tickets.iter().filter(|ticket| may_be_refunded(ticket).is_ok());
    let left: Vec<TicketId> = left.map(|ticket| ticket.id).collect();
    if left.is_empty() { Err(Rejection::TicketUsed) } else { Ok(left) }
}

fn checked(tickets: &[Ticket], named: &[TicketId]) -> Result<Vec<TicketId>, Rejection> {
    let mut chosen: Vec<TicketId> = Vec::with_capacity(named.len().min(tickets.len()));
    let mut refusal: Option<Rejection> = None;
    for id in named {
        let found = tickets.iter().find(|ticket| ticket.id == *id).ok_or(Rejection::TicketNotFound);
        match found.and_then(may_be_refunded) {
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
