//! Discount codes, and what they took off holds and orders: what images of the first versions have no place for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::image::Image;
use crate::{DiscountCodeSpec, DiscountUse, HoldCodes, HoldId, Inventory, PlacedHold};

#[derive(Serialize)]
pub(super) struct DiscountsRef<'a> {
    /// By digest.
    codes: Vec<&'a DiscountCodeSpec>,
    /// By id: holds that are live, have an order, or are a remembered answer.
    holds: BTreeMap<HoldId, &'a [DiscountUse]>,
}

#[derive(Default, Deserialize)]
pub(super) struct Discounts {
    codes: Vec<DiscountCodeSpec>,
    holds: BTreeMap<HoldId, Vec<DiscountUse>>,
}

pub(super) fn are_needed(inventory: &Inventory) -> bool {
    inventory.discounts.all().len() > 0 || discounted(inventory).next().is_some()
}

fn discounted(inventory: &Inventory) -> impl Iterator<Item = &PlacedHold> {
    let live = inventory.holds.iter_live().map(|(_, hold)| &*hold.placed);
    let ordered = inventory.orders.all().iter().map(|order| &*order.placed);
    let remembered = inventory.keys.iter().filter_map(|answered| answered.placed());
    live.chain(ordered).chain(remembered).filter(|placed| !placed.discounts().is_empty())
}

impl<'a> DiscountsRef<'a> {
    pub fn of(inventory: &'a Inventory) -> Self {
        Self {
            codes: inventory.discounts.all().map(|code| &code.spec).collect(),
            holds: discounted(inventory).map(|placed| (placed.hold, placed.discounts())).collect(),
        }
    }
}

impl Discounts {
    /// Puts into the image what it has no place for on disk, and gives the codes. `None` when they do not fit together.
    pub fn add_to(self, image: &mut Image) -> Option<Vec<DiscountCodeSpec>> {
        let mut fit = Some(());
        if !self.holds.is_empty() {
            image.each_placed(|placed| {
                if let Some(discounts) = self.holds.get(&placed.hold) {
                    let placed = Arc::make_mut(placed);
                    let codes = HoldCodes { access: placed.codes().to_vec(), discounts: discounts.clone() };
                    fit = fit.and_then(|()| placed.set_codes(codes));
                }
            });
        }
        fit.map(|()| self.codes)
    }
}
