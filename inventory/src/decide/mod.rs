//! One file per verb: what it asks of the state, and the change or the refusal that follows. Nothing here changes
//! anything. Keys are not looked at: whoever calls has asked [`Inventory::repeat`] first.

mod box_office;
mod call_places;
mod cancel_order;
mod close_waitlist;
mod configure;
mod discount;
mod expire_holds;
mod extend_hold;
mod join_waitlist;
mod leave_line;
mod leave_waitlist;
mod limits;
mod open_line;
mod place_hold;
mod place_order;
mod price_steps;
mod refund_order;
mod release_hold;
mod reseat;
mod scan_ticket;
mod serve_waitlist;
mod set_waiting_room;
mod set_waitlist;
mod settle_payment;
mod shortage;
mod start_payment;
mod start_session;
#[cfg(test)]
mod tests;
mod transfer_ticket;
mod undo_scan;
mod void_ticket;

use crate::holds::{End, Found, Hold};
use crate::line::Line;
use crate::orders::{Order, OrderStatus};
use crate::{Change, Command, HoldId, Inventory, OrderId, Phase, Rejection, TimeUs, UserId, Verb};

type Decision = Result<Change, Rejection>;

impl Inventory {
    /// The change that the command would make now. Does not look at keys: ask [`Inventory::repeat`] first.
    ///
    /// # Errors
    /// The first [`Rejection`] in order of precedence.
    pub fn decide(&self, now: TimeUs, command: &Command) -> Decision {
        match &command.verb {
            Verb::SetSeatMap(spec) => configure::set_seat_map(self, spec),
            Verb::SetTier(spec) => configure::set_tier(self, spec),
            Verb::PatchTier { tier, patch } => configure::patch_tier(self, *tier, patch),
            Verb::DeleteTier { tier } => configure::delete_tier(self, *tier),
            Verb::SetAccessCode(spec) => configure::set_access_code(self, spec),
            Verb::SetPolicy(policy) => configure::set_policy(self, policy),
            Verb::PatchPolicy(patch) => configure::set_policy(self, &patch.over(self.layout.policy())),
            Verb::Publish => configure::publish(self),
            Verb::CancelEvent { only_unsold } => configure::cancel_event(self, *only_unsold),
            Verb::SetBlock { block, withheld } => configure::set_block(self, block, *withheld),
            Verb::PlaceHold(wanted) => place_hold::decide(self, now, wanted),
            Verb::ExtendHold { hold, customer } => extend_hold::decide(self, now, *hold, *customer),
            Verb::ReleaseHold { hold, customer } => release_hold::decide(self, now, *hold, *customer),
            Verb::ExpireHolds => Ok(expire_holds::decide(self, now)),
            Verb::PlaceOrder(wanted) => place_order::decide(self, now, wanted),
            Verb::StartPayment { order, customer, payment } => {
                start_payment::decide(self, now, *order, *customer, *payment)
            }
            Verb::SettlePayment(settled) => settle_payment::decide(self, now, settled),
            Verb::CancelOrder { order, customer } => cancel_order::decide(self, now, *order, *customer),
            Verb::RefundOrder(wanted) => refund_order::decide(self, now, wanted),
            Verb::ScanTicket(scan) => scan_ticket::decide(self, now, scan),
            Verb::VoidTicket { ticket } => void_ticket::decide(self, *ticket),
            Verb::TransferTicket { ticket, from, to } => transfer_ticket::decide(self, *ticket, *from, *to),
            Verb::SetWaitingRoom { settings, key } => set_waiting_room::decide(self, now, settings, *key),
            Verb::OpenLine { round, joined, beacon_value } => {
                open_line::decide(self, now, *round, *joined, beacon_value.as_deref())
            }
            Verb::CallPlaces { round, joined, rate_per_min } => {
                call_places::decide(self, now, *round, *joined, *rate_per_min)
            }
            Verb::StartSession { user, entry } => start_session::decide(self, now, *user, *entry),
            Verb::LeaveLine { user, round, number } => leave_line::decide(self, now, *user, *round, *number),
            Verb::UndoScan { ticket, nonce, reason } => undo_scan::decide(self, *ticket, *nonce, *reason),
            Verb::SetDiscountCode(spec) => configure::set_discount_code(self, spec),
            Verb::SellAtBoxOffice(sale) => box_office::sell(self, now, sale),
            Verb::SetWaitlist(settings) => set_waitlist::decide(self, now, settings),
            Verb::JoinWaitlist { customer, wish } => join_waitlist::decide(self, now, *customer, *wish),
            Verb::LeaveWaitlist(leaver) => leave_waitlist::decide(self, now, *leaver),
            Verb::ServeWaitlist => serve_waitlist::decide(self, now),
            Verb::CloseWaitlist => close_waitlist::decide(self, now),
        }
    }

