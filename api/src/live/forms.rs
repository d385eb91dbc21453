//! Frames in the two forms a socket may have asked for.

use bytes::Bytes;
use inventory::{Counts, Layout, SeatIx, SeatState};
use uuid::Uuid;
use wire::{
    BinaryDelta, BinarySnapshot, LiveArea, LiveCounts, LiveDelta, LiveFrame, LiveSale, LiveSnapshot, RowStates,
    SectionCounts, TierCounts,
};

use super::board::{Board, Cut, Part};
use super::frame;
use crate::{event_status, sale_window};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Json,
    Binary,
}

/// One frame, ready to be written, in each form.
#[derive(Clone, Debug)]
pub struct Forms {
    pub json: Bytes,
    pub binary: Bytes,
}

impl Forms {
    pub const fn of(&self, form: Form) -> &Bytes {
        match form {
            Form::Json => &self.json,
            Form::Binary => &self.binary,
        }
    }

    pub const fn bytes(&self) -> usize {
        self.json.len() + self.binary.len()
    }
}

/// `at_us`: when the oldest of the changes became durable.
pub fn delta(cut: &Cut, layout: &Layout, at_us: i64) -> Forms {
    let areas = cut.areas.iter().map(|(area, counts)| LiveArea {
        id: layout.area_id(*area).to_owned(),
        free: counts.free,
        held: counts.held,
        sold: counts.sold,
        blocked: counts.blocked,
    });
    let json = LiveDelta { prev: cut.prev, seq: cut.seq, at_us, seats: runs(&cut.seats), areas: areas.collect() };
    let binary = BinaryDelta {
        prev: cut.prev,
        seq: cut.seq,
        at_us,
        seats: cut.seats.iter().map(|(seat, state)| (seat.0, code(*state))).collect(),
        areas: cut.areas.iter().map(|(area, counts)| (u32::from(area.0), render(*counts))).collect(),
    };
    Forms { json: frame::text(&LiveFrame::Delta(json)), binary: frame::binary(&binary.encode()) }
}

/// Neighbours as one: the position of the first, and the letters of all.
fn runs(seats: &[(SeatIx, SeatState)]) -> Vec<(u32, String)> {
    let runs = seats.chunk_by(|(seat, _), (next, _)| seat.0 + 1 == next.0);
    runs.map(|run| (run[0].0.0, run.iter().map(|(_, state)| state.letter()).collect())).collect()
}

/// What watchers have been told so far.
pub fn snapshot(board: &Board, event: Uuid, form: Form) -> Bytes {
    match form {
        Form::Json => frame::text(&LiveFrame::Snapshot(LiveSnapshot {
            event_id: event,
            seq: board.told_seq(),
            status: event_status::render(board.phase()),
            totals: render(board.told_totals()),
            sections: board.parts().iter().map(|part| section(board, part)).collect(),
        })),
        Form::Binary => {
            let snapshot = BinarySnapshot {
                status: event_status::render(board.phase()),
                seq: board.told_seq(),
                seats: board.told_seats().iter().map(|state| code(*state)).collect(),
                areas: board.told_areas().iter().map(|counts| render(*counts)).collect(),
            };
            frame::binary(&snapshot.encode())
        }
    }
}

fn section(board: &Board, part: &Part) -> SectionCounts {
    let (id, counts, rows) = match part {
        Part::Area(area) => (board.layout().area_id(*area), board.told_areas()[area.ix()], None),
        Part::Section { at, rows } => {
            let rows = rows.iter().map(|row| RowStates {
                id: row.id.clone(),
                seats: board.told_seats()[row.seats.clone()].iter().map(|state| state.letter()).collect(),
            });
            (board.layout().section_id(*at), board.told_section(*at), Some(rows.collect()))
        }
    };
    SectionCounts {
        id: id.to_owned(),
        area: rows.is_none(),
        free: counts.free,
        held: counts.held,
        sold: counts.sold,
        blocked: counts.blocked,
        rows,
    }
}

pub fn sale(board: &Board) -> Bytes {
    frame::text(&LiveFrame::Sale(LiveSale {
        seq: board.lsn(),
        status: event_status::render(board.phase()),
        sale_window: sale_window::render(board.layout().policy().sale),
    }))
}

/// Of tiers that anybody may see: the frame goes to all.
pub fn counts(now: &inventory::Availability, layout: &Layout) -> Bytes {
    let is_public = |id| layout.tier(id).is_some_and(|at| !layout.tiers()[at.ix()].is_hidden());
    let tiers = now.tiers.iter().filter(|tier| is_public(tier.tier)).map(|tier| TierCounts {
        id: tier.tier.uuid(),
        free: tier.free,
        held: tier.held,
        sold: tier.sold,
    });
    frame::text(&LiveFrame::Counts(LiveCounts { seq: now.lsn.0, totals: render(now.totals), tiers: tiers.collect() }))
}

const fn code(state: SeatState) -> u8 {
    match state {
        SeatState::Free => 0,
        SeatState::Held => 1,
        SeatState::Sold => 2,
        SeatState::Blocked => 3,
    }
}

const fn render(counts: Counts) -> wire::Counts {
    wire::Counts { free: counts.free, held: counts.held, sold: counts.sold, blocked: counts.blocked }
}
