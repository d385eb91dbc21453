use crate::limits::UNDOS_PER_TICKET_MAX;
use crate::{Change, DoorChange, Inventory, Rejection, TicketId, UndoReason};

use super::Decision;

/// What was undone before is not looked at here: [`Inventory::repeat`] knows it. Only the last scan is undone: those before
/// it are what it followed from.
pub(super) fn decide(inventory: &Inventory, id: TicketId, nonce: u64, reason: UndoReason) -> Decision {
    inventory.must_not_be_cancelled()?;
    let ticket = inventory.tickets.find(id).ok_or(Rejection::TicketNotFound)?;
    if ticket.scans.iter().all(|scan| scan.nonce != nonce) {
        return Err(Rejection::ScanNotFound);
    }
    if ticket.last_scan().is_some_and(|last| last.nonce != nonce) {
        return Err(Rejection::ScanNotLast);
    }
    let undone = inventory.door.as_deref().map_or(0, |door| door.undone(id).len());
    if undone >= UNDOS_PER_TICKET_MAX {
        return Err(Rejection::UndosTooMany { max: UNDOS_PER_TICKET_MAX as u32 });
    }
    Ok(Change::Door(DoorChange::ScanUndone { ticket: id, nonce, reason }))
}
