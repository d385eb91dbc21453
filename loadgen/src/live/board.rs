//! The state of the house as one socket has been told it: the last snapshot and every delta after it.

use std::sync::Arc;

use wire::{
    Availability, BinaryDelta, BinarySnapshot, Counts, LiveArea, LiveBinary, LiveCounts, LiveDelta, LiveFrame,
    LiveSnapshot, SectionCounts,
};

use crate::arena::Arena;

const FAULTS_MAX: usize = 20;
const DIFFERENCES_SHOWN: usize = 5;

pub struct Board {
    arena: Arc<Arena>,
    seq: u64,
    /// One letter per seat, in the order of the arena. Empty until a snapshot has come.
    letters: Vec<u8>,
    areas: Vec<Counts>,
    /// Frames that cannot be true.
    pub faults: Vec<String>,
}

impl Board {
    pub fn new(arena: Arc<Arena>) -> Self {
        Self { arena, seq: 0, letters: Vec::new(), areas: Vec::new(), faults: Vec::new() }
    }

    pub fn seq(&self) -> u64 {
        self.seq
    }

    pub fn is_known(&self) -> bool {
        !self.letters.is_empty() || !self.areas.is_empty()
    }

    pub fn take(&mut self, frame: &LiveFrame) {
        match frame {
            LiveFrame::Snapshot(snapshot) => self.snapshot(snapshot),
            LiveFrame::Delta(delta) => self.delta(delta),
            LiveFrame::Counts(counts) => self.counts(counts),
            LiveFrame::Heartbeat { seq, .. } if self.is_known() && *seq < self.seq => {
                self.fault(format!("a heartbeat at {seq} after {}", self.seq));
            }
            LiveFrame::Heartbeat { .. }
            | LiveFrame::Sale(_)
            | LiveFrame::Line(_)
            | LiveFrame::Hold(_)
            | LiveFrame::Place(_)
            | LiveFrame::Occupancy(_)
            | LiveFrame::Session(_)
            | LiveFrame::Holds { .. }
            | LiveFrame::Bye { .. } => {}
        }
    }

    pub fn take_binary(&mut self, frame: &LiveBinary) {
        match frame {
            LiveBinary::Snapshot(snapshot) => self.binary_snapshot(snapshot),
            LiveBinary::Delta(delta) => self.binary_delta(delta),
        }
    }

    fn binary_snapshot(&mut self, snapshot: &BinarySnapshot) {
        self.expect_later(snapshot.seq);
        let (seats, areas) = (snapshot.seats.len(), snapshot.areas.len());
        if (seats, areas) != (self.arena.seats.len(), self.arena.areas.len()) {
            return self.fault(format!("snapshot {}: {seats} seats and {areas} areas", snapshot.seq));
        }
        let letters = snapshot.seats.iter().map(|state| letter(*state));
        (self.seq, self.letters, self.areas) = (snapshot.seq, letters.collect(), snapshot.areas.clone());
    }

    fn binary_delta(&mut self, delta: &BinaryDelta) {
        self.follow(delta.prev, delta.seq);
        for (position, state) in &delta.seats {
            match self.letters.get_mut(*position as usize) {
                Some(slot) => *slot = letter(*state),
                None => self.fault(format!("delta {}: no seat {position}", delta.seq)),
            }
        }
        for (position, counts) in &delta.areas {
            match self.areas.get_mut(*position as usize) {
                Some(slot) => *slot = *counts,
                None => self.fault(format!("delta {}: no area {position}", delta.seq)),
            }
        }
    }

    fn expect_later(&mut self, seq: u64) {
        if seq < self.seq {
            self.fault(format!("a snapshot of {seq} after {}", self.seq));
        }
    }

    fn snapshot(&mut self, snapshot: &LiveSnapshot) {
        self.expect_later(snapshot.seq);
        match self.read(&snapshot.sections) {
            Ok((letters, areas)) => {
                (self.seq, self.letters, self.areas) = (snapshot.seq, letters, areas);
                self.expect_totals("snapshot", snapshot.totals);
            }
            Err(what) => self.fault(format!("snapshot {}: {what}", snapshot.seq)),
        }
    }

    fn follow(&mut self, prev: u64, seq: u64) {
        if !self.is_known() || prev > self.seq {
            self.fault(format!("a delta from {prev} to {seq} on a state at {}", self.seq));
        }
        if seq < self.seq {
            self.fault(format!("a delta to {seq} after {}", self.seq));
        }
        self.seq = seq;
    }

    fn delta(&mut self, delta: &LiveDelta) {
        self.follow(delta.prev, delta.seq);
        for (first, letters) in &delta.seats {
            let first = *first as usize;
            let slots = self.letters.get_mut(first..first + letters.len());
            match slots {
                Some(slots) if letters.bytes().all(|letter| b"fhsb".contains(&letter)) => {
                    slots.copy_from_slice(letters.as_bytes());
                }
                _ => self.fault(format!("delta {}: seats from {first} on became `{letters}`", delta.seq)),
            }
        }
        for area in &delta.areas {
            let at = self.arena.areas.iter().position(|known| known.id == area.id);
            match at.and_then(|at| self.areas.get_mut(at)) {
                Some(slot) => *slot = counts_of(area),
                None => self.fault(format!("delta {}: no area {}", delta.seq, area.id)),
            }
        }
    }

