use crate::tickets::TicketState;
use crate::{Change, Inventory, Rejection, TicketId};

use super::Decision;

pub(super) fn decide(inventory: &Inventory, id: TicketId) -> Decision {
    inventory.must_not_be_cancelled()?;
    let ticket = inventory.tickets.find(id).ok_or(Rejection::TicketNotFound)?;
    match ticket.state {
        TicketState::Issued => Ok(Change::TicketVoided { ticket: id }),
        TicketState::Voided => Err(Rejection::TicketVoid),
        TicketState::CheckedIn | TicketState::CheckedOut => Err(Rejection::TicketUsed),
    }
}
