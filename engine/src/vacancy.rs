//! Whether something is left of an event for everybody, told to storage when it changes. Counting it means a pass over
//! tiers and their cells, so it is counted only when enough was taken since to have emptied the largest tier.

use inventory::{Change, Inventory, Reseated, Row, WaitlistChange};

/// Nothing is known before the first record: whoever owned the event before may have stopped between the two.
#[derive(Default)]
pub(crate) struct Vacancy {
    is_sold_out: Option<bool>,
    /// At least so many units are left of one tier.
    left: u32,
}

impl Vacancy {
    pub(crate) const fn is_unknown(&self) -> bool {
        self.is_sold_out.is_none()
    }

    /// Call it right after the change was applied.
    pub(crate) fn look(&mut self, inventory: &Inventory, change: &Change, has_new_layout: bool, rows: &mut Vec<Row>) {
        if !self.may_change(change) && !has_new_layout {
            return;
        }
        self.left = inventory.units_on_offer();
        let is_sold_out = self.left == 0;
        if self.is_sold_out.replace(is_sold_out) != Some(is_sold_out) {
            rows.push(Row::SoldOut { event: inventory.event(), is_sold_out, lsn: inventory.lsn() });
        }
    }

    fn may_change(&mut self, change: &Change) -> bool {
        let Some(is_sold_out) = self.is_sold_out else { return true };
        match change {
            Change::HoldPlaced(hold)
            | Change::HoldPlacedByCode(hold)
            | Change::HoldPlacedAtDiscount(hold)
            | Change::HoldPlacedAtBoxOffice(hold)
            | Change::Waitlist(WaitlistChange::Offered { placed: hold, number: _ }) => {
                self.left = self.left.saturating_sub(hold.units());
                !is_sold_out && self.left == 0
            }
            Change::BoxOfficeSold(sold) if sold.held.is_none() => {
                self.left = self.left.saturating_sub(sold.placed.units());
                !is_sold_out && self.left == 0
            }
            Change::OrderPaid { reseated, .. } => *reseated != Reseated::No && !is_sold_out,
            Change::SeatMapSet(_)
            | Change::TierSet(_)
            | Change::TierSetInFull(_)
            | Change::TierSetWithRefundSteps(_)
            | Change::PolicySet(_)
            | Change::PolicySetInFull(_)
            | Change::BlockSet { .. } => true,
            Change::HoldReleased { .. }
            | Change::HoldsExpired { .. }
            | Change::PaymentDeclined { .. }
            | Change::PaymentRefused { .. }
            | Change::OrderCancelled { .. }
            | Change::OrderRefunded { .. }
            | Change::OrderRefundedToWallet { .. }
            | Change::TicketVoided { .. } => is_sold_out,
            Change::Published
            | Change::EventCancelled
            | Change::HoldExtended { .. }
            | Change::OrderPlaced { .. }
            | Change::PaymentStarted { .. }
            | Change::TicketScanned { .. }
            | Change::TicketTransferred { .. }
            | Change::Line(_)
            | Change::AccessCodeSet(_)
            | Change::DiscountCodeSet(_)
            | Change::Door(_)
            | Change::BoxOfficeSold(_)
            | Change::Waitlist(
                WaitlistChange::Set(_)
                | WaitlistChange::Joined { .. }
                | WaitlistChange::Ended { .. }
                | WaitlistChange::Closed { .. },
            ) => false,
        }
    }
}
