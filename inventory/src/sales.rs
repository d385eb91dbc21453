//! Units held and sold per tier and price step, and what that makes of the quotas.

use crate::layout::{Cover, Layout};
use crate::{Item, TierIx};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TierSales {
    pub held: u32,
    pub sold: u32,
}

impl TierSales {
    pub const fn units(self) -> u32 {
        self.held + self.sold
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Sales {
    tiers: Vec<TierSales>,
    /// Held and sold of each quota of the layout.
    quotas: Vec<u32>,
    /// Held and sold at each price step of a tier.
    steps: Vec<Vec<u32>>,
}

impl Sales {
    pub fn tier(&self, tier: TierIx) -> TierSales {
        self.tiers.get(tier.ix()).copied().unwrap_or_default()
    }

    /// Held and sold of all tiers.
    pub fn units(&self) -> u32 {
        self.tiers.iter().map(|tier| tier.units()).sum()
    }

    pub fn quota_used(&self, quota: u8) -> u32 {
        self.quotas[usize::from(quota)]
    }

    /// Counts the quotas anew for other tiers. The price steps begin at nothing: their units are to be added.
    pub fn follow(&mut self, layout: &Layout) {
        self.tiers.resize(layout.tiers().len(), TierSales::default());
        self.quotas = used(&self.tiers, &layout.cover);
        self.steps = layout.tiers().iter().map(|tier| vec![0; tier.terms.price_steps.len()]).collect();
    }

    /// Units held and sold at each price step of the tier.
    pub fn steps(&self, tier: TierIx) -> &[u32] {
        self.steps.get(tier.ix()).map_or(&[], Vec::as_slice)
    }

    pub fn take_step(&mut self, layout: &Layout, item: &Item) {
        let tier = &layout.tiers()[item.tier.ix()];
        if let Some(step) = tier.step_at(item.list_minor()) {
            let used = &mut self.steps[item.tier.ix()][step];
            *used += item.place.units();
            let first = tier.terms.price_steps[step].first;
            assert!(first.is_none_or(|first| *used <= first), "a price step is not oversold");
        }
    }

    pub fn give_back_step(&mut self, layout: &Layout, item: &Item) {
        if let Some(step) = layout.tiers()[item.tier.ix()].step_at(item.list_minor()) {
            let used = &mut self.steps[item.tier.ix()][step];
            assert!(*used >= item.place.units(), "what is given back to a price step was taken");
            *used -= item.place.units();
        }
    }

    /// What the quotas of `cover` would have used.
    pub fn used_under(&self, cover: &Cover) -> Vec<u32> {
        used(&self.tiers, cover)
    }

    pub fn take(&mut self, cover: &Cover, tier: TierIx, units: u32, sold: bool) {
        let sales = &mut self.tiers[tier.ix()];
        if sold {
            sales.sold += units;
        } else {
            sales.held += units;
        }
        for quota in &cover.tier_quotas[tier.ix()] {
            let used = &mut self.quotas[usize::from(*quota)];
            *used += units;
            assert!(*used <= cover.quotas[usize::from(*quota)].limit, "a quota is not oversold");
        }
    }

    pub fn sell(&mut self, tier: TierIx, units: u32) {
        let sales = &mut self.tiers[tier.ix()];
        assert!(sales.held >= units, "what is sold was held");
        sales.held -= units;
        sales.sold += units;
    }

    pub fn give_back(&mut self, cover: &Cover, tier: TierIx, units: u32, sold: bool) {
        let sales = &mut self.tiers[tier.ix()];
        let taken = if sold { &mut sales.sold } else { &mut sales.held };
        assert!(*taken >= units, "what is given back was taken");
        *taken -= units;
        for quota in &cover.tier_quotas[tier.ix()] {
            self.quotas[usize::from(*quota)] -= units;
        }
    }
}

fn used(tiers: &[TierSales], cover: &Cover) -> Vec<u32> {
    let of = |mask: u64| tiers.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1).map(|(_, it)| it.units()).sum();
    cover.quotas.iter().map(|quota| of(quota.tiers)).collect()
}
