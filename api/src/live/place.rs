use bytes::Bytes;
use inventory::{LineView, TimeUs};
use wire::{LiveFrame, LivePlace};

use super::frame;
use crate::line::tokens::PlaceTicket;
use crate::time;

/// A place in line that a socket follows.
pub struct Followed {
    ticket: PlaceTicket,
    told: Option<LivePlace>,
}

impl Followed {
    pub const fn new(ticket: PlaceTicket) -> Self {
        Self { ticket, told: None }
    }

    /// What its waiter does not know yet. A place of an earlier round of the room stands nowhere, and is not told.
    pub fn news(&mut self, line: &LineView, now: TimeUs) -> Option<Bytes> {
        if self.ticket.round != line.round {
            return None;
        }
        let rank = line.rank(self.ticket.number);
        let claim_by = rank.and_then(|rank| line.claim_by(now, rank)).map(time::utc);
        let place = LivePlace { number: self.ticket.number, rank, claim_by };
        if self.told.as_ref() == Some(&place) {
            return None;
        }
        let frame = frame::text(&LiveFrame::Place(place.clone()));
        self.told = Some(place);
        Some(frame)
    }
}
