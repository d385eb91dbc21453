//! What an accepted command is answered with, now and when it is repeated under the same key.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Direction, HoldId, OrderId, PlacedHold, RefusedScan, TicketId, TimeUs};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// Configuration was accepted.
    Configured,
    HoldPlaced(Arc<PlacedHold>),
    HoldExtended {
        hold: HoldId,
        expires_at: TimeUs,
    },
    HoldReleased {
        hold: HoldId,
    },
    HoldsExpired {
        count: u32,
    },
    OrderPlaced {
        order: OrderId,
        expires_at: TimeUs,
    },
    PaymentStarted {
        order: OrderId,
        expires_at: TimeUs,
    },
    PaymentDeclined {
        order: OrderId,
    },
    OrderPaid(Arc<PaidOrder>),
    /// The money came too late and the places are gone: it goes back.
    PaymentRefused {
        order: OrderId,
    },
    OrderCancelled {
        order: OrderId,
    },
    OrderRefunded {
        order: OrderId,
        amount_minor: i64,
    },
    TicketScanned {
        ticket: TicketId,
        direction: Direction,
        at: TimeUs,
    },
    TicketVoided {
        ticket: TicketId,
    },
    TicketTransferred {
        ticket: TicketId,
        generation: u32,
    },
    PreQueueClosed {
        shuffled: u32,
    },
    LineOpened {
        shuffled: u32,
    },
    PlacesCalled {
        /// Ranks below this have been called.
        called: u32,
    },
    SessionStarted {
        serial: u64,
        started_at: TimeUs,
        /// Unless it is renewed.
        until: TimeUs,
    },
    LineLeft,
    /// The ticket is as it was before that scan.
    ScanUndone {
        ticket: TicketId,
        direction: Direction,
        /// Of the scan.
        at: TimeUs,
    },
    /// A queued scan that contradicts what is known: recorded, and the ticket stays as it is.
    ScanConflicted {
        ticket: TicketId,
        reason: RefusedScan,
        /// Of the scan, by the device.
        at: TimeUs,
    },
    WaitlistJoined {
        number: u32,
    },
    WaitlistOffered {
        number: u32,
        hold: HoldId,
    },
    WaitlistLeft,
    WaitlistClosed {
        count: u32,
    },
}

/// Why no more are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub enum CallLimit {
    /// Nobody waits.
    Demand,
    Rate,
    Shoppers,
    Paused,
}

impl CallLimit {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Demand => "demand",
            Self::Rate => "rate",
            Self::Shoppers => "shoppers",
            Self::Paused => "paused",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaidOrder {
    pub order: OrderId,
    pub tickets: Vec<TicketId>,
    /// The places differ from those of the hold.
    pub reseated: bool,
}
