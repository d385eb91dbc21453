//! The seat map as dense tables. A row is a word of 128 positions; a *lane* is what best available may put together:
//! the seats of one row, category and access class. Lanes are numbered by distance to the focal point, so that "the
//! nearest" is "the lowest". A *cell* is the same over a whole section: what one tier covers is a set of cells.

mod build;

use hashbrown::HashMap;

use crate::limits::SEAT_NUMBER_BYTES_MAX;
use crate::{AreaIx, SeatIx, SectionIx};

pub(crate) const NO_BLOCK: u8 = u8::MAX;
pub(crate) const NO_CATEGORY: u16 = u16::MAX;

#[derive(Debug)]
pub(crate) struct Section {
    pub id: Box<str>,
    pub name: Box<str>,
    pub position: (i32, i32),
    pub block: u8,
    pub rows: std::ops::Range<u32>,
    /// Ordinary lanes, nearest first.
    pub lanes: Vec<u32>,
    pub seats: u32,
}

#[derive(Debug)]
pub(crate) struct Area {
    pub id: Box<str>,
    pub name: Box<str>,
    pub position: (i32, i32),
    pub block: u8,
    pub capacity: u32,
    pub category: u16,
}

#[derive(Debug)]
pub(crate) struct Row {
    pub id: Box<str>,
    pub section: SectionIx,
    pub first_seat: u32,
    /// Positions, gaps included.
    pub width: u8,
    pub seats: u128,
    pub accessible: u128,
    pub companion: u128,
    /// Consecutive, because lanes are sorted by row first.
    pub lanes: std::ops::Range<u32>,
}

#[derive(Debug)]
pub(crate) struct Lane {
    pub mask: u128,
    pub row: u32,
    pub cell: u32,
    pub section: SectionIx,
    pub width: u8,
}

/// Seats of one section, category and access class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cell {
    pub section: SectionIx,
    pub category: u16,
    /// Accessible and companion seats: best available leaves them to those who need them.
    pub reserved: bool,
}

/// Where a seat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    pub row: u32,
    pub position: u32,
}

impl Spot {
    #[inline]
    pub const fn bit(self) -> u128 {
        1 << self.position
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Section(SectionIx),
    Area(AreaIx),
}

#[derive(Debug, Default)]
pub(crate) struct Grid {
    /// Sections and areas in the order of the spec.
    pub parts: Vec<Part>,
    pub sections: Vec<Section>,
    pub areas: Vec<Area>,
    pub rows: Vec<Row>,
    pub lanes: Vec<Lane>,
    /// Rows with accessible seats, nearest first.
    pub accessible_rows: Vec<u32>,
    pub cells: Vec<Cell>,
    pub categories: Vec<Box<str>>,
    pub blocks: Vec<Box<str>>,
    pub focal_point: (i32, i32),
    names: HashMap<Box<str>, Part>,
    /// `row << 7 | position` of each seat.
    spots: Vec<u32>,
    numbers: Vec<[u8; SEAT_NUMBER_BYTES_MAX]>,
    /// The seat's own block, or [`NO_BLOCK`]: then its section's holds.
    pub own_blocks: Vec<u8>,
    own_categories: Vec<u16>,
}

impl Grid {
    pub fn empty() -> Self {
        Self::default()
    }

    pub fn is_set(&self) -> bool {
        !self.parts.is_empty()
    }

    pub fn seat_count(&self) -> u32 {
        self.spots.len() as u32
    }

    #[inline]
    pub fn spot(&self, seat: SeatIx) -> Spot {
        let packed = self.spots[seat.ix()];
        Spot { row: packed >> 7, position: packed & 127 }
    }

    #[inline]
    pub fn seat_at(&self, row: u32, position: u32) -> SeatIx {
        let row = &self.rows[row as usize];
        let before = (1u128 << position) - 1;
        // Most rows have no gaps there, and counting bits is dear.
        let seats = if row.seats & before == before { position } else { (row.seats & before).count_ones() };
        SeatIx(row.first_seat + seats)
    }

    /// The lane of a seat.
    #[inline]
    pub fn lane_of(&self, spot: Spot) -> u32 {
        let lanes = &self.rows[spot.row as usize].lanes;
        let mut lane = lanes.start;
        while self.lanes[lane as usize].mask & spot.bit() == 0 {
            lane += 1;
            debug_assert!(lane < lanes.end, "every seat has a lane");
        }
        lane
    }

    pub fn block_of(&self, seat: SeatIx) -> u8 {
        match self.own_blocks[seat.ix()] {
            NO_BLOCK => self.sections[self.rows[self.spot(seat).row as usize].section.ix()].block,
            own => own,
        }
    }

    pub fn find_block(&self, name: &str) -> Option<u8> {
        self.blocks.iter().position(|block| **block == *name).map(|at| at as u8)
    }

    pub fn find_section(&self, id: &str) -> Option<SectionIx> {
        match self.names.get(id)? {
            Part::Section(section) => Some(*section),
            Part::Area(_) => None,
        }
    }

    pub fn find_area(&self, id: &str) -> Option<AreaIx> {
        match self.names.get(id)? {
            Part::Area(area) => Some(*area),
            Part::Section(_) => None,
        }
    }

    pub fn knows_part(&self, id: &str) -> bool {
        self.names.contains_key(id)
    }

    pub fn find_seat(&self, section: SectionIx, row: &str, number: &str) -> Option<SeatIx> {
        let wanted = inline(number)?;
        let rows = self.sections[section.ix()].rows.clone();
        let row = self.rows[rows.start as usize..rows.end as usize].iter().find(|it| *it.id == *row)?;
        let first = row.first_seat as usize;
        let numbers = &self.numbers[first..first + row.seats.count_ones() as usize];
        let at = numbers.iter().position(|number| *number == wanted)?;
        Some(SeatIx((first + at) as u32))
    }

    pub fn seat_id(&self, seat: SeatIx) -> String {
        let row = &self.rows[self.spot(seat).row as usize];
        let section = &self.sections[row.section.ix()];
        format!("{}-{}-{}", section.id, row.id, self.number(seat))
    }

    pub fn number(&self, seat: SeatIx) -> &str {
        let bytes = &self.numbers[seat.ix()];
        let len = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        std::str::from_utf8(&bytes[..len]).expect("checked labels are ASCII")
    }

    pub fn category_of(&self, seat: SeatIx) -> u16 {
        self.own_categories[seat.ix()]
    }
}

fn inline(number: &str) -> Option<[u8; SEAT_NUMBER_BYTES_MAX]> {
    let mut bytes = [0; SEAT_NUMBER_BYTES_MAX];
    bytes.get_mut(..number.len())?.copy_from_slice(number.as_bytes());
    (!number.is_empty()).then_some(bytes)
}
