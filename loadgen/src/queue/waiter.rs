//! One account in line: what it was told at each answer, and the moments that the judge compares.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;
use wire::{Place, PlaceState};

use crate::account::Account;
use crate::mix::Intent;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Buyer,
    /// Leaves without buying.
    Leaver,
    /// Many bots on one account that buy what they can.
    Hoarder,
    /// Many bots on one account that hold and never buy.
    Squatter,
}

/// How a waiter learns that it is his turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the numbers that are pushed to all, by subtraction.
    Pushed,
    /// Asks again when the estimate has run out.
    Polling,
    /// By a frame on his own socket.
    Socket,
}

pub struct Waiter {
    pub index: u32,
    pub account: Arc<Account>,
    pub kind: Kind,
    pub way: Way,
    pub is_early: bool,
    pub intent: Intent,
    seen: Mutex<Seen>,
}

#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub number: Option<u32>,
    pub rank: Option<u32>,
    pub ticket: Option<String>,
    /// When the first join was sent, and answered.
    pub joined: Option<(Instant, Instant)>,
    pub promise: Option<Promise>,
    pub admitted_at: Option<Instant>,
    pub end: Option<End>,
}

/// The first estimate that was told.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
    pub at: Instant,
    pub eta_s: u32,
    pub rate_per_minute: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Bought,
    Left,
    /// Was let in when too few places were left.
    SoldOut,
    /// Was let in and got nothing.
    Refused,
    /// Was called, and came too late.
    Lapsed,
    /// No final answer.
    Unknown,
}

/// One answer about a rank: asked and answered at these moments.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    pub asked: Instant,
    pub answered: Instant,
    pub rank: u32,
    pub is_admitted: bool,
}

impl Kind {
    pub const fn is_bot(self) -> bool {
        matches!(self, Self::Hoarder | Self::Squatter)
    }
}

impl Waiter {
    pub fn new(index: u32, account: Arc<Account>, kind: Kind, way: Way, is_early: bool, intent: Intent) -> Self {
        Self { index, account, kind, way, is_early, intent, seen: Mutex::default() }
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in an answer. Gives what it says about a rank, or what cannot be true about it.
    pub fn told(&self, place: &Place, asked: Instant, answered: Instant) -> (Option<Told>, Option<String>) {
        let mut seen = self.seen();
        let mut fault = None;
        let mut keep = |what: &str, was: Option<u32>, is: Option<u32>| {
            let is_other = was.is_some() && is.is_some() && was != is;
            if is_other {
                fault = Some(format!("waiter {}: {what} {was:?} became {is:?}", self.index));
            }
            was.or(is)
        };
        seen.number = keep("number", seen.number, place.number);
        seen.rank = keep("rank", seen.rank, place.rank);
        seen.joined.get_or_insert((asked, answered));
        if seen.ticket.is_none() {
            seen.ticket.clone_from(&place.place_ticket);
        }
        if let (None, PlaceState::Waiting, Some(eta_s)) = (seen.promise, place.state, place.eta_s) {
            seen.promise = Some(Promise { at: answered, eta_s, rate_per_minute: place.room.rate_per_minute });
        }
        let is_admitted = place.state == PlaceState::Admitted;
        if is_admitted {
            seen.admitted_at.get_or_insert(answered);
        }
        let counts = is_admitted || place.state == PlaceState::Waiting;
        let told = seen.rank.filter(|_| counts).map(|rank| Told { asked, answered, rank, is_admitted });
        if let (Some(rank), Some(position), PlaceState::Waiting) = (place.rank, place.position, place.state)
            && position != rank.saturating_sub(place.room.called)
        {
            let called = place.room.called;
            fault = Some(format!("waiter {}: rank {rank}, {called} called, position {position}", self.index));
        }
        (told, fault)
    }

    pub fn ends(&self, end: End) {
        self.seen().end.get_or_insert(end);
    }
}
