//! From a checked seat map to the tables.

use hashbrown::HashMap;

use super::{Area, Cell, Grid, Lane, NO_BLOCK, NO_CATEGORY, Part, Row, Section, Spot, inline};
use crate::{AreaIx, SeatMapSpec, SectionIx, SectionKind, SectionSpec};

/// Distance between the centres of two rows, centimetres.
const ROW_PITCH_CM: u64 = 90;

impl Grid {
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
