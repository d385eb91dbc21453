//! The waiting room: who may shop now. The core knows the order of admission, how far it has been called and who is
//! inside; who has which number is written down by whoever gives numbers out. Nothing is kept per waiter.
//!
//! Invariant: ranks are called in order, at most as fast as the settings say; a rank is claimed at most once; a session
//! begins with a called rank or a priority pass, and in no other way.

mod calls;
mod passes;
mod sessions;
mod settings;
mod shuffle;
mod view;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits::GIVEN_UP_MAX;
use crate::{Admission, EventId, TimeUs, UserId};

pub(crate) use calls::{Calls, PLACE};
pub(crate) use passes::Passes;
pub(crate) use sessions::{Session, Sessions};
pub use settings::RoomSettings;
pub use shuffle::{commitment, rank, seed};
pub use view::{Closed, Commitment, LineState, LineView, Opened};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub settings: Arc<RoomSettings>,
    /// Lines of this event so far; each has its own key and order.
    pub round: u32,
    pub key: [u8; 32],
    pub commitment: Arc<Commitment>,
    /// The number of those to be shuffled stands fast.
    pub closed: Option<Closed>,
    pub opened: Option<Arc<Opened>>,
    pub calls: Calls,
    pub sessions: Sessions,
    pub passes: Passes,
    /// Grows with everything that a view shows.
    #[serde(skip)]
    pub revision: u64,
}

impl Line {
    pub fn new(event: EventId, at: TimeUs, settings: RoomSettings, key: [u8; 32]) -> Self {
        let commitment = Arc::new(Commitment::new(event, at, &key, &settings));
        Self {
            settings: Arc::new(settings),
            round: 1,
            key,
            commitment,
            closed: None,
            opened: None,
            calls: Calls::default(),
            sessions: Sessions::default(),
            passes: Passes::default(),
            revision: 1,
        }
    }

    /// A new line under another key. Whoever is inside stays there.
    pub fn begin(&mut self, key: [u8; 32]) {
        self.round += 1;
        self.key = key;
        self.closed = None;
        self.opened = None;
        self.calls = Calls::default();
    }

    pub fn set(&mut self, event: EventId, at: TimeUs, settings: RoomSettings) {
        self.settings = Arc::new(settings);
        let commitment = Commitment::new(event, at, &self.key, &self.settings);
        // What the order already rests on stays as it was published.
        if self.closed.is_none() && self.opened.is_none() && commitment.hash != self.commitment.hash {
            self.commitment = Arc::new(commitment);
        }
    }

    pub fn close(&mut self, at: TimeUs, joined: u32) {
        assert!(self.closed.is_none() && self.opened.is_none(), "a pre-queue is closed once");
        self.closed = Some(Closed { at, shuffled: joined });
        self.calls.joined = joined;
    }

    pub fn open(&mut self, at: TimeUs, joined: u32, shuffled: u32, beacon_value: Option<String>) {
        assert!(self.opened.is_none(), "a line opens once");
        let seed = seed(&self.key, beacon_value.as_deref());
        self.calls.gone = self.calls.gone.iter().map(|number| rank(&seed, shuffled, *number)).collect();
        self.opened = Some(Arc::new(Opened { at, key: self.key, beacon_value, seed, shuffled }));
        self.calls.joined = joined;
        self.calls.carry = PLACE;
        self.calls.credit_at = Some(at);
    }

    /// `None` before the opening.
    pub fn rank(&self, number: u32) -> Option<u32> {
        self.opened.as_ref().map(|opened| opened.rank(number))
    }

    /// How many more may come in.
    pub fn slots(&self, now: TimeUs) -> u32 {
        let taken = self.sessions.count(now).saturating_add(self.calls.waiting(now));
        self.settings.shoppers_max.saturating_sub(taken)
    }

    /// What is remembered when the place is given up: its rank, or its number before the opening. `None` when nobody waits
    /// for it any more, or when too many are remembered: then it is called, and lapses.
    pub fn given_up(&self, now: TimeUs, number: u32) -> Option<u32> {
        let rank = self.rank(number).unwrap_or(number);
        (self.calls.is_expected(now, rank) && self.calls.gone.len() < GIVEN_UP_MAX).then_some(rank)
    }

    pub fn admit(&mut self, user: UserId, admission: Admission) {
        match admission {
            Admission::Place { rank, .. } => {
                assert!(rank < self.calls.called, "whoever comes in was called");
                self.calls.take(rank);
            }
            Admission::Priority { pass, until } => self.passes.enter(pass, user, until),
        }
    }

    pub fn leave(&mut self, user: UserId, session: bool, place: Option<u32>) {
        if session {
            assert!(self.sessions.end(user), "whoever leaves was inside");
        }
        if let Some(place) = place {
            self.calls.take(place);
        }
    }

    /// Shopping keeps a session alive.
    pub fn renew(&mut self, at: TimeUs, user: UserId) {
        self.sessions.renew(at, user, at.plus_us(self.settings.session_us));
    }

    /// A purchase ends a session at once.
    pub fn leave_by_purchase(&mut self, user: UserId) {
        if self.sessions.end(user) {
            self.revision += 1;
        }
    }

    /// Drops what is past. Only with a change of the line itself, so that replay does the same.
    pub fn forget(&mut self, at: TimeUs) {
        self.calls.forget(at);
        self.sessions.forget(at);
    }

    /// After reading a snapshot.
    pub fn index(&mut self) {
        self.calls.show();
        self.sessions.index();
    }

    /// What is wrong, if anything is.
    pub fn fault(&self, event: EventId) -> Option<&'static str> {
        if !self.calls.is_sound() {
            return Some("the called places");
        }
        if !self.sessions.is_sound() {
            return Some("the sessions");
        }
        let begun = self.opened.is_some() || self.calls.called == 0 && self.calls.batches.is_empty();
        let shuffled = self.opened.as_ref().map_or(0, |opened| opened.shuffled);
        if !begun || shuffled > self.calls.joined {
            return Some("the opening");
        }
        let commitment = commitment(event, &self.key, self.commitment.beacon.as_deref());
        let opened = self.opened.as_ref().is_none_or(|it| it.seed == seed(&self.key, it.beacon_value.as_deref()));
        (commitment != self.commitment.hash || !opened).then_some("the commitment")
    }
}
