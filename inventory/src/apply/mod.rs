//! Makes a journaled change. Cannot fail: what a change may be was decided, and a record that does not follow from the
//! state is a bug or damage, at which these assertions stop.

mod box_office;
mod configure;
mod holds;
mod line;
mod orders;
mod places;
mod tickets;
mod waitlist;

pub(crate) use orders::paid_order;
pub(crate) use places::take;

use crate::keys::Answered;
use crate::{Answer, Change, Inventory, Record};

impl Inventory {
    /// Makes the change and gives the answer to whoever asked for it.
    ///
    /// # Panics
    /// When the record is not the next one, or does not follow from the state.
    pub fn apply(&mut self, record: &Record) -> Answer {
        assert_eq!(record.lsn, self.lsn.next(), "changes are applied in order, without gaps");
        self.lsn = record.lsn;
        if let Some(list) = &mut self.waitlist {
            list.news.clear();
        }
        let answer = self.make(record);
        if self.line.is_some() {
            line::follow(self, record);
        }
        if self.waitlist.is_some() {
            waitlist::follow(self, record);
        }
        if let Some(key) = record.origin.key {
            self.keys.insert(Answered { key, answer: answer.clone(), lsn: record.lsn, at: record.at });
        }
        answer
    }

    fn make(&mut self, record: &Record) -> Answer {
        let at = record.at;
        match &record.change {
            Change::SeatMapSet(spec) => configure::set_seat_map(self, spec),
            Change::TierSet(spec) | Change::TierSetInFull(spec) | Change::TierSetWithRefundSteps(spec) => {
                configure::set_tier(self, spec)
            }
            Change::PolicySet(policy) | Change::PolicySetInFull(policy) => configure::set_policy(self, policy),
            Change::Published => configure::publish(self),
            Change::EventCancelled => configure::cancel_event(self),
            Change::BlockSet { block, withheld } => configure::set_block(self, block, *withheld),
            Change::HoldPlaced(placed) | Change::HoldPlacedByCode(placed) | Change::HoldPlacedAtDiscount(placed) => {
                holds::place(self, at, placed)
            }
            Change::HoldExtended { hold, expires_at } => holds::extend(self, *hold, *expires_at),
            Change::HoldReleased { hold } => holds::release(self, *hold),
            Change::HoldsExpired { holds } => holds::expire(self, holds),
            Change::OrderPlaced { order, hold, customer: _, accept_other_seats } => {
                orders::place(self, at, *order, *hold, *accept_other_seats)
            }
            Change::PaymentStarted { order, payment: _, expires_at } => orders::start(self, *order, *expires_at),
            Change::PaymentDeclined { order, payment: _ } => Answer::PaymentDeclined { order: *order },
            Change::OrderPaid { order, payment, amount_minor: _, entropy, reseated } => {
                orders::pay(self, at, *order, *payment, *entropy, reseated)
            }
            Change::PaymentRefused { order, payment, amount_minor: _ } => orders::refuse(self, *order, *payment),
            Change::OrderCancelled { order } => orders::cancel(self, *order),
            Change::OrderRefunded { order, tickets, amount_minor }
            | Change::OrderRefundedToWallet { order, tickets, amount_minor } => {
                orders::refund(self, *order, tickets, *amount_minor)
            }
            Change::TicketScanned { ticket, direction, nonce } => tickets::scan(self, at, *ticket, *direction, *nonce),
            Change::TicketVoided { ticket } => tickets::void(self, *ticket),
            Change::TicketTransferred { ticket, to, generation } => tickets::transfer(self, *ticket, *to, *generation),
            Change::Line(change) => line::make(self, at, change),
            Change::AccessCodeSet(spec) => configure::set_access_code(self, spec),
            Change::Door(change) => tickets::at_door(self, change),
            Change::DiscountCodeSet(spec) => configure::set_discount_code(self, spec),
            Change::HoldPlacedAtBoxOffice(placed) => box_office::place(self, at, placed),
            Change::BoxOfficeSold(sold) => box_office::sell(self, at, sold),
            Change::Waitlist(change) => waitlist::make(self, at, change),
        }
    }
}
