//! Who is inside an event, in all, by tier and by check-in list: for whoever asks, and for the live feed.

use std::collections::BTreeMap;

use engine::EventHandle;
use inventory::{EventId, Layout, PartHeadcount, ScanList};
use persistence::CheckInList;
use wire::{ListOccupancy, Occupancy, TierOccupancy};

use crate::check_in_list;
use crate::error::ApiError;
use crate::state::AppState;

/// At this moment. Costs the same whatever the size of the event.
///
/// # Errors
/// The event or the store is not available.
pub async fn of(state: &AppState, handle: &EventHandle, event: EventId) -> Result<Occupancy, ApiError> {
    let parts = handle.headcounts().await?;
    let lists = state.store.check_in_list_list(event, None, check_in_list::LISTS_MAX).await?;
    Ok(occupied(&handle.layout(), &parts, &lists))
}

fn occupied(layout: &Layout, parts: &[PartHeadcount], lists: &[CheckInList]) -> Occupancy {
    let (inside, left) = sum(parts.iter());
    let mut tiers: BTreeMap<u8, (u32, u32)> = BTreeMap::new();
    for part in parts {
        let count = tiers.entry(part.tier.0).or_default();
        count.0 += part.count.inside;
        count.1 += part.count.left;
    }
    let tiers = tiers.into_iter().filter_map(|(tier, (inside, left))| {
        let tier = layout.tiers().get(usize::from(tier))?;
        Some(TierOccupancy { tier_id: tier.id.uuid(), name: tier.name.clone(), inside, left })
    });
    let lists = lists.iter().map(|list| {
        let rule = check_in_list::of(list);
        let (inside, left) = sum(parts.iter().filter(|part| is_on(layout, part, &rule)));
        ListOccupancy { list_id: list.id, name: list.name.clone(), gate: list.gate.clone(), inside, left }
    });
    Occupancy { inside, left, entered: inside + left, tiers: tiers.collect(), lists: lists.collect() }
}

fn sum<'a>(parts: impl Iterator<Item = &'a PartHeadcount>) -> (u32, u32) {
    parts.fold((0, 0), |(inside, left), part| (inside + part.count.inside, left + part.count.left))
}

fn is_on(layout: &Layout, part: &PartHeadcount, list: &ScanList) -> bool {
    let is_of_tier = layout.tiers().get(part.tier.ix()).is_some_and(|tier| list.tiers.contains(&tier.id));
    (list.tiers.is_empty() || is_of_tier) && (list.sections.is_empty() || list.sections.contains(&part.part))
}
