//! What those who wait lack, and what is therefore not for others: a place that would go by them to whoever happens to
//! ask first is what a list is there to prevent.

use crate::house::{Party, Scope, Taken};
use crate::waitlist::Waitlist;
use crate::{Inventory, Item, Place, Rejection, TimeUs, Wish, WishedPlace};

use super::limits::{Units, hold_limits, quotas};

/// What keeps a wish from being fulfilled now.
struct Shortage {
    of_places: bool,
    of_quota: bool,
}

impl Shortage {
    fn of(inventory: &Inventory, wish: Wish) -> Self {
        let of_places = match wish.place {
            WishedPlace::Area(area) => inventory.house.area(area).free() < wish.quantity,
            WishedPlace::Seats { section, accessible, apart } => {
                let scope = Scope { tiers: 1 << wish.tier.0, section };
                let party = Party { quantity: wish.quantity, accessible };
                let picked = inventory.house.pick(&inventory.layout, scope, party, &mut Taken::default());
                !picked.is_ok_and(|picked| picked.adjacent || apart)
            }
        };
        Self { of_places, of_quota: quotas(inventory, &units(wish)).is_some() }
    }

    const fn is_none(&self) -> bool {
        !self.of_places && !self.of_quota
    }
}

fn units(wish: Wish) -> Units {
    let mut units = Units::none();
    units.add(wish.tier, wish.quantity);
    units
}

/// The list, while anybody waits whose turn may come.
fn open_list(inventory: &Inventory, now: TimeUs) -> Option<&Waitlist> {
    let list = inventory.waitlist.as_deref()?;
    (list.has_waiters() && list.settings.is_open(now)).then_some(list)
}

/// A wish whose tier is not on sale now waits for nothing that others could take.
fn is_awake(inventory: &Inventory, now: TimeUs, wish: Wish) -> bool {
    let layout = &inventory.layout;
    let tier = &layout.tiers()[wish.tier.ix()];
    let is_covered = match wish.place {
        WishedPlace::Area(area) => layout.cover.areas[area.ix()] >> wish.tier.0 & 1 == 1,
        WishedPlace::Seats { .. } => true,
    };
    is_covered
        && tier.is_offered()
        && tier.sale.contains(now)
        && layout.policy().sale.contains(now)
        && hold_limits(layout, &units(wish)).is_none()
}

/// Wishes that can be fulfilled now.
pub(super) fn is_fulfillable(inventory: &Inventory, now: TimeUs, wish: Wish) -> bool {
    is_awake(inventory, now, wish) && Shortage::of(inventory, wish).is_none()
}

/// Refuses a hold on these places when somebody waits who is short of them. Whose wish could be fulfilled and has not been
/// yet comes first altogether.
pub(super) fn must_not_pass_by(inventory: &Inventory, now: TimeUs, items: &[Item]) -> Result<(), Rejection> {
    let Some(list) = open_list(inventory, now) else { return Ok(()) };
    let tiers = items.iter().fold(0u64, |tiers, item| tiers | 1 << item.tier.0);
    let stands_in_the_way = |wish: &Wish| {
        let takes_place = items.iter().any(|item| is_wished(inventory, *wish, item));
        let draws = draws_on(inventory, *wish, tiers, |_| true);
        if !takes_place && !draws || !is_awake(inventory, now, *wish) {
            return false;
        }
        let shortage = Shortage::of(inventory, *wish);
        let is_short = |left: u32| left < wish.quantity;
        shortage.is_none()
            || shortage.of_places && takes_place
            || shortage.of_quota && draws_on(inventory, *wish, tiers, is_short)
    };
    if list.waiting().keys().any(stands_in_the_way) { Err(Rejection::WaitlistFirst) } else { Ok(()) }
}

fn is_wished(inventory: &Inventory, wish: Wish, item: &Item) -> bool {
    match (wish.place, item.place) {
        (WishedPlace::Area(wished), Place::Area { area, .. }) => wished == area,
        (WishedPlace::Seats { section, accessible, .. }, Place::Seat(seat)) => {
            let layout = &inventory.layout;
            let cell = layout.grid.lanes[layout.grid.lane_of(layout.grid.spot(seat)) as usize].cell as usize;
            let at = &layout.grid.cells[cell];
            layout.cover.cells[cell] >> wish.tier.0 & 1 == 1
                && section.is_none_or(|section| section == at.section)
                && (accessible || !at.reserved)
        }
        (WishedPlace::Area(_), Place::Seat(_)) | (WishedPlace::Seats { .. }, Place::Area { .. }) => false,
    }
}

/// Whether one of the tiers draws on a quota of the wish, of which that much is left.
fn draws_on(inventory: &Inventory, wish: Wish, tiers: u64, counts: impl Fn(u32) -> bool) -> bool {
    let cover = &inventory.layout.cover;
    cover.tier_quotas[wish.tier.ix()].iter().any(|at| {
        let quota = &cover.quotas[usize::from(*at)];
        quota.tiers & tiers != 0 && counts(quota.limit.saturating_sub(inventory.sales.quota_used(*at)))
    })
}