    fn must_not_be_cancelled(&self) -> Result<(), Rejection> {
        match self.phase {
            Phase::Cancelled => Err(Rejection::EventCancelled),
            Phase::Draft | Phase::Published => Ok(()),
        }
    }

    fn must_be_on_sale(&self) -> Result<(), Rejection> {
        match self.phase {
            Phase::Cancelled => Err(Rejection::EventCancelled),
            Phase::Draft => Err(Rejection::EventNotPublished),
            Phase::Published => Ok(()),
        }
    }

    /// The line, while holds need a session.
    fn active_line(&self) -> Result<&Line, Rejection> {
        self.must_not_be_cancelled()?;
        self.line.as_deref().filter(|line| line.settings.active).ok_or(Rejection::RoomOff)
    }

    /// The line, if it is the one that is meant.
    fn line_of(&self, round: u32) -> Result<&Line, Rejection> {
        let line = self.active_line()?;
        if line.round == round { Ok(line) } else { Err(Rejection::LineBeganAnew) }
    }

    fn must_be_inside(&self, now: TimeUs, customer: UserId) -> Result<(), Rejection> {
        let Some(line) = &self.line else { return Ok(()) };
        if !line.settings.active || line.sessions.live(now, customer).is_some() {
            return Ok(());
        }
        Err(Rejection::QueueRequired)
    }

    /// The customer's live hold. One that is due counts as expired, whether or not its seats have been freed.
    fn own_hold(&self, now: TimeUs, hold: HoldId, customer: UserId) -> Result<&Hold, Rejection> {
        match self.holds.find(hold) {
            Some(Found::Live(_, hold)) if hold.placed.customer == customer => {
                if hold.expires_at <= now {
                    Err(Rejection::HoldExpired)
                } else {
                    Ok(hold)
                }
            }
            Some(Found::Ended(ended)) if ended.customer == customer => Err(match ended.end {
                End::Released => Rejection::HoldReleased,
                End::Expired => Rejection::HoldExpired,
                End::Confirmed => Rejection::HoldConfirmed,
            }),
            Some(_) | None => Err(Rejection::HoldNotFound),
        }
    }

    fn own_order(&self, order: OrderId, customer: UserId) -> Result<&Order, Rejection> {
        match self.orders.find(order) {
            Some((_, order)) if order.placed.customer == customer => Ok(order),
            Some(_) | None => Err(Rejection::OrderNotFound),
        }
    }

    /// The status that the order has at `now`: pending ones expire with their hold.
    fn status_at(&self, now: TimeUs, order: &Order) -> OrderStatus {
        match order.status {
            OrderStatus::PendingPayment if order.expires_at <= now => OrderStatus::Expired,
            status => status,
        }
    }

    fn must_be_pending(&self, now: TimeUs, order: &Order, next: OrderStatus) -> Result<(), Rejection> {
        match self.status_at(now, order) {
            OrderStatus::PendingPayment => Ok(()),
            status => Err(Rejection::OrderTransition { from: status.name(), to: next.name() }),
        }
    }
}
