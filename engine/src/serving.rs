//! When those who wait for places are to be asked for: whenever something may have become free for them.

use inventory::{Change, Inventory, WaitlistChange};

/// Offers in one turn. What is left is kept for the list, and goes on with the next turn.
pub(crate) const OFFERS_PER_TURN_MAX: usize = 16;

pub(crate) struct Serving {
    is_stirred: bool,
}

impl Serving {
    /// Whoever owned the event before may have stopped between what freed something and the offer.
    pub(crate) fn new(inventory: &Inventory) -> Self {
        Self { is_stirred: inventory.has_waiters() }
    }

    /// Call it right after the change was applied.
    pub(crate) fn look(&mut self, inventory: &Inventory, change: &Change) {
        self.is_stirred = (self.is_stirred || may_serve(change)) && inventory.has_waiters();
    }

    /// Time has passed: a tier may have come on sale.
    pub(crate) fn stir(&mut self, inventory: &Inventory) {
        self.is_stirred = inventory.has_waiters();
    }

    pub(crate) const fn is_due(&self) -> bool {
        self.is_stirred
    }

    /// Nobody can be served now.
    pub(crate) const fn settle(&mut self) {
        self.is_stirred = false;
    }
}

/// Whether the change may have freed something, or brought somebody whom it fits.
const fn may_serve(change: &Change) -> bool {
    match change {
        Change::HoldReleased { .. }
        | Change::HoldsExpired { .. }
        | Change::OrderCancelled { .. }
        | Change::OrderRefunded { .. }
        | Change::OrderRefundedToWallet { .. }
        | Change::PaymentRefused { .. }
        | Change::BlockSet { .. }
        | Change::TierSet(_)
        | Change::TierSetInFull(_)
        | Change::TierSetWithRefundSteps(_)
        | Change::PolicySet(_)
        | Change::PolicySetInFull(_)
        | Change::Published
        | Change::Waitlist(WaitlistChange::Set(_) | WaitlistChange::Joined { .. } | WaitlistChange::Ended { .. }) => {
            true
        }
        Change::SeatMapSet(_)
        | Change::EventCancelled
        | Change::HoldPlaced(_)
        | Change::HoldPlacedByCode(_)
        | Change::HoldPlacedAtDiscount(_)
        | Change::HoldPlacedAtBoxOffice(_)
        | Change::BoxOfficeSold(_)
        | Change::HoldExtended { .. }
        | Change::OrderPlaced { .. }
        | Change::OrderPaid { .. }
        | Change::PaymentStarted { .. }
        | Change::PaymentDeclined { .. }
        | Change::TicketScanned { .. }
        | Change::TicketVoided { .. }
        | Change::TicketTransferred { .. }
        | Change::Line(_)
        | Change::AccessCodeSet(_)
        | Change::DiscountCodeSet(_)
        | Change::Door(_)
        | Change::Waitlist(WaitlistChange::Offered { .. } | WaitlistChange::Closed { .. }) => false,
    }
}
