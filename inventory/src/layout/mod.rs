//! The checked and indexed form of an event's seat map, tiers and policy. Immutable and shared: names are resolved to
//! indices outside the event's actor, and the rules read it without a lookup by name.
//!
//! Seats, rows, sections and areas keep their indices from publication on, tiers from the moment they are added. What
//! is sold, held or withheld is not here (`house`).

mod check;
mod cover;
mod grid;
mod spec;

use std::sync::Arc;

pub(crate) use check::{
    PolicyFacts, check_access_code, check_discount_code, check_policy, check_seat_map, check_tier, check_tiers,
};
pub(crate) use cover::{Cover, tiers_with};
pub(crate) use grid::{Grid, Lane, Part, Spot};

use crate::{AreaIx, Currency, Policy, SeatIx, SeatMapSpec, SectionIx, TierId, TierIx, TierSpec};

/// Of an event whose policy nobody has set.
const CURRENCY_DEFAULT: Currency = match Currency::new("EUR") {
    Some(currency) => currency,
    None => panic!("three upper-case letters"),
};

#[derive(Debug)]
pub struct Layout {
    pub(crate) grid: Arc<Grid>,
    pub(crate) cover: Cover,
    tiers: Vec<TierSpec>,
    policy: Policy,
}

impl Layout {
    pub(crate) fn empty() -> Self {
        Self::new(Arc::new(Grid::empty()), Vec::new(), Policy::new(CURRENCY_DEFAULT))
    }

    pub(crate) fn new(grid: Arc<Grid>, tiers: Vec<TierSpec>, policy: Policy) -> Self {
        let cover = Cover::new(&grid, &tiers);
        Self { grid, cover, tiers, policy }
    }

    pub(crate) fn with_policy(&self, policy: Policy) -> Self {
        Self { grid: Arc::clone(&self.grid), cover: self.cover.clone(), tiers: self.tiers.clone(), policy }
    }

    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// By index, deleted ones included.
    pub fn tiers(&self) -> &[TierSpec] {
        &self.tiers
    }

    /// In the order in which they are shown.
    pub fn tiers_shown(&self) -> Vec<&TierSpec> {
        let mut tiers: Vec<&TierSpec> = self.tiers.iter().filter(|tier| !tier.terms.deleted).collect();
        tiers.sort_by_key(|tier| tier.terms.position);
        tiers
    }

    /// `None` also for a deleted one.
    pub fn tier(&self, id: TierId) -> Option<TierIx> {
        let at = self.tiers.iter().position(|tier| tier.id == id && !tier.terms.deleted)?;
        u8::try_from(at).ok().map(TierIx)
    }

    pub fn has_seat_map(&self) -> bool {
        self.grid.is_set()
    }

    /// The seat map as it was set, rebuilt.
    pub fn seat_map(&self) -> Option<SeatMapSpec> {
        self.grid.is_set().then(|| self.grid.spec())
    }

    pub fn seat_count(&self) -> u32 {
        self.grid.seat_count()
    }

    pub fn has_block(&self, name: &str) -> bool {
        self.grid.find_block(name).is_some()
    }

    pub fn section_count(&self) -> usize {
        self.grid.sections.len()
    }

    pub fn area_count(&self) -> usize {
        self.grid.areas.len()
    }

    /// `public_id` is `section-row-number`.
    pub fn seat(&self, public_id: &str) -> Option<SeatIx> {
        let mut parts = public_id.split('-');
        let (section, row, number) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        self.grid.find_seat(self.section(section)?, row, number)
    }

    /// # Panics
    /// When the seat is not of this layout.
    pub fn seat_id(&self, seat: SeatIx) -> String {
        self.grid.seat_id(seat)
    }

    pub fn section(&self, id: &str) -> Option<SectionIx> {
        self.grid.find_section(id)
    }

    /// # Panics
    /// When the section is not of this layout.
    pub fn section_id(&self, section: SectionIx) -> &str {
        &self.grid.sections[section.ix()].id
    }

    pub fn area(&self, id: &str) -> Option<AreaIx> {
        self.grid.find_area(id)
    }

    /// # Panics
    /// When the area is not of this layout.
    pub fn area_id(&self, area: AreaIx) -> &str {
        &self.grid.areas[area.ix()].id
    }

    /// What people call the section or area of this id. `None`: there is none, or it was given no name.
    pub fn part_name(&self, id: &str) -> Option<&str> {
        let name = match (self.section(id), self.area(id)) {
            (Some(section), _) => &self.grid.sections[section.ix()].name,
            (None, Some(area)) => &self.grid.areas[area.ix()].name,
            (None, None) => return None,
        };
        Some(&**name).filter(|name| !name.is_empty())
    }

    /// The section in which a seat is.
    ///
    /// # Panics
    /// When the seat is not of this layout.
    pub fn section_of(&self, seat: SeatIx) -> SectionIx {
        self.grid.rows[self.grid.spot(seat).row as usize].section
    }
}
