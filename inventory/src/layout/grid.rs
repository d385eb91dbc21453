//! The seat map as dense tables. A row is a word of 128 positions; a *lane* is what best available may put together:
//! the seats of one row, category and access class. Lanes are numbered by distance to the focal point, so that "the
//! nearest" is "the lowest". A *cell* is the same over a whole section: what one tier covers is a set of cells.

use hashbrown::HashMap;

use crate::limits::SEAT_NUMBER_BYTES_MAX;
use crate::{AreaIx, SeatIx, SeatMapSpec, SectionIx, SectionKind, SectionSpec};

/// Distance between the centres of two rows, centimetres.
const ROW_PITCH_CM: u64 = 90;

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
        let before = row.seats & ((1u128 << position) - 1);
        SeatIx(row.first_seat + before.count_ones())
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

    /// The spec must have passed [`super::check_seat_map`].
    pub fn build(spec: &SeatMapSpec) -> Self {
        let mut grid = Self { focal_point: spec.focal_point, ..Self::default() };
        for section in &spec.sections {
            let block = grid.intern_block(section.block.as_deref());
            let part = match &section.kind {
                SectionKind::Area { capacity, category } => {
                    let category = grid.intern_category(category.as_deref());
                    grid.areas.push(Area {
                        id: section.id.as_str().into(),
                        name: section.name.as_str().into(),
                        position: section.position,
                        block,
                        capacity: *capacity,
                        category,
                    });
                    Part::Area(AreaIx((grid.areas.len() - 1) as u16))
                }
                SectionKind::Rows(_) => grid.add_section(section, block),
            };
            grid.parts.push(part);
            grid.names.insert(section.id.as_str().into(), part);
        }
        grid.build_lanes();
        grid
    }

    fn add_section(&mut self, spec: &SectionSpec, block: u8) -> Part {
        let section = SectionIx(self.sections.len() as u16);
        let (first_row, first_seat) = (self.rows.len() as u32, self.spots.len() as u32);
        let SectionKind::Rows(rows) = &spec.kind else { unreachable!("only sections of rows are added") };
        for row_spec in rows {
            let index = self.rows.len() as u32;
            let mut row = Row {
                id: row_spec.id.as_str().into(),
                section,
                first_seat: self.spots.len() as u32,
                width: row_spec.seats.len() as u8,
                seats: 0,
                accessible: 0,
                companion: 0,
                lanes: 0..0,
            };
            for (position, seat) in row_spec.seats.iter().enumerate() {
                let Some(seat) = seat else { continue };
                let bit = 1u128 << position;
                row.seats |= bit;
                row.accessible |= if seat.accessible { bit } else { 0 };
                row.companion |= if seat.companion { bit } else { 0 };
                self.spots.push(index << 7 | position as u32);
                self.numbers.push(inline(&seat.number).expect("checked numbers are short"));
                let own = self.intern_block(seat.block.as_deref());
                self.own_blocks.push(own);
                let category = self.intern_category(seat.category.as_deref());
                self.own_categories.push(category);
            }
            self.rows.push(row);
        }
        self.sections.push(Section {
            id: spec.id.as_str().into(),
            name: spec.name.as_str().into(),
            position: spec.position,
            block,
            rows: first_row..self.rows.len() as u32,
            lanes: Vec::new(),
            seats: self.spots.len() as u32 - first_seat,
        });
        Part::Section(section)
    }

    fn intern_block(&mut self, name: Option<&str>) -> u8 {
        name.map_or(NO_BLOCK, |name| intern(&mut self.blocks, name) as u8)
    }

    fn intern_category(&mut self, name: Option<&str>) -> u16 {
        name.map_or(NO_CATEGORY, |name| intern(&mut self.categories, name) as u16)
    }

    fn build_lanes(&mut self) {
        let mut order: Vec<u32> = (0..self.rows.len() as u32).collect();
        order.sort_by_key(|row| (self.distance(*row), *row));
        let mut cells: HashMap<Cell, u32> = HashMap::new();
        for row_index in order {
            let first_lane = self.lanes.len() as u32;
            let row = &self.rows[row_index as usize];
            let (section, width) = (row.section, row.width);
            let reserved_seats = row.accessible | row.companion;
            if row.accessible != 0 {
                self.accessible_rows.push(row_index);
            }
            let mut left = row.seats;
            while left != 0 {
                let first = Spot { row: row_index, position: left.trailing_zeros() };
                let category = self.category_of(self.seat_at(row_index, first.position));
                let reserved = reserved_seats & first.bit() != 0;
                let mut mask = 0;
                let mut rest = left;
                while rest != 0 {
                    let position = rest.trailing_zeros();
                    let bit = 1u128 << position;
                    rest &= rest - 1;
                    let same = self.category_of(self.seat_at(row_index, position)) == category;
                    mask |= if same && (reserved_seats & bit != 0) == reserved { bit } else { 0 };
                }
                left &= !mask;
                let cell = Cell { section, category, reserved };
                let next = cells.len() as u32;
                let cell_index = *cells.entry(cell).or_insert(next);
                if cell_index == next {
                    self.cells.push(cell);
                }
                if !reserved {
                    self.sections[section.ix()].lanes.push(self.lanes.len() as u32);
                }
                self.lanes.push(Lane { mask, row: row_index, cell: cell_index, section, width });
            }
            self.rows[row_index as usize].lanes = first_lane..self.lanes.len() as u32;
        }
    }

    /// From the focal point to the row's centre, centimetres: rows stand behind one another, away from the focal point.
    fn distance(&self, row: u32) -> u64 {
        let section = &self.sections[self.rows[row as usize].section.ix()];
        let dx = i64::from(section.position.0) - i64::from(self.focal_point.0);
        let dy = i64::from(section.position.1) - i64::from(self.focal_point.1);
        let behind = u64::from(row - section.rows.start);
        (dx * dx + dy * dy).unsigned_abs().isqrt() + behind * ROW_PITCH_CM
    }
}

fn intern(names: &mut Vec<Box<str>>, name: &str) -> usize {
    names.iter().position(|known| **known == *name).unwrap_or_else(|| {
        names.push(name.into());
        names.len() - 1
    })
}

fn inline(number: &str) -> Option<[u8; SEAT_NUMBER_BYTES_MAX]> {
    let mut bytes = [0; SEAT_NUMBER_BYTES_MAX];
    bytes.get_mut(..number.len())?.copy_from_slice(number.as_bytes());
    (!number.is_empty()).then_some(bytes)
}
