//! Prices that end at a time or after a number of units. What a hold costs is settled here, unit by unit in the order of
//! its items, and stays.

use crate::{Inventory, Item, Place, TierIx, TimeUs};

/// The prices of one tier that the units of a hold still meet, and how many of each are left.
struct Ladder {
    tier: TierIx,
    prices: Vec<(i64, u32)>,
}

impl Ladder {
    fn new(inventory: &Inventory, now: TimeUs, tier: TierIx) -> Self {
        let spec = &inventory.layout.tiers()[tier.ix()];
        let steps = spec.terms.price_steps.iter().zip(inventory.sales.steps(tier));
        let open = steps.filter(|(step, _)| step.until.is_none_or(|until| now < until));
        let left = open.map(|(step, used)| (step.price_minor, step.first.map_or(u32::MAX, |first| first - used)));
        Self { tier, prices: left.chain([(spec.price_minor, u32::MAX)]).collect() }
    }

    /// The price of the next units, and for how many of them.
    fn next(&mut self, units: u32) -> (i64, u32) {
        let next = self.prices.iter_mut().find(|(_, left)| *left > 0).expect("the tier's own price never ends");
        let taken = units.min(next.1);
        if next.1 != u32::MAX {
            next.1 -= taken;
        }
        (next.0, taken)
    }
}

/// The items at the prices of now. Units of an area that meet two prices become two items.
#[cold]
pub(super) fn price(inventory: &Inventory, now: TimeUs, items: &[Item]) -> Vec<Item> {
    let mut ladders: Vec<Ladder> = Vec::new();
    let mut priced = Vec::with_capacity(items.len() + 1);
    for item in items {
        if inventory.layout.cover.stepped >> item.tier.0 & 1 == 0 {
            priced.push(*item);
            continue;
        }
        let at = ladders.iter().position(|ladder| ladder.tier == item.tier).unwrap_or_else(|| {
            ladders.push(Ladder::new(inventory, now, item.tier));
            ladders.len() - 1
        });
        let mut left = item.place.units();
        while left > 0 {
            let (price_minor, quantity) = ladders[at].next(left);
            let place = match item.place {
                Place::Seat(seat) => Place::Seat(seat),
                Place::Area { area, .. } => Place::Area { area, quantity },
            };
            priced.push(Item::new(place, item.tier, price_minor));
            left -= quantity;
        }
    }
    priced
}

/// Whether the items could be taken once more at the prices that they have. When a step ends does not matter here.
pub(super) fn have_room(inventory: &Inventory, items: &[Item]) -> bool {
    items.iter().all(|item| {
        let tier = &inventory.layout.tiers()[item.tier.ix()];
        let Some(step) = tier.step_at(item.list_minor()) else { return true };
        let same = items.iter().filter(|it| it.tier == item.tier && it.list_minor() == item.list_minor());
        let wanted: u32 = same.map(|it| it.place.units()).sum();
        let used = inventory.sales.steps(item.tier)[step];
        tier.terms.price_steps[step].first.is_none_or(|first| used + wanted <= first)
    })
}
