use crate::limits::CONFLICTS_PER_TICKET_MAX;
use crate::tickets::{Ticket, TicketState};
use crate::{Change, Direction, DoorChange, Inventory, Place, RefusedScan, Rejection, ScanList, ScanTicket, TimeUs};

use super::Decision;

/// A repeated nonce is not looked at here: [`Inventory::repeat`] knows it.
pub(super) fn decide(inventory: &Inventory, now: TimeUs, scan: &ScanTicket) -> Decision {
    inventory.must_not_be_cancelled()?;
    let &ScanTicket { ticket: id, direction, nonce, .. } = scan;
    let ticket = inventory.tickets.find(id).ok_or(Rejection::TicketNotFound)?;
    if inventory.door.as_deref().is_some_and(|door| door.undone(id).iter().any(|scan| scan.nonce == nonce)) {
        return Err(Rejection::ScanRefused(RefusedScan::Undone));
    }
    let Some(queued) = scan.queued else {
        return match refusal(inventory, now, ticket, scan) {
            Some(refused) => Err(Rejection::ScanRefused(refused)),
            None => Ok(Change::TicketScanned { ticket: id, direction, nonce }),
        };
    };
    // A device whose clock is ahead saw nobody in the future.
    let scanned_at = queued.scanned_at.min(now);
    let forced = queued.forced;
    let Some(reason) = refusal(inventory, scanned_at, ticket, scan) else {
        return Ok(Change::Door(DoorChange::ScanQueued { ticket: id, direction, nonce, scanned_at, forced }));
    };
    let conflicts = inventory.door.as_deref().map_or(0, |door| door.conflicts(id).len());
    if conflicts >= CONFLICTS_PER_TICKET_MAX {
        return Err(Rejection::ScanRefused(reason));
    }
    Ok(Change::Door(DoorChange::ScanConflicted { ticket: id, direction, nonce, scanned_at, forced, reason }))
}

/// `at`: when the ticket was shown.
fn refusal(inventory: &Inventory, at: TimeUs, ticket: &Ticket, scan: &ScanTicket) -> Option<RefusedScan> {
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
    let is_forced = scan.queued.is_some_and(|queued| queued.forced);
    match (scan.direction, ticket.state) {
        (Direction::Exit, TicketState::CheckedIn) => None,
        (Direction::Exit, TicketState::Issued | TicketState::CheckedOut) => Some(RefusedScan::NotInside),
        // Forced or not: nobody is inside twice.
        (Direction::Entry, TicketState::CheckedIn) if is_forced => Some(RefusedScan::AlreadyRedeemed { at: last_at }),
        (Direction::Entry, _) if is_forced => None,
        (Direction::Entry, state) => rule(inventory, at, ticket, scan).or_else(|| match state {
            TicketState::CheckedIn => Some(RefusedScan::AlreadyRedeemed { at: last_at }),
            TicketState::CheckedOut => reentry(inventory, ticket),
            TicketState::Issued => None,
            TicketState::Voided => Some(RefusedScan::Canceled),
        }),
        (Direction::Exit, TicketState::Voided) => Some(RefusedScan::Canceled),
    }
}

/// What is asked of every entry, whatever became of the ticket before.
fn rule(inventory: &Inventory, at: TimeUs, ticket: &Ticket, scan: &ScanTicket) -> Option<RefusedScan> {
    if scan.list.as_deref().is_some_and(|list| !is_on(inventory, ticket, list)) {
        return Some(RefusedScan::Product);
    }
    let opens_at = inventory.layout.policy().doors_from.filter(|opens_at| at < *opens_at)?;
    Some(RefusedScan::InvalidTime { opens_at })
}

fn reentry(inventory: &Inventory, ticket: &Ticket) -> Option<RefusedScan> {
    let policy = inventory.layout.policy();
    if !policy.reentry {
        return Some(RefusedScan::NoReentry);
    }
    let entries = inventory.door.as_deref().map_or(0, |door| door.entries(ticket));
    policy.entries_max.filter(|max| entries >= *max).map(|_| RefusedScan::Rules)
}

fn is_on(inventory: &Inventory, ticket: &Ticket, list: &ScanList) -> bool {
    let layout = &inventory.layout;
    let part = match ticket.place {
        Place::Seat(seat) => layout.section_id(layout.section_of(seat)),
        Place::Area { area, .. } => layout.area_id(area),
    };
    let tier = layout.tiers()[ticket.tier.ix()].id;
    (list.tiers.is_empty() || list.tiers.contains(&tier))
        && (list.sections.is_empty() || list.sections.iter().any(|section| section == part))
}
