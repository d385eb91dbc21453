//! The way back from the tables to the seat map that was set.

use super::Grid;
use super::grid::{NO_BLOCK, NO_CATEGORY, Part, Row};
use crate::{RowSpec, SeatMapSpec, SeatSpec, SectionKind, SectionSpec};

impl Grid {
    pub fn spec(&self) -> SeatMapSpec {
        let sections = self.parts.iter().map(|part| self.part_spec(*part)).collect();
        SeatMapSpec { sections, focal_point: self.focal_point }
    }

    fn part_spec(&self, part: Part) -> SectionSpec {
        match part {
            Part::Area(area) => {
                let area = &self.areas[area.ix()];
                SectionSpec {
                    id: area.id.to_string(),
                    name: area.name.to_string(),
                    position: area.position,
                    block: self.block_name(area.block),
                    kind: SectionKind::Area { capacity: area.capacity, category: self.category_name(area.category) },
                }
            }
            Part::Section(section) => {
                let section = &self.sections[section.ix()];
                let rows = &self.rows[section.rows.start as usize..section.rows.end as usize];
                SectionSpec {
                    id: section.id.to_string(),
                    name: section.name.to_string(),
                    position: section.position,
                    block: self.block_name(section.block),
                    kind: SectionKind::Rows(rows.iter().map(|row| self.row_spec(row)).collect()),
                }
            }
        }
    }

    fn row_spec(&self, row: &Row) -> RowSpec {
        let mut seat = crate::SeatIx(row.first_seat);
        let seats = (0..row.width).map(|position| {
            let bit = 1u128 << position;
            (row.seats & bit != 0).then(|| {
                let spec = SeatSpec {
                    number: self.number(seat).to_owned(),
                    category: self.category_name(self.category_of(seat)),
                    accessible: row.accessible & bit != 0,
                    companion: row.companion & bit != 0,
                    block: self.block_name(self.own_blocks[seat.ix()]),
                };
                seat.0 += 1;
                spec
            })
        });
        RowSpec { id: row.id.to_string(), seats: seats.collect() }
    }

    fn block_name(&self, block: u8) -> Option<String> {
        (block != NO_BLOCK).then(|| self.blocks[usize::from(block)].to_string())
    }

    fn category_name(&self, category: u16) -> Option<String> {
        (category != NO_CATEGORY).then(|| self.categories[usize::from(category)].to_string())
    }
}
