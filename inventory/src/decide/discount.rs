//! What discount codes take off a hold. Each item is cheaper by one code, that which takes off most (of two alike the one
//! named first), whatever is left of it: a code that has too little left for its items refuses the hold, so that nobody
//! pays more than he was shown. Codes that another one beats on every item are not used.

use crate::discounts::{DiscountCode, Exhausted};
use crate::limits::DISCOUNT_CODES_PER_HOLD_MAX;
use crate::{DiscountUse, Inventory, Item, MinorOff, PlaceHold, Rejection, TimeUs};

/// Takes off the items what the codes give.
#[cold]
pub(super) fn take_off(
    inventory: &Inventory,
    now: TimeUs,
    wanted: &PlaceHold,
    items: &mut [Item],
) -> Result<Vec<DiscountUse>, Rejection> {
    let named = &wanted.discount_codes[..wanted.discount_codes.len().min(DISCOUNT_CODES_PER_HOLD_MAX)];
    let codes = known(inventory, now, named)?;
    let off = |code: &DiscountCode, item: &Item| {
        let tier = inventory.layout.tiers()[item.tier.ix()].id;
        if code.spec.is_for(tier) { code.spec.discount.off(item.price_minor) } else { 0 }
    };
    if let Some(code) = codes.iter().position(|code| items.iter().all(|item| off(code, item) == 0)) {
        return Err(Rejection::DiscountCodeNotApplicable { code: code as u32 });
    }
    let mut uses = Vec::new();
    let mut units = vec![0; codes.len()];
    for (at, item) in (0..).zip(items) {
        // The last of equals is the maximum, so those named first come last.
        let best = codes.iter().enumerate().rev().max_by_key(|(_, code)| off(code, item));
        let Some((best, code)) = best.filter(|(_, code)| off(code, item) > 0) else { continue };
        let off_minor = off(code, item);
        *item = item.cheaper_by(MinorOff::new(off_minor).expect("no more is off than the price"));
        units[best] += item.place.units();
        uses.push(DiscountUse { item: at, code: Some(code.spec.digest), off_minor });
    }
    let exhausted =
        (0..).zip(codes.iter().zip(units)).filter(|(_, (_, units))| *units > 0).filter_map(|(code, (known, units))| {
            match known.has_left(wanted.customer, units).err()? {
                Exhausted::Customer { max } => Some(Rejection::DiscountCodePerCustomer { code, max }),
                Exhausted::Code { left } => Some(Rejection::DiscountCodeSpent { code, left }),
            }
        });
    first(exhausted).map_or(Ok(uses), Err)
}

/// All of them can be used now.
fn known<'a>(inventory: &'a Inventory, now: TimeUs, named: &[[u8; 16]]) -> Result<Vec<&'a DiscountCode>, Rejection> {
    let find = |(code, digest): (u32, &[u8; 16])| {
        let found = inventory.discounts.get(digest).filter(|found| found.spec.open);
        let found = found.ok_or(Rejection::DiscountCodeUnknown { code })?;
        match found.spec.window.check(now) {
            Ok(()) => Ok(found),
            Err(Rejection::SaleNotStarted { starts_at }) => Err(Rejection::DiscountCodeNotStarted { code, starts_at }),
            Err(_) => Err(Rejection::DiscountCodeExpired { code }),
        }
    };
    let found: Vec<Result<&DiscountCode, Rejection>> = (0..).zip(named).map(find).collect();
    match first(found.iter().filter_map(|found| found.as_ref().err().cloned())) {
        Some(fault) => Err(fault),
        None => Ok(found.into_iter().flatten().collect()),
    }
}

/// By precedence.
fn first(faults: impl Iterator<Item = Rejection>) -> Option<Rejection> {
    faults.reduce(|first, fault| if fault < first { fault } else { first })
}