    /// Counts may run ahead of the deltas or behind them; where they are of the same moment they agree.
    fn counts(&mut self, counts: &LiveCounts) {
        if self.is_known() && counts.seq == self.seq {
            self.expect_totals("counts", counts.totals);
        }
    }

    fn expect_totals(&mut self, what: &str, told: Counts) {
        let found = self.totals();
        if found != told {
            self.fault(format!("{what} at {}: {told:?} are told and {found:?} are shown", self.seq));
        }
    }

    pub fn totals(&self) -> Counts {
        let seats = |letter: u8| self.letters.iter().filter(|one| **one == letter).count() as u32;
        let areas = |of: fn(&Counts) -> u32| self.areas.iter().map(of).sum::<u32>();
        Counts {
            free: seats(b'f') + areas(|counts| counts.free),
            held: seats(b'h') + areas(|counts| counts.held),
            sold: seats(b's') + areas(|counts| counts.sold),
            blocked: seats(b'b') + areas(|counts| counts.blocked),
        }
    }

    /// Where this state and the one that the server answers with are not the same; `now` is read while nothing changes.
    pub fn difference(&self, now: &Availability) -> Option<String> {
        if !self.is_known() {
            return Some("no snapshot has come".to_owned());
        }
        if self.seq > now.seq {
            return Some(format!("the feed is at {} and the server at {}", self.seq, now.seq));
        }
        let (letters, areas) = match self.read(&now.sections) {
            Ok(read) => read,
            Err(what) => return Some(what),
        };
        let seats = self.arena.seats.iter().zip(self.letters.iter().zip(&letters));
        let mut differences: Vec<String> = seats
            .filter(|(_, (told, is))| told != is)
            .map(|(seat, (told, is))| format!("{} `{}` is `{}`", seat.id, char::from(*told), char::from(*is)))
            .collect();
        for (area, (told, is)) in self.arena.areas.iter().zip(self.areas.iter().zip(&areas)) {
            if told != is {
                differences.push(format!("{} {told:?} is {is:?}", area.id));
            }
        }
        let (count, shown) = (differences.len(), DIFFERENCES_SHOWN.min(differences.len()));
        let shown = differences[..shown].join(", ");
        (count > 0).then(|| format!("at {} of {}, {count} places differ: {shown}", self.seq, now.seq))
    }

    fn read(&self, sections: &[SectionCounts]) -> Result<(Vec<u8>, Vec<Counts>), String> {
        let letters = self.arena.letters(sections)?;
        let areas = self.arena.areas.iter().map(|area| {
            let section = sections.iter().find(|section| section.id == area.id);
            let section = section.ok_or_else(|| format!("area {} is missing", area.id))?;
            let SectionCounts { free, held, sold, blocked, .. } = *section;
            Ok(Counts { free, held, sold, blocked })
        });
        Ok((letters, areas.collect::<Result<_, String>>()?))
    }

    pub fn fault(&mut self, what: String) {
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(what);
        }
    }
}

fn letter(state: u8) -> u8 {
    wire::state_letter(state).map_or(b'?', |letter| letter as u8)
}

