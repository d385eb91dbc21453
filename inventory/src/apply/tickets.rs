use crate::door::{Conflict, Door};
use crate::tickets::{Scan, TicketState};
use crate::{Answer, Direction, DoorChange, Inventory, TicketId, TimeUs, UserId};

pub(super) fn scan(inventory: &mut Inventory, at: TimeUs, id: TicketId, direction: Direction, nonce: u64) -> Answer {
    let ticket = inventory.tickets.find_mut(id);
    let before = ticket.state;
    ticket.state = match (direction, before) {
        (Direction::Entry, TicketState::Issued | TicketState::CheckedOut) => TicketState::CheckedIn,
        (Direction::Exit, TicketState::CheckedIn) => TicketState::CheckedOut,
        (direction, state) => unreachable!("no {direction:?} of a ticket that is {}", state.name()),
    };
    let forgotten = ticket.remember_scan(Scan { nonce, direction, at });
    inventory.presence.follow(&inventory.layout, ticket, before);
    if let (Some(door), Some(forgotten)) = (&mut inventory.door, forgotten) {
        door.forget(id, forgotten);
    }
    Answer::TicketScanned { ticket: id, direction, at }
}

pub(super) fn at_door(inventory: &mut Inventory, change: &DoorChange) -> Answer {
    // Before a scan is remembered: it may be the one by which another is forgotten.
    door(inventory);
    match *change {
        DoorChange::ScanQueued { ticket, direction, nonce, scanned_at, forced: _ } => {
            scan(inventory, scanned_at, ticket, direction, nonce)
        }
        DoorChange::ScanConflicted { ticket, nonce, scanned_at, reason, direction: _, forced: _ } => {
            let conflict = Conflict { nonce, reason, at: scanned_at };
            door(inventory).conflict(ticket, conflict);
            conflict.answer(ticket)
        }
        DoorChange::ScanUndone { ticket, nonce, reason: _ } => undo(inventory, ticket, nonce),
    }
}

/// Begins it where there is none.
pub(super) fn door(inventory: &mut Inventory) -> &mut Door {
    inventory.door.get_or_insert_default()
}

fn undo(inventory: &mut Inventory, id: TicketId, nonce: u64) -> Answer {
    let ticket = inventory.tickets.find_mut(id);
    let before = ticket.state;
    let last = ticket.scans.pop().filter(|scan| scan.nonce == nonce);
    let scan = last.expect("only the last scan is undone");
    ticket.state = match scan.direction {
        Direction::Exit => TicketState::CheckedIn,
        // More are remembered than can be undone: where none is left, none was forgotten.
        Direction::Entry if ticket.scans.is_empty() => TicketState::Issued,
        Direction::Entry => TicketState::CheckedOut,
    };
    inventory.presence.follow(&inventory.layout, ticket, before);
    door(inventory).undo(id, scan);
    Answer::ScanUndone { ticket: id, direction: scan.direction, at: scan.at }
}

/// The place stays sold: it goes back with a refund.
pub(super) fn void(inventory: &mut Inventory, id: TicketId) -> Answer {
    let ticket = inventory.tickets.find_mut(id);
    assert_eq!(ticket.state, TicketState::Issued, "only unused tickets are voided");
    ticket.state = TicketState::Voided;
    Answer::TicketVoided { ticket: id }
}

pub(super) fn transfer(inventory: &mut Inventory, id: TicketId, to: UserId, generation: u32) -> Answer {
    let ticket = inventory.tickets.find_mut(id);
    assert_eq!(ticket.state, TicketState::Issued, "only unused tickets are transferred");
    assert_eq!(generation, ticket.generation + 1, "generations grow by one");
    ticket.holder = to;
    ticket.generation = generation;
    Answer::TicketTransferred { ticket: id, generation }
}
