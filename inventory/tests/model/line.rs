//! The waiting room in the model: random commands for it, and I10 held against the records by itself, beside the twin:
//! ranks are called in order and at the rate, and each is claimed at most once, after its call.

use std::collections::BTreeSet;

use inventory::{
    Admission, Change, Entry, LineChange, LineState, LineView, Record, RoomSettings, TimeUs, UserId, Verb,
};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::arena::{SECOND_US, START_US};
use crate::steps::{Act, Wish};

const MINUTE_US: i128 = 60_000_000;
const PASS_US: i64 = 300 * SECOND_US;

#[derive(Clone, Debug)]
pub enum LineAct {
    Room {
        settings: RoomSettings,
        from_s: Option<i64>,
        opens_s: Option<i64>,
        is_small_change: bool,
    },
    Open {
        more: u8,
        value: Option<u8>,
    },
    Call {
        more: u8,
        rate_per_min: u32,
    },
    /// A place near the last called.
    Enter {
        user: u8,
        ahead: i8,
    },
    EnterByPass {
        user: u8,
        pass: u8,
        uses_max: u32,
    },
    Leave {
        user: u8,
        number: Option<u8>,
    },
    /// By somebody who believes the line before to be the present one.
    Late(Box<LineAct>),
}

pub fn act() -> impl Strategy<Value = LineAct> {
    let more = || prop_oneof![1 => Just(0u8), 2 => 0..8u8];
    let value = option::weighted(0.4, 0..9u8);
    let rate = prop_oneof![1 => Just(0u32), 6 => Just(60), 6 => Just(600), 6 => Just(60_000), 1 => Just(u32::MAX)];
    let pass = (0..4u8, 0..3u8, 1..3u32);
    let timely = prop_oneof![
        3 => room(),
        5 => (more(), value).prop_map(|(more, value)| LineAct::Open { more, value }),
        12 => (more(), rate).prop_map(|(more, rate_per_min)| LineAct::Call { more, rate_per_min }),
        12 => (0..4u8, -4..3i8).prop_map(|(user, ahead)| LineAct::Enter { user, ahead }),
        5 => pass.prop_map(|(user, pass, uses_max)| LineAct::EnterByPass { user, pass, uses_max }),
        4 => (0..4u8, option::of(0..40u8)).prop_map(|(user, number)| LineAct::Leave { user, number }),
    ];
    (timely, prop::bool::weighted(0.05)).prop_map(|(act, late)| if late { LineAct::Late(Box::new(act)) } else { act })
}

impl LineAct {
    /// What is done in its place where there is no waiting room.
    pub fn elsewhere(&self) -> Act {
        match self {
            Self::Call { more, .. } => {
                Act::Settle { order: *more, payment: 0, declined: false, off_minor: 0, foreign: false }
            }
            Self::Enter { user, ahead } => {
                let quantity = 1 + u32::from(ahead.unsigned_abs());
                let wish = Wish::Best { quantity, tier: None, section: None, accessible: false };
                Act::Place { customer: *user, wishes: vec![wish], codes: vec![7, 8], discounts: vec![], old_id: false }
            }
            Self::Open { more, .. } => {
                Act::Order { hold: *more, stranger: false, accept_other_seats: true, old_id: false }
            }
            Self::Late(act) => act.elsewhere(),
            Self::Room { .. } | Self::EnterByPass { .. } | Self::Leave { .. } => Act::Expire,
        }
    }
}

pub fn room() -> impl Strategy<Value = LineAct> {
    let rate = prop_oneof![8 => Just(60u32), 8 => Just(1_000), 8 => Just(60_000), 4 => Just(30), 1 => Just(0)];
    let limits = (rate, 1..6u32, 30..120i64, 10..40i64);
    let times = (option::weighted(0.3, -5..8i64), option::weighted(0.5, 4..20i64));
    let flags = (prop::bool::weighted(0.85), prop::bool::weighted(0.08), prop::bool::weighted(0.4), any::<bool>());
    (limits, times, flags).prop_map(|(limits, (from_s, opens_s), (active, paused, has_beacon, is_small_change))| {
        let (rate_per_min, shoppers_max, session_s, claim_s) = limits;
        let settings = RoomSettings {
            active,
            rate_per_min,
            shoppers_max,
            session_us: session_s * SECOND_US,
            claim_within_us: claim_s * SECOND_US,
            paused,
            beacon: (has_beacon && (opens_s.is_some() || session_s == 30)).then(|| "beacon".to_owned()),
            ..RoomSettings::default()
        };
        LineAct::Room { settings, from_s, opens_s, is_small_change }
    })
}

/// What the records of the present line have said.
#[derive(Debug, Default)]
pub struct Watch {
    joined: u32,
    called: u32,
    /// Highest of this line.
    rate_per_min: u32,
    claimed: BTreeSet<u32>,
    /// Ranks, or numbers before the opening.
    given_up: BTreeSet<u32>,
    /// When how many were called that had not given up.
    calls: Vec<(TimeUs, u32)>,
}

