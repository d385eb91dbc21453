//! The organizer's verbs: seat map, tiers, policy, blocks, publication, cancellation.

use crate::layout::{
    Cover, PolicyFacts, check_access_code, check_discount_code, check_policy, check_seat_map, check_tier, check_tiers,
    tiers_with,
};
use crate::{
    AccessCodeSpec, Change, DiscountCodeSpec, Inventory, Phase, Policy, Rejection, SeatMapSpec, TierId, TierPatch,
    TierSpec,
};

use super::Decision;

pub(super) fn set_seat_map(inventory: &Inventory, spec: &SeatMapSpec) -> Decision {
    match inventory.phase {
        Phase::Draft => {}
        Phase::Published => return Err(Rejection::EventAlreadyPublished),
        Phase::Cancelled => return Err(Rejection::EventCancelled),
    }
    check_seat_map(spec).map_err(|problem| Rejection::SeatMapInvalid { problem })?;
    // A new map is on sale as a whole: nobody would be told that a block was put back.
    if inventory.house.blocks_withheld() != 0 {
        return Err(Rejection::BlocksWithheld);
    }
    Ok(Change::SeatMapSet(Box::new(spec.clone())))
}

pub(super) fn set_tier(inventory: &Inventory, spec: &TierSpec) -> Decision {
    inventory.must_not_be_cancelled()?;
    let invalid = |problem| Rejection::TierInvalid { problem };
    let grid = &inventory.layout.grid;
    check_tier(spec, grid).map_err(invalid)?;
    let is_deleted = |tier: &TierSpec| tier.id == spec.id && tier.terms.deleted;
    if spec.terms.deleted || inventory.layout.tiers().iter().any(is_deleted) {
        return Err(invalid("it was deleted".to_owned()));
    }
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
    check_steps(inventory, spec).map_err(invalid)?;
    Ok(Change::tier_set(spec.clone()))
}

pub(super) fn patch_tier(inventory: &Inventory, id: TierId, patch: &TierPatch) -> Decision {
    inventory.must_not_be_cancelled()?;
    let tier = inventory.layout.tier(id).ok_or(Rejection::TierNotFound)?;
    set_tier(inventory, &patch.over(&inventory.layout.tiers()[tier.ix()]))
}

/// A price step cannot be for fewer than have it already.
fn check_steps(inventory: &Inventory, spec: &TierSpec) -> Result<(), String> {
    let counted = (1..).zip(&spec.terms.price_steps).filter_map(|(at, step)| Some((at, step, step.first?)));
    let Some(tier) = inventory.layout.tier(spec.id) else { return Ok(()) };
    for (at, step, first) in counted {
        let at_price = inventory.taken_items().filter(|it| it.tier == tier && it.list_minor() == step.price_minor);
        let used: u32 = at_price.map(|item| item.place.units()).sum();
        if used > first {
            return Err(format!("price step {at} cannot be for {first}: {used} are held or sold at its price"));
        }
    }
    Ok(())
}

/// A tier that nobody has anything of. Its index stays, for orders that came to nothing.
pub(super) fn delete_tier(inventory: &Inventory, id: TierId) -> Decision {
    inventory.must_not_be_cancelled()?;
    let tier = inventory.layout.tier(id).ok_or(Rejection::TierNotFound)?;
    let units = inventory.sales.tier(tier).units();
    if units > 0 {
        return Err(Rejection::TierInUse { units });
    }
    let mut spec = inventory.layout.tiers()[tier.ix()].clone();
    spec.open = false;
    spec.quotas.clear();
    spec.terms.deleted = true;
    Ok(Change::tier_set(spec))
}

pub(super) fn set_access_code(inventory: &Inventory, spec: &AccessCodeSpec) -> Decision {
    inventory.must_not_be_cancelled()?;
    let invalid = |problem| Rejection::AccessCodeInvalid { problem };
    let known = inventory.codes.get(&spec.digest);
    let count = inventory.codes.all().len();
    check_access_code(spec, known.map(|code| &code.spec), count, inventory.layout.tiers()).map_err(invalid)?;
    let used = known.map_or(0, |code| code.used);
    if let Some(max) = spec.units_max.filter(|max| used > *max) {
        return Err(invalid(format!("it cannot be for {max}: {used} are held or sold by it")));
    }
    Ok(Change::AccessCodeSet(Box::new(spec.clone())))
}

/// Nothing that was held or bought by it has to go; who has used it as often as may be now keeps what he has.
pub(super) fn set_discount_code(inventory: &Inventory, spec: &DiscountCodeSpec) -> Decision {
    inventory.must_not_be_cancelled()?;
    let invalid = |problem| Rejection::DiscountCodeInvalid { problem };
    let known = inventory.discounts.get(&spec.digest);
    let count = inventory.discounts.all().len();
    check_discount_code(spec, known.map(|code| &code.spec), count, inventory.layout.tiers()).map_err(invalid)?;
    let (uses, units) = known.map_or((0, 0), |code| (code.uses, code.units));
    if let Some(max) = spec.uses_max.filter(|max| uses > *max) {
        return Err(invalid(format!("it cannot be for {max} uses: there are {uses}")));
    }
    if let Some(max) = spec.units_max.filter(|max| units > *max) {
        return Err(invalid(format!("it cannot be for {max}: {units} are held or sold by it")));
    }
    Ok(Change::DiscountCodeSet(Box::new(spec.clone())))
}

pub(super) fn set_policy(inventory: &Inventory, policy: &Policy) -> Decision {
    inventory.must_not_be_cancelled()?;
    let facts = PolicyFacts { is_draft: inventory.phase == Phase::Draft, currency: inventory.layout.policy().currency };
    check_policy(policy, &facts).map_err(|problem| Rejection::PolicyInvalid { problem })?;
    Ok(Change::policy_set(policy.clone()))
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
    if layout.tiers_shown().is_empty() {
        return Err(Rejection::TierMissing);
    }
    // Tiers may have been set before the seat map, or for another one.
    for tier in layout.tiers_shown() {
        check_tier(tier, &layout.grid)
            .map_err(|problem| Rejection::TierInvalid { problem: format!("tier `{}`: {problem}", tier.name) })?;
    }
    Ok(Change::Published)
}

pub(super) fn cancel_event(inventory: &Inventory, only_unsold: bool) -> Decision {
    inventory.must_not_be_cancelled()?;
    let units = inventory.sales.units();
    if only_unsold && units > 0 {
        return Err(Rejection::EventSold { units });
    }
    Ok(Change::EventCancelled)
}

pub(super) fn set_block(inventory: &Inventory, block: &str, withheld: bool) -> Decision {
    inventory.must_not_be_cancelled()?;
    if inventory.layout.grid.find_block(block).is_none() {
        return Err(Rejection::BlockUnknown);
    }
    Ok(Change::BlockSet { block: block.to_owned(), withheld })
}
