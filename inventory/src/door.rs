//! What the door knows of a ticket beyond its last scans: entries that are forgotten as scans but still count, scans that
//! were undone, and scans of devices that were offline and came too late. It begins with the first rule or change that
//! needs it, and counts from there on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::tickets::{Scan, Ticket};
use crate::{Answer, Direction, RefusedScan, TicketId, TimeUs};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Door {
    tickets: BTreeMap<TicketId, AtDoor>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct AtDoor {
    entries_forgotten: u32,
    /// At most [`crate::limits::UNDOS_PER_TICKET_MAX`].
    undone: Vec<Scan>,
    /// At most [`crate::limits::CONFLICTS_PER_TICKET_MAX`].
    conflicts: Vec<Conflict>,
}

/// A queued scan that was refused.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Conflict {
    pub nonce: u64,
    pub reason: RefusedScan,
    /// By the device.
    pub at: TimeUs,
}

impl Conflict {
    pub const fn answer(&self, ticket: TicketId) -> Answer {
        Answer::ScanConflicted { ticket, reason: self.reason, at: self.at }
    }
}

impl Door {
    /// Entries of the ticket that count for [`crate::Policy::entries_max`].
    pub fn entries(&self, ticket: &Ticket) -> u32 {
        let remembered = ticket.scans.iter().filter(|scan| scan.direction == Direction::Entry).count() as u32;
        remembered + self.tickets.get(&ticket.id).map_or(0, |known| known.entries_forgotten)
    }

    /// The oldest scan of a ticket made way for a newer one.
    pub fn forget(&mut self, ticket: TicketId, scan: Scan) {
        if scan.direction == Direction::Entry {
            self.tickets.entry(ticket).or_default().entries_forgotten += 1;
        }
    }

    pub fn undone(&self, ticket: TicketId) -> &[Scan] {
        self.tickets.get(&ticket).map_or(&[], |known| &known.undone)
    }

    pub fn conflicts(&self, ticket: TicketId) -> &[Conflict] {
        self.tickets.get(&ticket).map_or(&[], |known| &known.conflicts)
    }

    pub fn undo(&mut self, ticket: TicketId, scan: Scan) {
        self.tickets.entry(ticket).or_default().undone.push(scan);
    }

    pub fn conflict(&mut self, ticket: TicketId, conflict: Conflict) {
        self.tickets.entry(ticket).or_default().conflicts.push(conflict);
    }
}
