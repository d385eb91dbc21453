//! Nobody waits for what he could hold now: joining asks for the hold first, and only a want of places lets him in.

use crate::house::{Scope, runs_ever};
use crate::{Change, HoldId, Inventory, PlaceHold, Rejection, TimeUs, UserId, WaitlistChange, Wish, WishedPlace};

use super::{Decision, place_hold, shortage};

pub(super) fn decide(inventory: &Inventory, now: TimeUs, customer: UserId, wish: Wish) -> Decision {
    inventory.must_be_on_sale()?;
    let list = inventory.waitlist.as_deref().filter(|list| list.settings.active).ok_or(Rejection::WaitlistOff)?;
    if !list.settings.is_open(now) {
        return Err(Rejection::WaitlistClosed);
    }
    if let Some(entry) = list.of_customer(customer) {
        return Err(Rejection::WaitlistJoined { number: entry.number });
    }
    // A tier that needs a code is sold to those who know it: nobody would know whom it is offered to later.
    let hidden = |tier: &crate::TierSpec| tier.is_hidden();
    if inventory.layout.tiers().get(wish.tier.ix()).is_some_and(hidden) {
        return Err(Rejection::AccessCodeRequired { item: 0 });
    }
    must_be_short(inventory, now, customer, wish)?;
    if let Some(longest) = never_together(inventory, wish) {
        return Err(Rejection::WaitlistNeverTogether { longest });
    }
    if !list.has_room(&wish) {
        return Err(Rejection::WaitlistFull);
    }
    Ok(Change::Waitlist(WaitlistChange::Joined { number: list.next_number(), customer, wish }))
}

fn must_be_short(inventory: &Inventory, now: TimeUs, customer: UserId, wish: Wish) -> Result<(), Rejection> {
    let wanted = PlaceHold {
        // Nothing is placed under it.
        hold: HoldId::from_bytes([0; 16]),
        customer,
        wants: vec![wish.want()],
        access_codes: Vec::new(),
        discount_codes: Box::default(),
        box_office: None,
    };
    match place_hold::draft(inventory, now, &wanted) {
        Ok(placed) => match shortage::must_not_pass_by(inventory, now, &placed.items) {
            Ok(()) => Err(Rejection::WaitlistNotNeeded),
            Err(_) => Ok(()),
        },
        Err(Rejection::AreaSoldOut { .. } | Rejection::QuotaExhausted { .. } | Rejection::NotEnoughSeats { .. }) => {
            Ok(())
        }
        Err(other) => Err(other),
    }
}

/// How many can be seated in an empty house as they wish, when that is not enough.
fn never_together(inventory: &Inventory, wish: Wish) -> Option<u32> {
    let longest = match wish.place {
        WishedPlace::Area(area) => inventory.layout.grid.areas[area.ix()].capacity,
        // Who needs an accessible seat may sit across lanes.
        WishedPlace::Seats { accessible: true, .. } => return None,
        WishedPlace::Seats { section, accessible: false, apart } => {
            let runs = runs_ever(&inventory.layout, Scope { tiers: 1 << wish.tier.0, section });
            if apart { runs.sum() } else { runs.max().unwrap_or(0) }
        }
    };
    (longest < wish.quantity).then_some(longest)
}
