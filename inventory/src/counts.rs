//! Availability, from counters.

use crate::layout::Part;
use crate::{
    Availability, Counts, Inventory, RowStates, SeatIx, SectionAvailability, SectionIx, TierAvailability, TierIx,
};

impl Inventory {
    /// Costs a pass over sections, areas, tiers and their cells; no seat is counted.
    pub fn availability(&self) -> Availability {
        let sections: Vec<SectionAvailability> = self.layout.grid.parts.iter().map(|part| self.part(*part)).collect();
        let totals = sections.iter().fold(Counts::default(), |sum, section| sum.plus(section.counts));
        let tiers = (0..self.layout.tiers().len()).map(|tier| self.tier(TierIx(tier as u8))).collect();
        Availability { lsn: self.lsn, phase: self.phase, totals, tiers, sections }
    }

    /// What could be held now of that tier of which most is left, among those that are offered to everybody. At nothing, the
    /// event is sold out.
    pub fn units_on_offer(&self) -> u32 {
        let tiers = self.layout.tiers().iter().enumerate().filter(|(_, tier)| tier.is_offered());
        tiers.map(|(at, _)| self.tier(TierIx(at as u8)).free).max().unwrap_or(0)
    }

    fn part(&self, part: Part) -> SectionAvailability {
        match part {
            Part::Section(section) => SectionAvailability {
                id: self.layout.section_id(section).to_owned(),
                is_area: false,
                counts: self.house.section(section.ix()),
            },
            Part::Area(area) => SectionAvailability {
                id: self.layout.area_id(area).to_owned(),
                is_area: true,
                counts: self.house.area(area).counts(),
            },
        }
    }

    fn tier(&self, tier: TierIx) -> TierAvailability {
        let (cover, sales) = (&self.layout.cover, self.sales.tier(tier));
        let covered = |mask: &u64| mask >> tier.0 & 1 == 1;
        let seats: u32 =
            (0..).zip(&cover.cells).filter(|(_, mask)| covered(mask)).map(|(cell, _)| self.house.cell_free(cell)).sum();
        let units: u32 = (0..)
            .zip(&cover.areas)
            .filter(|(_, mask)| covered(mask))
            .map(|(area, _)| self.house.area(crate::AreaIx(area)).free())
            .sum();
        let quotas = cover.tier_quotas[tier.ix()]
            .iter()
            .map(|quota| cover.quotas[usize::from(*quota)].limit.saturating_sub(self.sales.quota_used(*quota)));
        let places = seats + units;
        let free = quotas.fold(places, u32::min);
        TierAvailability {
            tier: self.layout.tiers()[tier.ix()].id,
            free,
            held: sales.held,
            sold: sales.sold,
            steps_used: self.sales.steps(tier).to_vec(),
        }
    }

    /// The state of each seat, row by row, one letter per seat (gaps have none); of one section, or of all. Empty for a
    /// section that is not there.
    pub fn row_states(&self, section: Option<&str>) -> Vec<RowStates> {
        let grid = &self.layout.grid;
        let wanted = section.map(|id| grid.find_section(id));
        let sections = (0..grid.sections.len() as u16).map(SectionIx);
        sections
            .filter(|section| wanted.is_none_or(|wanted| wanted == Some(*section)))
            .flat_map(|section| grid.sections[section.ix()].rows.clone().map(move |row| (section, row)))
            .map(|(section, row)| {
                let row = &grid.rows[row as usize];
                let seats = row.first_seat..row.first_seat + row.seats.count_ones();
                RowStates {
                    section: grid.sections[section.ix()].id.to_string(),
                    row: row.id.to_string(),
                    states: seats.map(|seat| self.house.state(grid, SeatIx(seat)).letter()).collect(),
                }
            })
            .collect()
    }

    /// Free seats of each cell, counted from the rows: what the counters must say.
    pub(crate) fn recount_cells(&self) -> Vec<u32> {
        let grid = &self.layout.grid;
        let mut cells = vec![0; grid.cells.len()];
        for lane in &grid.lanes {
            cells[lane.cell as usize] += (self.house.free_in_row(lane.row) & lane.mask).count_ones();
        }
        cells
    }
}
