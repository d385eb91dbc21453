use inventory::{Leaver, UserId, Verb, WaitlistSettings, WaitlistView, Wish};

use super::{Caller, EventHandle, Outcome};
use crate::Unavailable;

/// The waitlist.
impl EventHandle {
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn waitlist(&self) -> Result<WaitlistView, Unavailable> {
        self.view(inventory::Inventory::waitlist).await
    }

    pub async fn set_waitlist(&self, caller: Caller, settings: WaitlistSettings) -> Outcome {
        self.ask(caller, Verb::SetWaitlist(settings)).await
    }

    pub async fn join_waitlist(&self, caller: Caller, wish: Wish) -> Outcome {
        self.ask(caller, Verb::JoinWaitlist { customer: caller.user, wish }).await
    }

    /// Whoever has no entry is answered the same; an offer is given back.
    pub async fn leave_waitlist(&self, caller: Caller) -> Outcome {
        self.ask(caller, Verb::LeaveWaitlist(Leaver::Customer(caller.user))).await
    }

    /// For the organizer.
    pub async fn remove_from_waitlist(&self, caller: Caller, customer: UserId) -> Outcome {
        self.ask(caller, Verb::LeaveWaitlist(Leaver::Removed(customer))).await
    }
}