impl Watch {
    pub fn verb(&mut self, now: TimeUs, view: &LineView, key: [u8; 16], act: &LineAct) -> Verb {
        let round = view.round;
        match act {
            LineAct::Late(act) => {
                let joined = self.joined;
                let mut verb = self.verb(now, view, key, act);
                // It counts in its own line.
                self.joined = joined;
                be_late(&mut verb);
                verb
            }
            LineAct::Room { settings, from_s, opens_s, is_small_change } => {
                let is_on = view.state(now) != LineState::Off;
                let (was, at) = (&view.settings, |s: i64| now.plus_us(s * SECOND_US));
                let (from, opens, beacon) = if is_on && *is_small_change {
                    (was.pre_queue_from, was.opens_at, was.beacon.clone())
                } else {
                    (from_s.map(at), opens_s.map(at), settings.beacon.clone())
                };
                let settings = RoomSettings { pre_queue_from: from, opens_at: opens, beacon, ..settings.clone() };
                let mut secret = [0; 32];
                secret[..16].copy_from_slice(&key);
                Verb::SetWaitingRoom { settings: Box::new(settings), key: secret }
            }
            LineAct::Open { more, value } => {
                self.joined += u32::from(*more);
                // Too long, or none, or one of a few; the beacon's name tells which is right.
                let value = value.map(|value| "v".repeat(if value == 0 { 257 } else { usize::from(value) }));
                let value = value.filter(|value| view.settings.beacon.is_some() || value.len() == 1);
                Verb::OpenLine { round, joined: self.joined, beacon_value: value }
            }
            LineAct::Call { more, rate_per_min } => {
                self.joined += u32::from(*more);
                Verb::CallPlaces { round, joined: self.joined, rate_per_min: *rate_per_min }
            }
            LineAct::Enter { user, ahead } => {
                let wanted = i64::from(view.called) + i64::from(*ahead);
                let has_it = |number: &u32| view.rank(*number).is_some_and(|rank| i64::from(rank) == wanted);
                let number = (0..self.joined + 4).find(has_it).unwrap_or(0);
                Verb::StartSession { user: shopper(*user), entry: Entry::Place { round, number } }
            }
            LineAct::EnterByPass { user, pass, uses_max } => {
                // Two that are good until the end of these five minutes, one of the five before.
                let span = now.since(TimeUs(START_US)) / PASS_US + i64::from(*pass != 0);
                let mut id = [*pass; 16];
                id[..8].copy_from_slice(&span.to_be_bytes());
                let until = TimeUs(START_US + span * PASS_US);
                let entry = Entry::Priority { pass: id, uses_max: *uses_max, until };
                Verb::StartSession { user: shopper(*user), entry }
            }
            LineAct::Leave { user, number } => {
                Verb::LeaveLine { user: shopper(*user), round, number: number.map(u32::from) }
            }
        }
    }

    /// `view` is that after the record.
    pub fn follow(&mut self, record: &Record, view: &LineView) -> Result<(), TestCaseError> {
        let Change::Line(change) = &record.change else { return Ok(()) };
        match change {
            LineChange::RoomSet { settings, key } => {
                if key.is_some() {
                    *self = Self::default();
                }
                self.rate_per_min = self.rate_per_min.max(settings.rate_per_min);
            }
            LineChange::Opened { joined, shuffled, .. } => {
                let rank = |number: &u32| view.rank(*number).expect("an open line has ranks");
                let order: BTreeSet<u32> = (0..*joined).map(|number| rank(&number)).collect();
                prop_assert!(shuffled <= joined && order.into_iter().eq(0..*joined), "ranks are an order");
                self.given_up = self.given_up.iter().map(rank).collect();
            }
            LineChange::PlacesCalled { joined, called, .. } => {
                prop_assert!(self.called < *called && called <= joined, "calls go forward, within the line");
                let given_up = self.given_up.range(self.called..*called).count() as u32;
                self.calls.push((record.at, called - self.called - given_up));
                self.called = *called;
                self.check_rate()?;
            }
            LineChange::SessionStarted { admission: Admission::Place { number, rank }, .. } => {
                prop_assert_eq!(view.rank(*number), Some(*rank));
                prop_assert!(*rank < self.called, "rank {} is claimed, {} are called", rank, self.called);
                prop_assert!(!self.given_up.contains(rank), "rank {} was given up", rank);
                prop_assert!(self.claimed.insert(*rank), "rank {} is claimed twice", rank);
            }
            LineChange::SessionStarted { admission: Admission::Priority { until, .. }, .. } => {
                prop_assert!(record.at < *until);
            }
            LineChange::Left { place, .. } => {
                if let Some(place) = place {
                    prop_assert!(!self.claimed.contains(place) && self.given_up.insert(*place));
                }
            }
            LineChange::PreQueueClosed { .. } => {}
        }
        prop_assert_eq!(view.called, self.called);
        Ok(())
    }

    /// In every window that ends now: the rate times its length, and a burst of one second's worth or one place.
    fn check_rate(&self) -> Result<(), TestCaseError> {
        let rate = i128::from(self.rate_per_min);
        let burst = MINUTE_US.max(rate * i128::from(SECOND_US));
        let Some((end, _)) = self.calls.last() else { return Ok(()) };
        let mut called = 0;
        for (from, places) in self.calls.iter().rev() {
            called += i128::from(*places) * MINUTE_US;
            let window_us = i128::from(end.since(*from));
            prop_assert!(called <= rate * window_us + burst, "{:?} at {} a minute", self.calls, rate);
        }
        Ok(())
    }
}

/// The line before, where a line is named.
const fn be_late(verb: &mut Verb) {
    match verb {
        Verb::OpenLine { round, .. }
        | Verb::CallPlaces { round, .. }
        | Verb::LeaveLine { round, .. }
        | Verb::StartSession { entry: Entry::Place { round, .. }, .. } => *round = round.wrapping_sub(1),
        _ => {}
    }
}

fn shopper(number: u8) -> UserId {
    UserId::from_bytes([number + 1; 16])
}
