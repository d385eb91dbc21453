use crate::tickets::TicketState;
use crate::{Change, Inventory, Rejection, TicketId, UserId};

use super::Decision;

/// Somebody else's ticket is not found.
pub(super) fn decide(inventory: &Inventory, id: TicketId, from: UserId, to: UserId) -> Decision {
    inventory.must_not_be_cancelled()?;
    let ticket = inventory.tickets.find(id).filter(|ticket| ticket.holder == from);
    let ticket = ticket.ok_or(Rejection::TicketNotFound)?;
    match ticket.state {
        TicketState::Issued => Ok(Change::TicketTransferred { ticket: id, to, generation: ticket.generation + 1 }),
        TicketState::Voided => Err(Rejection::TicketVoid),
        TicketState::CheckedIn | TicketState::CheckedOut => Err(Rejection::TicketUsed),
    }
}
