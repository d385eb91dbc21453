use crate::tickets::{Ticket, TicketState};
use crate::{Change, Direction, Inventory, RefusedScan, Rejection, ScanTicket, TimeUs};

use super::Decision;

/// A repeated nonce is not looked at here: [`Inventory::repeat`] knows it.
pub(super) fn decide(inventory: &Inventory, now: TimeUs, scan: &ScanTicket) -> Decision {
    inventory.must_not_be_cancelled()?;
    let ticket = inventory.tickets.find(scan.ticket).ok_or(Rejection::TicketNotFound)?;
    if let Some(refused) = refusal(inventory, now, ticket, scan) {
        return Err(Rejection::ScanRefused(refused));
    }
    Ok(Change::TicketScanned { ticket: scan.ticket, direction: scan.direction, nonce: scan.nonce })
}

fn refusal(inventory: &Inventory, now: TimeUs, ticket: &Ticket, scan: &ScanTicket) -> Option<RefusedScan> {
    let policy = inventory.layout.policy();
    if scan.generation > ticket.generation {
        return Some(RefusedScan::Invalid);
    }
    if ticket.state == TicketState::Voided {
        return Some(RefusedScan::Canceled);
    }
    if scan.generation < ticket.generation {
        return Some(RefusedScan::Revoked);
    }
    let last_at = ticket.last_scan().map_or(ticket.issued_at, |scan| scan.at);
    match (scan.direction, ticket.state) {
        (Direction::Entry, _) if policy.doors_from.is_some_and(|opens_at| now < opens_at) => {
            policy.doors_from.map(|opens_at| RefusedScan::InvalidTime { opens_at })
        }
        (Direction::Entry, TicketState::Issued) | (Direction::Exit, TicketState::CheckedIn) => None,
        (Direction::Entry, TicketState::CheckedIn) => Some(RefusedScan::AlreadyRedeemed { at: last_at }),
        (Direction::Entry, TicketState::CheckedOut) => (!policy.reentry).then_some(RefusedScan::NoReentry),
        (Direction::Exit, TicketState::Issued | TicketState::CheckedOut) => Some(RefusedScan::NotInside),
        (_, TicketState::Voided) => Some(RefusedScan::Canceled),
    }
}
