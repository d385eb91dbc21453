//! Terms of tiers, what orders were promised by them, access codes, and which holds draw on them: what images of the first versions have no place for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::image::Image;
use crate::holds::OrderAt;
use crate::{
    AccessCodeSpec, Answer, CodeUse, HoldCodes, HoldId, Inventory, PlacedHold, RefundPolicy, TierIx, TierTerms,
};

#[derive(Serialize)]
pub(super) struct TermsRef<'a> {
    /// By tier.
    tiers: Vec<&'a TierTerms>,
    /// By digest.
    codes: Vec<&'a AccessCodeSpec>,
    /// By id: holds that are live, have an order, or are a remembered answer.
    holds: BTreeMap<HoldId, &'a [CodeUse]>,
    refunds: BTreeMap<OrderAt, &'a [(TierIx, RefundPolicy)]>,
}

#[derive(Default, Deserialize)]
pub(super) struct Terms {
    tiers: Vec<TierTerms>,
    codes: Vec<AccessCodeSpec>,
    holds: BTreeMap<HoldId, Vec<CodeUse>>,
    refunds: BTreeMap<OrderAt, Vec<(TierIx, RefundPolicy)>>,
}

pub(super) fn are_needed(inventory: &Inventory) -> bool {
    // Orders may remember terms that no tier has any more.
    inventory.codes.all().len() > 0
        || inventory.layout.tiers().iter().any(|tier| tier.terms != TierTerms::PLAIN)
        || inventory.orders.all().iter().any(|order| order.refund.is_some())
}

impl<'a> TermsRef<'a> {
    pub fn of(inventory: &'a Inventory) -> Self {
        let live = inventory.holds.iter_live().map(|(_, hold)| &*hold.placed);
        let ordered = inventory.orders.all().iter().map(|order| &*order.placed);
        let remembered = inventory.keys.iter().filter_map(|answered| answered.placed());
        let placed = live.chain(ordered).chain(remembered);
        let orders = (0..).zip(inventory.orders.all());
        Self {
            tiers: inventory.layout.tiers().iter().map(|tier| &tier.terms).collect(),
            codes: inventory.codes.all().map(|code| &code.spec).collect(),
            holds: placed.filter(|it| !it.codes().is_empty()).map(|it| (it.hold, it.codes())).collect(),
            refunds: orders.filter_map(|(at, order)| Some((at, order.refund.as_deref()?.as_slice()))).collect(),
        }
    }
}

impl Terms {
    /// Puts into the image what it has no place for on disk, and gives the codes. `None` when they do not fit together.
    pub fn add_to(self, image: &mut Image) -> Option<Vec<AccessCodeSpec>> {
        if !self.tiers.is_empty() && self.tiers.len() != image.tiers.len() {
            return None;
        }
        for (tier, terms) in image.tiers.iter_mut().zip(self.tiers) {
            tier.terms = terms;
        }
        if !self.holds.is_empty() {
            image.each_placed(|placed| {
                if let Some(access) = self.holds.get(&placed.hold) {
                    let codes = HoldCodes { access: access.clone(), discounts: Vec::new() };
                    Arc::make_mut(placed).codes = Some(Box::new(codes));
                }
            });
        }
        for (order, refund) in self.refunds {
            image.orders.get_mut(order as usize)?.refund = Some(Box::new(refund));
        }
        Some(self.codes)
    }
}

impl Image {
    pub(super) fn each_placed(&mut self, mut change: impl FnMut(&mut Arc<PlacedHold>)) {
        self.live.iter_mut().for_each(|hold| change(&mut hold.placed));
        self.orders.iter_mut().for_each(|order| change(&mut order.placed));
        for answered in &mut self.keys {
            if let Answer::HoldPlaced(placed) = &mut answered.answer {
                change(placed);
            }
        }
    }
}
