//! Steps of the refunds that tiers promise and orders were promised: what [`super::terms`] have no place for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::image::Image;
use crate::holds::OrderAt;
use crate::{Inventory, RefundPolicy, RefundStep, TierIx};

#[derive(Default, Serialize, Deserialize)]
pub(super) struct RefundSteps {
    tiers: BTreeMap<TierIx, Vec<RefundStep>>,
    orders: BTreeMap<(OrderAt, TierIx), Vec<RefundStep>>,
}

pub(super) fn are_needed(inventory: &Inventory) -> bool {
    let has_steps = |refund: &RefundPolicy| !refund.steps.is_empty();
    // Orders may remember what no tier promises any more.
    inventory.layout.tiers().iter().any(|tier| tier.terms.has_refund_steps())
        || promised(inventory).any(|(_, refund)| has_steps(refund))
}

fn promised(inventory: &Inventory) -> impl Iterator<Item = ((OrderAt, TierIx), &RefundPolicy)> {
    (0..).zip(inventory.orders.all()).flat_map(|(at, order)| {
        let terms = order.refund.as_deref().map_or(&[][..], Vec::as_slice);
        terms.iter().map(move |(tier, refund)| ((at, *tier), refund))
    })
}

impl RefundSteps {
    pub fn of(inventory: &Inventory) -> Self {
        let refunds = (0..).map(TierIx).zip(inventory.layout.tiers());
        let tiers = refunds.filter_map(|(at, tier)| Some((at, tier.terms.refund.as_ref()?.steps.clone())));
        let orders = promised(inventory).map(|(at, refund)| (at, refund.steps.clone()));
        Self {
            tiers: tiers.filter(|(_, steps)| !steps.is_empty()).collect(),
            orders: orders.filter(|(_, steps)| !steps.is_empty()).collect(),
        }
    }

    /// After the terms. `None` when they do not fit together.
    pub fn add_to(self, image: &mut Image) -> Option<()> {
        for (tier, steps) in self.tiers {
            image.tiers.get_mut(tier.ix())?.terms.refund.as_mut()?.steps = steps;
        }
        for ((order, tier), steps) in self.orders {
            let terms = image.orders.get_mut(order as usize)?.refund.as_mut()?;
            terms.iter_mut().find(|(it, _)| *it == tier)?.1.steps = steps;
        }
        Some(())
    }
}
