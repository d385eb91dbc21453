//! The organizer's verbs: seat map, tiers, policy, blocks, publication, cancellation.

use crate::layout::{Cover, PolicyFacts, check_policy, check_seat_map, check_tier, check_tiers, tiers_with};
use crate::{Change, Inventory, Phase, Policy, Rejection, SeatMapSpec, TierSpec};

use super::Decision;

pub(super) fn set_seat_map(inventory: &Inventory, spec: &SeatMapSpec) -> Decision {
    match inventory.phase {
        Phase::Draft => {}
        Phase::Published => return Err(Rejection::EventAlreadyPublished),
        Phase::Cancelled => return Err(Rejection::EventCancelled),
    }
    check_seat_map(spec).map_err(|problem| Rejection::SeatMapInvalid { problem })?;
    Ok(Change::SeatMapSet(Box::new(spec.clone())))
}

pub(super) fn set_tier(inventory: &Inventory, spec: &TierSpec) -> Decision {
    inventory.must_not_be_cancelled()?;
    let invalid = |problem| Rejection::TierInvalid { problem };
    let grid = &inventory.layout.grid;
    check_tier(spec, grid).map_err(invalid)?;
    let tiers = tiers_with(inventory.layout.tiers(), spec);
    check_tiers(&tiers).map_err(invalid)?;
    let cover = Cover::new(grid, &tiers);
    let used = inventory.sales.used_under(&cover);
    for (quota, used) in cover.quotas.iter().zip(used) {
        if quota.limit < used {
            return Err(invalid(format!(
                "quota `{}` cannot be {}: {used} of it are held or sold",
                quota.id, quota.limit
            )));
        }
    }
    Ok(Change::TierSet(Box::new(spec.clone())))
}

pub(super) fn set_policy(inventory: &Inventory, policy: &Policy) -> Decision {
    inventory.must_not_be_cancelled()?;
    let facts = PolicyFacts { is_draft: inventory.phase == Phase::Draft, currency: inventory.layout.policy().currency };
    check_policy(policy, &facts).map_err(|problem| Rejection::PolicyInvalid { problem })?;
    Ok(Change::PolicySet(Box::new(policy.clone())))
}

pub(super) fn publish(inventory: &Inventory) -> Decision {
    match inventory.phase {
        Phase::Draft => {}
        Phase::Published => return Err(Rejection::EventAlreadyPublished),
        Phase::Cancelled => return Err(Rejection::EventCancelled),
    }
    let layout = &inventory.layout;
    if !layout.has_seat_map() {
        return Err(Rejection::SeatMapMissing);
    }
    if layout.tiers().is_empty() {
        return Err(Rejection::TierMissing);
    }
    // Tiers may have been set before the seat map, or for another one.
    for tier in layout.tiers() {
        check_tier(tier, &layout.grid)
            .map_err(|problem| Rejection::TierInvalid { problem: format!("tier `{}`: {problem}", tier.name) })?;
    }
    Ok(Change::Published)
}

pub(super) fn cancel_event(inventory: &Inventory) -> Decision {
    inventory.must_not_be_cancelled()?;
    Ok(Change::EventCancelled)
}

pub(super) fn set_block(inventory: &Inventory, block: &str, withheld: bool) -> Decision {
    inventory.must_not_be_cancelled()?;
    if inventory.layout.grid.find_block(block).is_none() {
        return Err(Rejection::BlockUnknown);
    }
    Ok(Change::BlockSet { block: block.to_owned(), withheld })
}
