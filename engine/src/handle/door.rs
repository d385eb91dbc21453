use inventory::{Inventory, PartHeadcount, TicketId, UndoReason, Verb};

use super::{Caller, EventHandle, Outcome};
use crate::Unavailable;

impl EventHandle {
    /// Who is inside, by tier and part of the house.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn headcounts(&self) -> Result<Vec<PartHeadcount>, Unavailable> {
        self.view(Inventory::headcounts).await
    }

    /// The ticket's last scan, by its nonce.
    pub async fn undo_scan(&self, caller: Caller, ticket: TicketId, nonce: u64, reason: UndoReason) -> Outcome {
        self.ask(caller, Verb::UndoScan { ticket, nonce, reason }).await
    }
}
