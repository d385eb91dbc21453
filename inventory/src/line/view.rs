use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::calls::Due;
use super::{Line, RoomSettings, shuffle};
use crate::{EventId, Inventory, Phase, TimeUs};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineState {
    /// Nobody needs a session.
    Off,
    /// Active; joining is not possible yet.
    Closed,
    /// Everybody who joins now takes part in the shuffle.
    PreQueue,
    /// The pre-queue is closed: later ones queue behind. The value of the beacon has not been given yet.
    AwaitingBeacon,
    Open,
}

/// Published before the pre-queue opens: the key, kept secret until the opening, cannot be another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// See [`crate::line::commitment`].
    pub hash: [u8; 32],
    pub at: TimeUs,
    pub beacon: Option<String>,
}

impl Commitment {
    pub(super) fn new(event: EventId, at: TimeUs, key: &[u8; 32], settings: &RoomSettings) -> Self {
        let beacon = settings.beacon.clone();
        Self { hash: shuffle::commitment(event, key, beacon.as_deref()), at, beacon }
    }
}

/// Numbers below `shuffled` are shuffled, whatever the beacon's value will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    pub at: TimeUs,
    pub shuffled: u32,
}

/// All that is needed to recompute every rank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub at: TimeUs,
    pub key: [u8; 32],
    pub beacon_value: Option<String>,
    pub seed: [u8; 32],
    pub shuffled: u32,
}

impl Opened {
    /// In the order of admission, from 0.
    pub fn rank(&self, number: u32) -> u32 {
        shuffle::rank(&self.seed, self.shuffled, number)
    }
}

/// The line as everybody may see it: never the key before the opening. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineView {
    /// Counts the lines of the event: each switching on begins another, with new places. 0 when there never was one.
    pub round: u32,
    /// Whether shoppers need a session: switched on, and the event was not cancelled.
    pub is_active: bool,
    pub settings: Arc<RoomSettings>,
    /// `None` when there never was a waiting room.
    pub commitment: Option<Arc<Commitment>>,
    pub closed: Option<Closed>,
    pub opened: Option<Arc<Opened>>,
    /// Places given out, as of the last call.
    pub joined: u32,
    /// Ranks below this were called.
    pub called: u32,
    /// Inside, sessions that are over by time included until they are dropped: see [`Inventory::shoppers_inside`].
    pub shoppers: u32,
    due: Arc<[Due]>,
}

impl LineView {
    /// Of an event that never had a waiting room.
    pub fn none() -> Self {
        Self {
            round: 0,
            is_active: false,
            settings: Arc::default(),
            commitment: None,
            closed: None,
            opened: None,
            joined: 0,
            called: 0,
            shoppers: 0,
            due: Arc::default(),
        }
    }

    pub fn state(&self, now: TimeUs) -> LineState {
        if !self.is_active {
            LineState::Off
        } else if self.opened.is_some() {
            LineState::Open
        } else if self.closed.is_some() {
            LineState::AwaitingBeacon
        } else if self.settings.has_pre_queue(now) {
            LineState::PreQueue
        } else {
            LineState::Closed
        }
    }

    /// Known once the line is open.
    pub fn rank(&self, number: u32) -> Option<u32> {
        self.opened.as_ref().map(|opened| opened.rank(number))
    }

    /// Until when a called rank can be claimed. `None`: it has not been called yet, it was claimed or given up, or it is too
    /// late.
    pub fn claim_by(&self, now: TimeUs, rank: u32) -> Option<TimeUs> {
        let at = self.due.partition_point(|due| due.end <= rank);
        self.due.get(at).filter(|due| due.from <= rank && due.until > now && !due.is_gone(rank)).map(|due| due.until)
    }
}

impl Inventory {
    pub fn line_view(&self) -> LineView {
        self.line.as_deref().map_or_else(LineView::none, |line| line.view(self.has_waiting_room()))
    }

    /// Who is inside now: fewer than [`LineView::shoppers`] once sessions have ended by time, which leaves no record.
    pub fn shoppers_inside(&self, now: TimeUs) -> u32 {
        self.line.as_deref().map_or(0, |line| line.sessions.count(now))
    }

    /// Another number after every change of [`Self::line_view`], within one process.
    pub fn line_revision(&self) -> u64 {
        self.line.as_ref().map_or(0, |line| line.revision)
    }

    /// Whether shoppers need a session. In a cancelled event nobody shops.
    pub fn has_waiting_room(&self) -> bool {
        self.phase != Phase::Cancelled && self.line.as_ref().is_some_and(|line| line.settings.active)
    }
}

impl Line {
    fn view(&self, is_active: bool) -> LineView {
        LineView {
            round: self.round,
            is_active,
            settings: Arc::clone(&self.settings),
            commitment: Some(Arc::clone(&self.commitment)),
            closed: self.closed,
            opened: self.opened.clone(),
            joined: self.calls.joined,
            called: self.calls.called,
            shoppers: self.sessions.len() as u32,
            due: Arc::clone(&self.calls.shown),
        }
    }
}
