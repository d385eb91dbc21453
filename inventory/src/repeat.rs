//! Commands that were carried out before. Some say so by a key, some by what they are.

use std::sync::Arc;

use crate::apply::paid_order;
use crate::holds::{End, Found};
use crate::{
    Answer, Command, HoldId, Inventory, Leaver, PaymentOutcome, Rejection, ScanTicket, SettlePayment, TicketId, TimeUs,
    UserId, Verb,
};

impl Inventory {
    /// The answer to a command that repeats an earlier one: by its key; a scan and its undoing by its nonce; a payment by its id; the
    /// release of the caller's own released hold; a session that is live; leaving where one is not, the waitlist too. `None`: the command is new, and [`Inventory::decide`] has the word.
    /// Ask this first, always.
    pub fn repeat(&self, now: TimeUs, command: &Command) -> Option<Result<Answer, Rejection>> {
        if let Some(answer) = self.answer_to_key(now, &command.origin) {
            return Some(answer);
        }
        match &command.verb {
            Verb::ScanTicket(scan) => self.scanned(scan).map(Ok),
            Verb::SettlePayment(settled) => self.settled(settled).map(Ok),
            Verb::ReleaseHold { hold, customer } => self.released(*hold, *customer).map(Ok),
            Verb::StartSession { user, entry: _ } => self.session_answer(now, *user).map(Ok),
            Verb::LeaveLine { user, round, number } => {
                self.has_left(now, *user, *round, *number).then_some(Ok(Answer::LineLeft))
            }
            Verb::UndoScan { ticket, nonce, reason: _ } => self.undone(*ticket, *nonce).map(Ok),
            Verb::LeaveWaitlist(Leaver::Customer(customer)) => {
                let entry = self.waitlist.as_deref().and_then(|list| list.of_customer(*customer));
                entry.is_none().then_some(Ok(Answer::WaitlistLeft))
            }
            Verb::SetSeatMap(_)
            | Verb::SetTier(_)
            | Verb::PatchTier { .. }
            | Verb::DeleteTier { .. }
            | Verb::SetAccessCode(_)
            | Verb::SetDiscountCode(_)
            | Verb::SellAtBoxOffice(_)
            | Verb::SetPolicy(_)
            | Verb::PatchPolicy(_)
            | Verb::Publish
            | Verb::CancelEvent { .. }
            | Verb::SetBlock { .. }
            | Verb::PlaceHold(_)
            | Verb::ExtendHold { .. }
            | Verb::ExpireHolds
            | Verb::PlaceOrder(_)
            | Verb::StartPayment { .. }
            | Verb::CancelOrder { .. }
            | Verb::RefundOrder { .. }
            | Verb::VoidTicket { .. }
            | Verb::TransferTicket { .. }
            | Verb::SetWaitingRoom { .. }
            | Verb::OpenLine { .. }
            | Verb::CallPlaces { .. }
            | Verb::SetWaitlist(_)
            | Verb::JoinWaitlist { .. }
            | Verb::LeaveWaitlist(Leaver::Removed(_))
            | Verb::ServeWaitlist
            | Verb::CloseWaitlist => None,
        }
    }

    /// The same nonce on the same ticket is the same scan, if it is among the last few.
    fn scanned(&self, scan: &ScanTicket) -> Option<Answer> {
        let ticket = self.tickets.find(scan.ticket)?;
        if let Some(seen) = ticket.scans.iter().find(|seen| seen.nonce == scan.nonce) {
            return Some(Answer::TicketScanned { ticket: scan.ticket, direction: seen.direction, at: seen.at });
        }
        let conflicts = self.door.as_deref()?.conflicts(scan.ticket);
        Some(conflicts.iter().find(|conflict| conflict.nonce == scan.nonce)?.answer(scan.ticket))
    }

    fn undone(&self, ticket: TicketId, nonce: u64) -> Option<Answer> {
        let undone = self.door.as_deref()?.undone(ticket);
        let scan = undone.iter().find(|scan| scan.nonce == nonce)?;
        Some(Answer::ScanUndone { ticket, direction: scan.direction, at: scan.at })
    }

    fn settled(&self, settled: &SettlePayment) -> Option<Answer> {
        let (index, order) = self.orders.find(settled.order)?;
        match settled.outcome {
            PaymentOutcome::Declined => None,
            PaymentOutcome::Paid { .. } if order.paid_by == Some(settled.payment) => {
                Some(Answer::OrderPaid(Arc::new(paid_order(self, index))))
            }
            PaymentOutcome::Paid { .. } => {
                order.refused.contains(&settled.payment).then_some(Answer::PaymentRefused { order: settled.order })
            }
        }
    }

    fn released(&self, hold: HoldId, customer: UserId) -> Option<Answer> {
        match self.holds.find(hold)? {
            Found::Ended(ended) if ended.customer == customer && ended.end == End::Released => {
                Some(Answer::HoldReleased { hold })
            }
            Found::Ended(_) | Found::Live(..) => None,
        }
    }
}
