//! The door: scans in and out, voids, transfers.

use super::{Reference, Scan, Ticket, TicketState};
use crate::{Answer, Direction, Place, RefusedScan, Rejection, ScanList, ScanTicket, TicketId, TimeUs, UserId, limits};

impl Reference {
    /// What a scan with the same nonce was answered, unless it was undone.
    pub(super) fn scan_repeated(&self, scan: &ScanTicket) -> Option<Answer> {
        let ticket = self.tickets.iter().find(|ticket| ticket.id == scan.ticket)?;
        let known = ticket.nonces.iter().chain(&ticket.conflicts).find(|(nonce, _)| *nonce == scan.nonce)?;
        Some(known.1.clone())
    }

    pub(super) fn undo_repeated(&self, ticket: TicketId, nonce: u64) -> Option<Answer> {
        let ticket = self.tickets.iter().find(|known| known.id == ticket)?;
        Some(ticket.undone.iter().find(|(known, _)| *known == nonce)?.1.clone())
    }

    /// From now on every entry counts, and of those before it the ones that are remembered.
    pub(super) fn count_entries(&mut self) {
        if std::mem::replace(&mut self.door_counts, true) {
            return;
        }
        for ticket in &mut self.tickets {
            let forgotten = ticket.scans.len() - ticket.nonces.len();
            ticket.scans[..forgotten].iter_mut().for_each(|scan| scan.counts = false);
        }
    }

    pub(super) fn scan_ticket(&mut self, now: TimeUs, scan: &ScanTicket) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let shown_at = scan.queued.map_or(now, |queued| queued.scanned_at.min(now));
        if self.ticket(scan.ticket)?.undone.iter().any(|(nonce, _)| *nonce == scan.nonce) {
            return Err(Rejection::ScanRefused(RefusedScan::Undone));
        }
        let refused = self.scan_refusal(shown_at, scan)?;
        if let Some(refused) = refused {
            let ticket = self.ticket(scan.ticket)?;
            if scan.queued.is_none() || ticket.conflicts.len() == limits::CONFLICTS_PER_TICKET_MAX {
                return Err(Rejection::ScanRefused(refused));
            }
            let answer = Answer::ScanConflicted { ticket: scan.ticket, reason: refused, at: shown_at };
            ticket.conflicts.push((scan.nonce, answer.clone()));
            self.count_entries();
            return Ok(answer);
        }
        if scan.queued.is_some() {
            self.count_entries();
        }
        let ticket = self.ticket(scan.ticket)?;
        ticket.state = match scan.direction {
            Direction::Entry => TicketState::CheckedIn,
            Direction::Exit => TicketState::CheckedOut,
        };
        ticket.scans.push(Scan { direction: scan.direction, at: shown_at, counts: true });
        let answer = Answer::TicketScanned { ticket: scan.ticket, direction: scan.direction, at: shown_at };
        ticket.nonces.push((scan.nonce, answer.clone()));
        if ticket.nonces.len() > limits::NONCES_PER_TICKET_MAX {
            ticket.nonces.remove(0);
        }
        Ok(answer)
    }

    fn scan_refusal(&mut self, shown_at: TimeUs, scan: &ScanTicket) -> Result<Option<RefusedScan>, Rejection> {
        let policy = self.policy.clone();
        let is_forced = scan.queued.is_some_and(|queued| queued.forced);
        let ticket = self.ticket(scan.ticket)?.clone();
        let entries = ticket.scans.iter().filter(|scan| scan.counts && scan.direction == Direction::Entry).count();
        let is_entry = scan.direction == Direction::Entry;
        let off_list = scan.list.as_deref().is_some_and(|list| !self.is_listed(&ticket, list));
        let too_early = policy.doors_from.filter(|opens_at| shown_at < *opens_at);
        Ok(if scan.generation > ticket.generation {
            Some(RefusedScan::Invalid)
        } else if ticket.state == TicketState::Voided {
            Some(RefusedScan::Canceled)
        } else if scan.generation < ticket.generation {
            Some(RefusedScan::Revoked)
        } else if is_entry && off_list && !is_forced {
            Some(RefusedScan::Product)
        } else if let (true, false, Some(opens_at)) = (is_entry, is_forced, too_early) {
            Some(RefusedScan::InvalidTime { opens_at })
        } else if is_entry && ticket.state == TicketState::CheckedIn {
            Some(RefusedScan::AlreadyRedeemed { at: ticket.scans.last().map_or(shown_at, |scan| scan.at) })
        } else if !is_entry && ticket.state != TicketState::CheckedIn {
            Some(RefusedScan::NotInside)
        } else if is_entry && !is_forced && ticket.state == TicketState::CheckedOut && !policy.reentry {
            Some(RefusedScan::NoReentry)
        } else if is_entry
            && !is_forced
            && ticket.state == TicketState::CheckedOut
            && policy.entries_max.is_some_and(|max| entries as u32 >= max)
        {
            Some(RefusedScan::Rules)
        } else {
            None
        })
    }

    fn is_listed(&self, ticket: &Ticket, list: &ScanList) -> bool {
        let Some(map) = &self.map else { return false };
        let part = match ticket.place {
            Place::Seat(seat) => &map.sections[map.seats[seat.ix()].section].id,
            Place::Area { area, .. } => &map.areas[area.ix()].id,
        };
        let tier = self.tiers[ticket.tier.ix()].id;
        (list.tiers.is_empty() || list.tiers.contains(&tier))
            && (list.sections.is_empty() || list.sections.contains(part))
    }

    pub(super) fn undo_scan(&mut self, id: TicketId, nonce: u64) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let ticket = self.ticket(id)?;
        let known = ticket.nonces.iter().position(|(known, _)| *known == nonce).ok_or(Rejection::ScanNotFound)?;
        if known + 1 != ticket.nonces.len() {
            return Err(Rejection::ScanNotLast);
        }
        if ticket.undone.len() == limits::UNDOS_PER_TICKET_MAX {
            return Err(Rejection::UndosTooMany { max: limits::UNDOS_PER_TICKET_MAX as u32 });
        }
        self.count_entries();
        let ticket = self.ticket(id)?;
        ticket.nonces.pop();
        let scan = ticket.scans.pop().ok_or(Rejection::ScanNotFound)?;
        ticket.state = match ticket.scans.last() {
            None => TicketState::Issued,
            Some(Scan { direction: Direction::Entry, .. }) => TicketState::CheckedIn,
            Some(Scan { direction: Direction::Exit, .. }) => TicketState::CheckedOut,
        };
        let answer = Answer::ScanUndone { ticket: id, direction: scan.direction, at: scan.at };
        ticket.undone.push((nonce, answer.clone()));
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
