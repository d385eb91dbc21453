use std::sync::Arc;

use inventory::{BoxOfficeSale, HoldId, PlacedHold, TimeUs, UserId, Verb};

use super::{Caller, EventHandle, Outcome};
use crate::Unavailable;

/// The box office.
impl EventHandle {
    /// Live holds of the customer and when they were placed, by ascending id behind `after`.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn holds_of(
        &self,
        customer: UserId,
        after: Option<HoldId>,
        count: usize,
    ) -> Result<Vec<(Arc<PlacedHold>, TimeUs)>, Unavailable> {
        self.view(move |inventory| inventory.holds_of(customer, after, count)).await
    }

    /// A hold that is not the caller's own. Who may, is the caller's rule.
    pub async fn release_hold_of(&self, caller: Caller, hold: HoldId, customer: UserId) -> Outcome {
        self.ask(caller, Verb::ReleaseHold { hold, customer }).await
    }

    pub async fn sell_at_box_office(&self, caller: Caller, sale: BoxOfficeSale) -> Outcome {
        self.ask(caller, Verb::SellAtBoxOffice(Box::new(sale))).await
    }
}
