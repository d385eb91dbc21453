//! The seat map, flattened: every seat and area with what the rules ask about it.

use std::collections::BTreeSet;

use crate::{SeatMapSpec, SectionKind, limits};

pub(super) struct Map {
    pub sections: Vec<Section>,
    pub seats: Vec<Seat>,
    pub areas: Vec<Area>,
    pub focal_point: (i32, i32),
    /// Every name of a block in the map, even of one that no seat is in.
    pub blocks: BTreeSet<String>,
}

pub(super) struct Section {
    pub id: String,
    pub position: (i32, i32),
    /// Positions of every row, gaps included.
    pub rows: Vec<usize>,
}

pub(super) struct Seat {
    /// Index into `sections`.
    pub section: usize,
    pub row: usize,
    /// Gaps count: seats on the sides of a gap are not adjacent.
    pub column: usize,
    pub category: Option<String>,
    pub accessible: bool,
    pub companion: bool,
    pub block: Option<String>,
}

pub(super) struct Area {
    pub id: String,
    pub category: Option<String>,
    pub capacity: u32,
    pub block: Option<String>,
}

impl Map {
    pub fn new(spec: &SeatMapSpec) -> Self {
        let mut map = Self {
            sections: Vec::new(),
            seats: Vec::new(),
            areas: Vec::new(),
            focal_point: spec.focal_point,
            blocks: BTreeSet::new(),
        };
        for section in &spec.sections {
            map.blocks.extend(section.block.clone());
            match &section.kind {
                SectionKind::Rows(rows) => {
                    let ix = map.sections.len();
                    map.sections.push(Section {
                        id: section.id.clone(),
                        position: section.position,
                        rows: rows.iter().map(|row| row.seats.len()).collect(),
                    });
                    for (row_ix, row) in rows.iter().enumerate() {
                        for (column, seat) in row.seats.iter().enumerate() {
                            let Some(seat) = seat else { continue };
                            map.blocks.extend(seat.block.clone());
                            map.seats.push(Seat {
                                section: ix,
                                row: row_ix,
                                column,
                                category: seat.category.clone(),
                                accessible: seat.accessible,
                                companion: seat.companion,
                                block: seat.block.clone().or_else(|| section.block.clone()),
                            });
                        }
                    }
                }
                SectionKind::Area { capacity, category } => map.areas.push(Area {
                    id: section.id.clone(),
                    category: category.clone(),
                    capacity: *capacity,
                    block: section.block.clone(),
                }),
            }
        }
        map
    }

    pub fn has_section(&self, id: &str) -> bool {
        self.sections.iter().any(|section| section.id == id) || self.areas.iter().any(|area| area.id == id)
    }

    pub fn has_category(&self, category: &str) -> bool {
        self.seats.iter().any(|seat| seat.category.as_deref() == Some(category))
            || self.areas.iter().any(|area| area.category.as_deref() == Some(category))
    }

    pub fn has_block(&self, block: &str) -> bool {
        self.blocks.contains(block)
    }
}

pub(super) fn is_label(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= limits::LABEL_BYTES_MAX
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.')
}

/// Whether the spec is one that an event can be sold by.
pub(super) fn is_valid(spec: &SeatMapSpec) -> bool {
    let mut ids = BTreeSet::new();
    let mut seats = 0;
    for section in &spec.sections {
        if !is_label(&section.id) || !ids.insert(&section.id) || section.name.len() > limits::NAME_BYTES_MAX {
            return false;
        }
        if section.block.as_deref().is_some_and(|block| !is_label(block)) {
            return false;
        }
        match &section.kind {
            SectionKind::Area { capacity, category } => {
                if *capacity == 0
                    || *capacity > limits::AREA_CAPACITY_MAX
                    || category.as_deref().is_some_and(|category| !is_label(category))
                {
                    return false;
                }
            }
            SectionKind::Rows(rows) => {
                let mut row_ids = BTreeSet::new();
                if rows.is_empty() || rows.len() > limits::ROWS_PER_SECTION_MAX {
                    return false;
                }
                for row in rows {
                    if !is_label(&row.id) || !row_ids.insert(&row.id) || row.seats.len() > limits::SEATS_PER_ROW_MAX {
                        return false;
                    }
                    if row.seats.iter().flatten().next().is_none() {
                        return false;
                    }
                    let mut numbers = BTreeSet::new();
                    for seat in row.seats.iter().flatten() {
                        seats += 1;
                        if !is_label(&seat.number)
                            || seat.number.len() > limits::SEAT_NUMBER_BYTES_MAX
                            || !numbers.insert(&seat.number)
                            || seat.category.as_deref().is_some_and(|category| !is_label(category))
                            || seat.block.as_deref().is_some_and(|block| !is_label(block))
                        {
                            return false;
                        }
                    }
                }
            }
        }
    }
    !spec.sections.is_empty()
        && spec.sections.len() <= limits::SECTIONS_PER_EVENT_MAX
        && seats <= limits::SEATS_PER_EVENT_MAX
}
