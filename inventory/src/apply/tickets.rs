use crate::tickets::{Scan, TicketState};
use crate::{Answer, Direction, Inventory, TicketId, TimeUs, UserId};

pub(super) fn scan(inventory: &mut Inventory, at: TimeUs, id: TicketId, direction: Direction, nonce: u64) -> Answer {
    let ticket = inventory.tickets.find_mut(id);
    ticket.state = match (direction, ticket.state) {
        (Direction::Entry, TicketState::Issued | TicketState::CheckedOut) => TicketState::CheckedIn,
        (Direction::Exit, TicketState::CheckedIn) => TicketState::CheckedOut,
        (direction, state) => unreachable!("no {direction:?} of a ticket that is {}", state.name()),
    };
    ticket.remember_scan(Scan { nonce, direction, at });
    Answer::TicketScanned { ticket: id, direction, at }
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
