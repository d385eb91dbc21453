use std::collections::BTreeMap;

use inventory::{Layout, Place, PlacedHold};
use wire::{HeldItem, ItemDiscount, Money};

/// Of discount codes.
pub type Labels = BTreeMap<[u8; 16], String>;

pub fn render(hold: &PlacedHold, layout: &Layout, labels: &Labels) -> Vec<HeldItem> {
    let currency = layout.policy().currency;
    let money = |amount_minor| Money { amount_minor, currency: currency.code().to_owned() };
    let items = (0..).zip(&hold.items).map(|(at, item)| {
        let discount = hold.discounts().iter().find(|used| used.item == at);
        let (seat, area) = seat_or_area(item.place, layout);
        HeldItem {
            seat,
            area,
            quantity: item.place.units(),
            tier_id: layout.tiers()[item.tier.ix()].id.uuid(),
            price: money(item.price_minor),
            discount: discount.map(|used| ItemDiscount {
                label: used.code.and_then(|code| labels.get(&code).cloned()),
                amount: money(used.off_minor),
            }),
        }
    });
    items.collect()
}

/// The public id of the one or the other.
pub fn seat_or_area(place: Place, layout: &Layout) -> (Option<String>, Option<String>) {
    match place {
        Place::Seat(seat) => (Some(layout.seat_id(seat)), None),
        Place::Area { area, .. } => (None, Some(layout.area_id(area).to_owned())),
    }
}
