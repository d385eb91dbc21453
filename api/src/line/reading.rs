//! A waiting room's public numbers, from the durable line and what its keeper knows.

use std::collections::VecDeque;

use inventory::{LineState, LineView, TimeUs};
use wire::{AdmissionLimit, WaitingRoom, WaitingRoomState};

use crate::time;

const SECOND_US: i64 = 1_000_000;
/// Over so long the calls of a full house are averaged.
const OBSERVED_US: i64 = 30 * SECOND_US;

/// What the line itself does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub joined: u32,
    pub rate_per_min: u32,
    pub limited_by: AdmissionLimit,
}

impl Known {
    /// Of a room whose keeper has not looked yet.
    pub fn at_first(line: &LineView) -> Self {
        let limited_by = AdmissionLimit::Closed;
        Self { joined: line.joined, rate_per_min: line.settings.rate_per_min, limited_by }
    }
}

pub const fn state(line: LineState) -> WaitingRoomState {
    match line {
        LineState::Off => WaitingRoomState::Off,
        LineState::Closed => WaitingRoomState::Closed,
        LineState::PreQueue => WaitingRoomState::PreQueue,
        LineState::AwaitingBeacon => WaitingRoomState::AwaitingBeacon,
        LineState::Open => WaitingRoomState::Open,
    }
}

pub fn show(line: &LineView, known: Known, now: TimeUs) -> WaitingRoom {
    let state = state(line.state(now));
    WaitingRoom {
        state,
        joined: known.joined.max(line.called),
        called: line.called,
        rate_per_minute: if line.settings.paused { 0 } else { known.rate_per_min },
        limited_by: match state {
            WaitingRoomState::Open if line.settings.paused => AdmissionLimit::Paused,
            WaitingRoomState::Open if known.limited_by == AdmissionLimit::Closed => AdmissionLimit::Rate,
            WaitingRoomState::Open => known.limited_by,
            WaitingRoomState::Off
            | WaitingRoomState::Closed
            | WaitingRoomState::PreQueue
            | WaitingRoomState::AwaitingBeacon => AdmissionLimit::Closed,
        },
        shoppers: line.shoppers,
        pre_queue_from: line.settings.pre_queue_from.map(time::utc),
        opens_at: line.settings.opens_at.map(time::utc),
    }
}

/// Seconds until so many before one are called, rounded up. `None` while nobody is called.
pub fn eta_s(position: u32, rate_per_minute: u32) -> Option<u32> {
    let wait_s = (u64::from(position) * 60).checked_div(u64::from(rate_per_minute))?;
    let is_exact = u64::from(position) * 60 == wait_s * u64::from(rate_per_minute);
    Some(u32::try_from(wait_s + u64::from(!is_exact)).unwrap_or(u32::MAX))
}

/// How many were called lately: the honest rate while it is full inside and the organizer's says little.
#[derive(Debug, Default)]
pub struct Observed(VecDeque<(TimeUs, u32)>);

impl Observed {
    /// To be told about once a second, or more often.
    pub fn see(&mut self, now: TimeUs, called: u32) {
        if self.0.back().is_some_and(|(at, _)| now.since(*at) < SECOND_US) {
            return;
        }
        if self.0.back().is_some_and(|(_, before)| *before > called) {
            self.0.clear();
        }
        self.0.push_back((now, called));
        while self.0.front().is_some_and(|(at, _)| now.since(*at) > OBSERVED_US) {
            self.0.pop_front();
        }
    }

    /// `None` before there is anything to compare.
    pub fn rate_per_min(&self) -> Option<u32> {
        let ((from, first), (to, last)) = (self.0.front()?, self.0.back()?);
        let took_us = u64::try_from(to.since(*from)).ok().filter(|us| *us > 0)?;
        u32::try_from(u64::from(last - first) * 60_000_000 / took_us).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_the_position_over_the_rate_rounded_up() {
        for (position, rate, eta) in
            [(0, 600, Some(0)), (1, 600, Some(1)), (10, 600, Some(1)), (11, 600, Some(2)), (600, 600, Some(60))]
        {
            assert_eq!(eta_s(position, rate), eta, "{position} at {rate}");
        }
        assert_eq!(eta_s(5, 0), None);
        assert_eq!(eta_s(u32::MAX, 1), Some(u32::MAX));
    }

    #[test]
    fn the_observed_rate_is_that_of_the_last_half_minute() {
        let mut observed = Observed::default();
        assert_eq!(observed.rate_per_min(), None);
        for second in 0..200 {
            observed.see(TimeUs(second * SECOND_US), if second < 100 { 0 } else { 5 * (second - 100) as u32 });
        }
        assert_eq!(observed.rate_per_min(), Some(300));
        // Another line.
        observed.see(TimeUs(200 * SECOND_US), 0);
        assert_eq!(observed.rate_per_min(), None);
    }

    #[test]
    fn a_room_that_is_not_open_calls_nobody_and_says_so() {
        let line = LineView::none();
        let shown = show(&line, Known::at_first(&line), TimeUs(0));
        assert_eq!((shown.state, shown.limited_by), (WaitingRoomState::Off, AdmissionLimit::Closed));
    }
}