fn counts_of(area: &LiveArea) -> Counts {
    Counts { free: area.free, held: area.held, sold: area.sold, blocked: area.blocked }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wire::{Event, SeatMap};

    use super::*;

    fn arena() -> Arc<Arena> {
        let event: Event = serde_json::from_value(json!({
            "id": "00000000-0000-0000-0000-000000000001", "organizer_id": "00000000-0000-0000-0000-000000000002",
            "title": "t", "description": "", "location": "", "timezone": "UTC", "starts_at": "2026-01-01T00:00:00Z",
            "ends_at": null, "currency": "EUR", "status": "published", "created_at": "2026-01-01T00:00:00Z",
            "changed_at": "2026-01-01T00:00:00Z", "slug": "t", "organization": "", "rating": "", "address": "", "city": "",
            "country": "", "category": "", "tags": [], "ended": false, "images": []
        }))
        .unwrap();
        let map: SeatMap = serde_json::from_value(json!({"sections": [
            {"id": "A", "name": "A", "rows": [{"id": "1", "seats": ["1", null, "2"]}, {"id": "2", "seats": ["1"]}]},
            {"id": "F", "name": "F", "capacity": 10}
        ]}))
        .unwrap();
        Arc::new(Arena::new(event, &map))
    }

    fn sections(rows: [&str; 2], floor: [u32; 2]) -> serde_json::Value {
        json!([
            {"id": "A", "area": false, "free": 0, "held": 0, "sold": 0, "blocked": 0,
             "rows": [{"id": "1", "seats": rows[0]}, {"id": "2", "seats": rows[1]}]},
            {"id": "F", "area": true, "free": floor[0], "held": floor[1], "sold": 0, "blocked": 0}
        ])
    }

    fn frame(frame: serde_json::Value) -> LiveFrame {
        serde_json::from_value(frame).unwrap()
    }

    fn snapshot(seq: u64) -> LiveFrame {
        frame(json!({"type": "snapshot", "event_id": "00000000-0000-0000-0000-000000000001", "seq": seq,
            "status": "published", "totals": {"free": 12, "held": 0, "sold": 1, "blocked": 0},
            "sections": sections(["fs", "f"], [10, 0])}))
    }

    fn delta(prev: u64, seq: u64) -> LiveFrame {
        frame(json!({"type": "delta", "prev": prev, "seq": seq, "at_us": 1, "seats": [[2, "h"]],
            "areas": [{"id": "F", "free": 8, "held": 2, "sold": 0, "blocked": 0}]}))
    }

    fn now(rows: [&str; 2], floor: [u32; 2]) -> Availability {
        serde_json::from_value(json!({"seq": 9, "status": "published", "tiers": [], "sections": sections(rows, floor),
            "totals": {"free": 0, "held": 0, "sold": 0, "blocked": 0}}))
        .unwrap()
    }

    #[test]
    fn a_snapshot_and_its_deltas_make_the_state_of_the_house() {
        let mut board = Board::new(arena());
        assert!(board.difference(&now(["fs", "f"], [10, 0])).is_some());
        board.take(&snapshot(5));
        assert_eq!(board.difference(&now(["fs", "f"], [10, 0])), None);
        board.take(&delta(5, 7));
        assert_eq!((board.difference(&now(["fs", "h"], [8, 2])), board.seq()), (None, 7));
        assert_eq!(board.totals(), Counts { free: 9, held: 3, sold: 1, blocked: 0 });
        board.take(&frame(json!({"type": "counts", "seq": 7, "tiers": [],
            "totals": {"free": 9, "held": 3, "sold": 1, "blocked": 0}})));
        assert_eq!(board.faults, Vec::<String>::new());
        assert!(board.difference(&now(["ff", "h"], [8, 2])).unwrap().contains("A-1-2 `s` is `f`"));
        assert!(board.difference(&now(["fs", "h"], [10, 0])).is_some());
    }

    #[test]
    fn the_binary_form_makes_the_same_state() {
        let area = |held| Counts { free: 10 - held, held, sold: 0, blocked: 0 };
        let snapshot = |seats: &[u8]| {
            let (status, seats, areas) = (wire::EventStatus::Published, seats.to_vec(), vec![area(0)]);
            LiveBinary::Snapshot(BinarySnapshot { status, seq: 5, seats, areas })
        };
        let delta =
            |seats| LiveBinary::Delta(BinaryDelta { prev: 5, seq: 7, at_us: 1, seats, areas: vec![(0, area(2))] });
        let mut board = Board::new(arena());
        board.take_binary(&snapshot(&[0, 2, 0]));
        board.take_binary(&delta(vec![(2, 1)]));
        assert_eq!((board.difference(&now(["fs", "h"], [8, 2])), board.seq()), (None, 7));
        assert_eq!(board.faults, Vec::<String>::new());
        board.take_binary(&snapshot(&[0, 2]));
        board.take_binary(&delta(vec![(3, 1)]));
        assert_eq!(board.faults.len(), 3, "backwards, of another length, and no such seat: {:?}", board.faults);
    }

    #[test]
    fn frames_that_cannot_be_true_are_faults() {
        let faults = |frames: &[LiveFrame]| {
            let mut board = Board::new(arena());
            frames.iter().for_each(|frame| board.take(frame));
            board.faults.len()
        };
        assert_eq!(faults(&[delta(0, 1)]).min(1), 1, "a delta before any snapshot");
        assert_eq!(faults(&[snapshot(5), delta(6, 7)]), 1, "a gap");
        assert_eq!(faults(&[snapshot(5), delta(3, 4)]), 1, "backwards");
        assert_eq!(faults(&[snapshot(5), snapshot(4)]), 1, "an old snapshot");
        let counts = json!({"type": "counts", "seq": 5, "tiers": [],
            "totals": {"free": 13, "held": 0, "sold": 0, "blocked": 0}});
        assert_eq!(faults(&[snapshot(5), frame(counts)]), 1, "counts that do not add up");
        let nowhere = json!({"type": "delta", "prev": 5, "seq": 6, "at_us": 1, "seats": [[2, "hh"]]});
        assert_eq!(faults(&[snapshot(5), frame(nowhere)]), 1, "a seat that is not on the map");
        let unknown = json!({"type": "delta", "prev": 5, "seq": 6, "at_us": 1, "seats": [[0, "hx"]]});
        assert_eq!(faults(&[snapshot(5), frame(unknown)]), 1, "a letter that is no state");
    }
}
