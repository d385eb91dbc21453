//! The door: scans in and out, voids, transfers.

use super::{Reference, Ticket, TicketState};
use crate::{Answer, Direction, RefusedScan, Rejection, ScanTicket, TicketId, TimeUs, UserId, limits};

impl Reference {
    /// What an accepted scan with the same nonce was answered.
    pub(super) fn scan_repeated(&self, scan: &ScanTicket) -> Option<Answer> {
        let ticket = self.tickets.iter().find(|ticket| ticket.id == scan.ticket)?;
        let known = ticket.nonces.iter().find(|(nonce, _)| *nonce == scan.nonce)?;
        Some(known.1.clone())
    }

    pub(super) fn scan_ticket(&mut self, now: TimeUs, scan: &ScanTicket) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let policy = self.policy.clone();
        let ticket = self.ticket(scan.ticket)?;
        let too_early = policy.doors_from.filter(|opens_at| now < *opens_at);
        let refused = if scan.generation > ticket.generation {
            Some(RefusedScan::Invalid)
        } else if ticket.state == TicketState::Voided {
            Some(RefusedScan::Canceled)
        } else if scan.generation < ticket.generation {
            Some(RefusedScan::Revoked)
        } else if let (Direction::Entry, Some(opens_at)) = (scan.direction, too_early) {
            Some(RefusedScan::InvalidTime { opens_at })
        } else {
            match (scan.direction, ticket.state) {
                (Direction::Entry, TicketState::CheckedIn) => {
                    Some(RefusedScan::AlreadyRedeemed { at: ticket.scanned_at.unwrap_or(now) })
                }
                (Direction::Entry, TicketState::CheckedOut) if !policy.reentry => Some(RefusedScan::NoReentry),
                (Direction::Exit, state) if state != TicketState::CheckedIn => Some(RefusedScan::NotInside),
                _ => None,
            }
        };
        if let Some(refused) = refused {
            return Err(Rejection::ScanRefused(refused));
        }
        ticket.state = match scan.direction {
            Direction::Entry => TicketState::CheckedIn,
            Direction::Exit => TicketState::CheckedOut,
        };
        ticket.scanned_at = Some(now);
        let answer = Answer::TicketScanned { ticket: scan.ticket, direction: scan.direction, at: now };
        ticket.nonces.push((scan.nonce, answer.clone()));
        if ticket.nonces.len() > limits::NONCES_PER_TICKET_MAX {
            ticket.nonces.remove(0);
        }
        Ok(answer)
    }

    pub(super) fn void_ticket(&mut self, id: TicketId) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let ticket = self.ticket(id)?;
        must_be_unused(ticket)?;
        ticket.state = TicketState::Voided;
        Ok(Answer::TicketVoided { ticket: id })
    }

    pub(super) fn transfer_ticket(&mut self, id: TicketId, from: UserId, to: UserId) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let ticket = self.ticket(id)?;
        if ticket.holder != from {
            return Err(Rejection::TicketNotFound);
        }
        must_be_unused(ticket)?;
        ticket.holder = to;
        ticket.generation += 1;
        Ok(Answer::TicketTransferred { ticket: id, generation: ticket.generation })
    }

    fn ticket(&mut self, id: TicketId) -> Result<&mut Ticket, Rejection> {
        self.tickets.iter_mut().find(|ticket| ticket.id == id).ok_or(Rejection::TicketNotFound)
    }
}

fn must_be_unused(ticket: &Ticket) -> Result<(), Rejection> {
    match ticket.state {
        TicketState::Voided => Err(Rejection::TicketVoid),
        TicketState::CheckedIn | TicketState::CheckedOut => Err(Rejection::TicketUsed),
        TicketState::Issued => Ok(()),
    }
}
