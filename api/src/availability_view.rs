//! How availability is shown: of now, and of any moment before.

use std::collections::HashMap;

use inventory::{Layout, RowStates, SectionAvailability, TierSpec};
use wire::{Availability, Counts, SectionCounts, TierCounts};

use crate::event_status;

/// `rows`: `None` when seats were not asked for. `section`: only this one.
pub fn render(
    now: inventory::Availability,
    rows: Option<Vec<RowStates>>,
    section: Option<&str>,
    layout: &Layout,
    shows: impl Fn(&TierSpec) -> bool,
) -> Availability {
    let with_seats = rows.is_some();
    let mut rows_of: HashMap<String, Vec<wire::RowStates>> = HashMap::new();
    for row in rows.into_iter().flatten() {
        rows_of.entry(row.section).or_default().push(wire::RowStates { id: row.row, seats: row.states });
    }
    let is_asked = |it: &SectionAvailability| section.is_none_or(|id| id == it.id);
    let sections = now.sections.into_iter().filter(is_asked).map(|section| SectionCounts {
        area: section.is_area,
        free: section.counts.free,
        held: section.counts.held,
        sold: section.counts.sold,
        blocked: section.counts.blocked,
        rows: if with_seats && !section.is_area { rows_of.remove(&section.id) } else { None },
        id: section.id,
    });
    let sections = sections.collect();
    let is_seen = |id| layout.tier(id).is_some_and(|at| shows(&layout.tiers()[at.ix()]));
    let tiers = now.tiers.iter().filter(|tier| is_seen(tier.tier)).map(|tier| TierCounts {
        id: tier.tier.uuid(),
        free: tier.free,
        held: tier.held,
        sold: tier.sold,
    });
    Availability {
        seq: now.lsn.0,
        status: event_status::render(now.phase),
        totals: counts(now.totals),
        tiers: tiers.collect(),
        sections,
    }
}

const fn counts(counts: inventory::Counts) -> Counts {
    Counts { free: counts.free, held: counts.held, sold: counts.sold, blocked: counts.blocked }
}
