//! What each tier covers and which quotas bind it: tables that follow from the tiers and the grid.

use super::Grid;
use super::grid::NO_CATEGORY;
use crate::{SaleWindow, TierSpec};

#[derive(Clone, Debug)]
pub(crate) struct Quota {
    pub id: String,
    pub limit: u32,
    /// Bit per tier that draws on it.
    pub tiers: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Cover {
    /// Bit per tier that covers the cell.
    pub cells: Vec<u64>,
    /// Bit per tier that covers the area.
    pub areas: Vec<u64>,
    /// Per tier: bit per ordinary lane that it covers.
    pub lanes: Vec<Vec<u64>>,
    pub quotas: Vec<Quota>,
    /// Per tier: the quotas that bind it.
    pub tier_quotas: Vec<Vec<u8>>,
    /// Tiers with `open` set.
    pub open: u64,
    /// Open tiers without sale window or access code.
    pub always_on_sale: u64,
    /// Tiers with price steps.
    pub stepped: u64,
    /// Tiers that a code of the event may open.
    pub coded: u64,
}

impl Cover {
    pub fn new(grid: &Grid, tiers: &[TierSpec]) -> Self {
        let cells: Vec<u64> = grid
            .cells
            .iter()
            .map(|cell| mask_of(grid, tiers, &grid.sections[cell.section.ix()].id, cell.category))
            .collect();
        let areas = grid.areas.iter().map(|area| mask_of(grid, tiers, &area.id, area.category)).collect();
        let words = grid.lanes.len().div_ceil(64);
        let mut lanes = vec![vec![0; words]; tiers.len()];
        for (at, lane) in grid.lanes.iter().enumerate() {
            if grid.cells[lane.cell as usize].reserved {
                continue;
            }
            let mut mask = cells[lane.cell as usize];
            while mask != 0 {
                lanes[mask.trailing_zeros() as usize][at / 64] |= 1u64 << (at % 64);
                mask &= mask - 1;
            }
        }
        let (quotas, tier_quotas) = quotas_of(tiers);
        let open = bits(tiers, |tier| tier.open);
        let unbound = |tier: &TierSpec| tier.open && tier.sale == SaleWindow::ALWAYS && !tier.is_hidden();
        let always_on_sale = bits(tiers, unbound);
        let stepped = bits(tiers, |tier| !tier.terms.price_steps.is_empty());
        let coded = bits(tiers, |tier| tier.terms.needs_code);
        Self { cells, areas, lanes, quotas, tier_quotas, open, always_on_sale, stepped, coded }
    }
}

fn mask_of(grid: &Grid, tiers: &[TierSpec], part: &str, category: u16) -> u64 {
    let category = (category != NO_CATEGORY).then(|| &*grid.categories[usize::from(category)]);
    let covers = |tier: &TierSpec| {
        (tier.sections.is_empty() || tier.sections.iter().any(|id| id == part))
            && (tier.categories.is_empty() || category.is_some_and(|name| tier.categories.iter().any(|it| it == name)))
    };
    bits(tiers, covers)
}

/// Bit per tier for which `holds`.
fn bits(tiers: &[TierSpec], holds: impl Fn(&TierSpec) -> bool) -> u64 {
    tiers.iter().enumerate().fold(0, |mask, (at, tier)| mask | u64::from(holds(tier)) << at)
}

fn quotas_of(tiers: &[TierSpec]) -> (Vec<Quota>, Vec<Vec<u8>>) {
    let mut quotas: Vec<Quota> = Vec::new();
    let mut tier_quotas = Vec::with_capacity(tiers.len());
    for (tier_at, tier) in tiers.iter().enumerate() {
        let mut bound = Vec::with_capacity(tier.quotas.len());
        for spec in &tier.quotas {
            let at = quotas.iter().position(|quota| quota.id == spec.id).unwrap_or_else(|| {
                quotas.push(Quota { id: spec.id.clone(), limit: spec.limit, tiers: 0 });
                quotas.len() - 1
            });
            quotas[at].tiers |= 1u64 << tier_at;
            bound.push(at as u8);
        }
        tier_quotas.push(bound);
    }
    (quotas, tier_quotas)
}

/// The tiers once `spec` is added, or has replaced the one with its id. The limits it says for shared quotas hold for
/// all that share them.
pub(crate) fn tiers_with(tiers: &[TierSpec], spec: &TierSpec) -> Vec<TierSpec> {
    let mut next = tiers.to_vec();
    for quota in next.iter_mut().flat_map(|tier| &mut tier.quotas) {
        if let Some(said) = spec.quotas.iter().find(|said| said.id == quota.id) {
            quota.limit = said.limit;
        }
    }
    match next.iter_mut().find(|tier| tier.id == spec.id) {
        Some(tier) => tier.clone_from(spec),
        None => next.push(spec.clone()),
    }
    next
}
