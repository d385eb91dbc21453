//! A hold's items between public names and the core's indices, outside the event's actor. Which places may be had is not
//! asked here: only whether the request says something that can be asked.

mod explain;
mod view;

use inventory::limits::{
    ACCESS_CODES_PER_HOLD_MAX, DISCOUNT_CODES_PER_HOLD_MAX, ITEMS_PER_HOLD_MAX, UNITS_PER_HOLD_MAX,
};
use inventory::{BestAvailable, Layout, Rejection, TierIx, Want};
use uuid::Uuid;
use wire::{HoldItem, HoldRequest};

use crate::access_code;
use crate::error::ApiError;
use crate::field_errors::FieldErrors;

pub use explain::explain;
pub use view::{Labels, render, seat_or_area};

/// # Errors
/// Rejected when a name or quantity is no good; invalid when an item does not say which kind it is.
pub fn parse(request: &HoldRequest, layout: &Layout) -> Result<Vec<Want>, ApiError> {
    let mut errors = FieldErrors::default();
    if request.items.len() > ITEMS_PER_HOLD_MAX {
        return Err(Rejection::ItemsTooMany { max: ITEMS_PER_HOLD_MAX as u32 }.into());
    }
    if request.access_codes.len() > ACCESS_CODES_PER_HOLD_MAX {
        errors.add("access_codes", "TOO_MANY", format!("at most {ACCESS_CODES_PER_HOLD_MAX}"));
    }
    for (at, code) in request.access_codes.iter().enumerate() {
        if let Err(problem) = access_code::check(code) {
            errors.add(format!("access_codes[{at}]"), "LENGTH", problem);
        }
    }
    if request.discount_codes.len() > DISCOUNT_CODES_PER_HOLD_MAX {
        errors.add("discount_codes", "TOO_MANY", format!("at most {DISCOUNT_CODES_PER_HOLD_MAX}"));
    }
    for (at, code) in request.discount_codes.iter().enumerate() {
        if let Err(problem) = access_code::check(code) {
            errors.add(format!("discount_codes[{at}]"), "LENGTH", problem);
        }
    }
    for (at, item) in request.items.iter().enumerate() {
        check_shape(&mut errors, at, item);
    }
    errors.none()?;
    let wants = request.items.iter().zip(0u32..);
    Ok(wants.map(|(item, at)| want(item, at, layout)).collect::<Result<_, Rejection>>()?)
}

fn check_shape(errors: &mut FieldErrors, at: usize, item: &HoldItem) {
    let kinds = [item.seat.is_some(), item.area.is_some(), item.best_available.is_some()];
    if kinds.into_iter().filter(|is_named| *is_named).count() != 1 {
        errors.add(format!("items[{at}]"), "EXACTLY_ONE", "exactly one of `seat`, `area` and `best_available`");
    }
    match (item.area.is_some(), item.quantity.is_some()) {
        (true, false) => errors.add(format!("items[{at}].quantity"), "REQUIRED", "how many places of the area"),
        (false, true) => errors.add(format!("items[{at}].quantity"), "UNEXPECTED", "only with `area`"),
        (true, true) | (false, false) => {}
    }
    if item.best_available.is_some() && item.tier.is_some() {
        errors.add(format!("items[{at}].tier"), "UNEXPECTED", "say it inside `best_available`");
    }
}

fn want(item: &HoldItem, at: u32, layout: &Layout) -> Result<Want, Rejection> {
    let tier = |id: Option<Uuid>| match id {
        None => Ok(None),
        Some(id) => resolve_tier(layout, id).map(Some).ok_or(Rejection::TierUnknown { item: at }),
    };
    if let Some(best) = &item.best_available {
        let quantity = quantity(best.quantity, at)?;
        let section = match &best.section {
            None => None,
            Some(id) => Some(layout.section(id).ok_or(Rejection::SectionUnknown { item: at })?),
        };
        let (tier, accessible) = (tier(best.tier)?, best.accessible);
        return Ok(Want::BestAvailable(BestAvailable { quantity, tier, section, accessible }));
    }
    if let Some(area) = &item.area {
        let quantity = quantity(item.quantity.unwrap_or(0), at)?;
        let area = layout.area(area).ok_or(Rejection::AreaUnknown { item: at })?;
        return Ok(Want::Area { area, quantity, tier: tier(item.tier)? });
    }
    let seat = item.seat.as_deref().and_then(|id| layout.seat(id)).ok_or(Rejection::SeatUnknown { item: at })?;
    Ok(Want::Seat { seat, tier: tier(item.tier)? })
}

fn resolve_tier(layout: &Layout, id: Uuid) -> Option<TierIx> {
    layout.tier(inventory::TierId::from_uuid(id))
}

fn quantity(wanted: i64, item: u32) -> Result<u32, Rejection> {
    match u32::try_from(wanted) {
        Ok(quantity) if (1..=UNITS_PER_HOLD_MAX).contains(&quantity) => Ok(quantity),
        Ok(_) | Err(_) => Err(Rejection::QuantityInvalid { item, max: UNITS_PER_HOLD_MAX }),
    }
}
