//! What watchers see of one event: the latest state of every place, and the state that was last told to them. Changes
//! between two cuts are conflated: however often a seat has changed, a cut holds its last state, and nothing at all when
//! that is what watchers know already.

#[cfg(test)]
pub(super) mod tests;

use std::ops::Range;
use std::sync::Arc;

use inventory::{AreaIx, Counts, Layout, Lsn, Phase, SeatIx, SeatState, SectionIx, SectionKind};

pub struct Board {
    layout: Arc<Layout>,
    parts: Vec<Part>,
    phase: Phase,
    /// Everything up to here is in `seats` and `areas`.
    lsn: Lsn,
    seats: Places<SeatState>,
    areas: Places<Counts>,
    told: Told,
}

/// What the last cut, or the first picture, has told.
struct Told {
    seq: u64,
    seats: Vec<SeatState>,
    areas: Vec<Counts>,
    /// By section, of `seats`.
    sections: Vec<Counts>,
}

/// Sections and areas in map order.
pub enum Part {
    Section { at: SectionIx, rows: Vec<Row> },
    Area(AreaIx),
}

pub struct Row {
    pub id: String,
    pub seats: Range<usize>,
}

/// Latest states, and which of them have been written since the last cut.
struct Places<S> {
    states: Vec<S>,
    touched: Vec<usize>,
    is_touched: Vec<bool>,
}

/// All that has changed for watchers after `prev` up to `seq`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    pub prev: u64,
    pub seq: u64,
    /// In map order.
    pub seats: Vec<(SeatIx, SeatState)>,
    pub areas: Vec<(AreaIx, Counts)>,
}

impl<S: Copy> Places<S> {
    fn new(states: Vec<S>) -> Self {
        let is_touched = vec![false; states.len()];
        Self { states, touched: Vec::new(), is_touched }
    }

    fn set(&mut self, at: usize, state: S) {
        self.states[at] = state;
        if !std::mem::replace(&mut self.is_touched[at], true) {
            self.touched.push(at);
        }
    }

    fn drain(&mut self) -> Vec<(usize, S)> {
        let mut drained = Vec::with_capacity(self.touched.len());
        for at in self.touched.drain(..) {
            self.is_touched[at] = false;
            drained.push((at, self.states[at]));
        }
        drained
    }
}

impl Board {
    /// `seats` and `areas` by their indices: the whole state at `lsn`.
    pub fn new(layout: Arc<Layout>, phase: Phase, lsn: Lsn, seats: Vec<SeatState>, areas: Vec<Counts>) -> Self {
        let mut sections = vec![Counts::default(); layout.section_count()];
        for (at, state) in seats.iter().enumerate() {
            *count(&mut sections[layout.section_of(seat_ix(at)).ix()], *state) += 1;
        }
        let told = Told { seq: lsn.0, seats: seats.clone(), areas: areas.clone(), sections };
        let parts = parts(&layout);
        Self { layout, parts, phase, lsn, seats: Places::new(seats), areas: Places::new(areas), told }
    }

    pub const fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    pub const fn phase(&self) -> Phase {
        self.phase
    }

    pub const fn set_phase(&mut self, phase: Phase) {
        self.phase = phase;
    }

    /// The whole state at `lsn`, under another layout of the same seat map. What differs is told by the next cut.
    pub fn replace(&mut self, layout: Arc<Layout>, lsn: Lsn, seats: &[SeatState], areas: &[Counts]) {
        self.layout = layout;
        seats.iter().enumerate().for_each(|(at, state)| self.seats.set(at, *state));
        areas.iter().enumerate().for_each(|(at, counts)| self.areas.set(at, *counts));
        self.reach(lsn);
    }

    pub fn set_seat(&mut self, seat: SeatIx, state: SeatState) {
        self.seats.set(seat.ix(), state);
    }

    pub fn set_area(&mut self, area: AreaIx, counts: Counts) {
        self.areas.set(area.ix(), counts);
    }

    /// Everything up to `lsn` has been set.
    pub fn reach(&mut self, lsn: Lsn) {
        self.lsn = self.lsn.max(lsn);
    }

    pub const fn lsn(&self) -> u64 {
        self.lsn.0
    }

    /// The last change that watchers were told of, and that a snapshot is labelled with.
    pub const fn told_seq(&self) -> u64 {
        self.told.seq
    }

    /// What watchers do not know yet; from now on they do. `None` when no place differs, unless `even_if_empty` and the
    /// event has moved on: then the cut brings their `seq` up to date.
    pub fn cut(&mut self, even_if_empty: bool) -> Option<Cut> {
        let (told, layout) = (&mut self.told, &self.layout);
        let mut seats = Vec::new();
        for (at, state) in self.seats.drain() {
            let before = std::mem::replace(&mut told.seats[at], state);
            if before != state {
                let section = &mut told.sections[layout.section_of(seat_ix(at)).ix()];
                *count(section, before) -= 1;
                *count(section, state) += 1;
                seats.push((seat_ix(at), state));
            }
        }
        seats.sort_unstable_by_key(|(seat, _)| *seat);
        let mut areas = Vec::new();
        for (at, counts) in self.areas.drain() {
            if std::mem::replace(&mut told.areas[at], counts) != counts {
                areas.push((area_ix(at), counts));
            }
        }
        let is_empty = seats.is_empty() && areas.is_empty();
        if told.seq == self.lsn.0 || (is_empty && !even_if_empty) {
            debug_assert!(is_empty, "nothing changes without a change");
            return None;
        }
        let prev = std::mem::replace(&mut told.seq, self.lsn.0);
        Some(Cut { prev, seq: told.seq, seats, areas })
    }

    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    pub fn told_seats(&self) -> &[SeatState] {
        &self.told.seats
    }

    pub fn told_areas(&self) -> &[Counts] {
        &self.told.areas
    }

    pub fn told_section(&self, section: SectionIx) -> Counts {
        self.told.sections[section.ix()]
    }

    pub fn told_totals(&self) -> Counts {
        self.told.sections.iter().chain(&self.told.areas).fold(Counts::default(), |sum, part| sum.plus(*part))
    }
}

const fn count(counts: &mut Counts, state: SeatState) -> &mut u32 {
    match state {
        SeatState::Free => &mut counts.free,
        SeatState::Held => &mut counts.held,
        SeatState::Sold => &mut counts.sold,
        SeatState::Blocked => &mut counts.blocked,
    }
}

/// Seats are numbered in map order, section by section and row by row.
fn parts(layout: &Layout) -> Vec<Part> {
    let (mut seat, mut section, mut area) = (0, 0, 0);
    let map = layout.seat_map();
    let sections = map.into_iter().flat_map(|map| map.sections).map(|spec| match spec.kind {
        SectionKind::Area { .. } => {
            area += 1;
            Part::Area(area_ix(area - 1))
        }
        SectionKind::Rows(rows) => {
            let rows = rows.into_iter().map(|row| {
                let first = seat;
                seat += row.seats.iter().flatten().count();
                Row { id: row.id, seats: first..seat }
            });
            let rows = rows.collect();
            section += 1;
            Part::Section { at: SectionIx(u16::try_from(section - 1).unwrap_or(u16::MAX)), rows }
        }
    });
    sections.collect()
}

fn seat_ix(at: usize) -> SeatIx {
    SeatIx(u32::try_from(at).unwrap_or(u32::MAX))
}

fn area_ix(at: usize) -> AreaIx {
    AreaIx(u16::try_from(at).unwrap_or(u16::MAX))
}
