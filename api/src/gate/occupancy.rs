use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use inventory::{EventId, Layout, PartHeadcount, ScanList};
use wire::{ListOccupancy, Occupancy, TierOccupancy};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::{check_in_list, conditional};

/// Shows who is inside
///
/// At this moment, in all, by tier and by check-in list. Costs the same whatever the size of the event: ask every second if
/// you like, with `If-None-Match`. For the event's organizer, its door staff, its scanners and admins.
#[utoipa::path(get, path = "/events/{id}/gate/occupancy", tag = "gate",
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "Who is inside", body = Occupancy),
        (status = 304, description = "As the caller has it"), Read))]
pub async fn occupancy(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::Scan).await?.id;
    let handle = event_access::handle(&state, event).await?;
    let parts = handle.headcounts().await?;
    let lists = state.store.check_in_list_list(event, None, check_in_list::LISTS_MAX).await?;
    conditional::json(&headers, &occupied(&handle.layout(), &parts, &lists))
}

fn occupied(layout: &Layout, parts: &[PartHeadcount], lists: &[persistence::CheckInList]) -> Occupancy {
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
