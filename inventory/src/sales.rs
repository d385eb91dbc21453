//! Units held and sold per tier, and what that makes of the quotas.

use crate::TierIx;
use crate::layout::Cover;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TierSales {
    pub held: u32,
    pub sold: u32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Sales {
    tiers: Vec<TierSales>,
    /// Held and sold of each quota of the layout.
    quotas: Vec<u32>,
}

impl Sales {
    pub fn tier(&self, tier: TierIx) -> TierSales {
        self.tiers.get(tier.ix()).copied().unwrap_or_default()
    }

    pub fn quota_used(&self, quota: u8) -> u32 {
        self.quotas[usize::from(quota)]
    }

    /// Counts the quotas anew for other tiers.
    pub fn follow(&mut self, cover: &Cover) {
        self.tiers.resize(cover.tier_quotas.len(), TierSales::default());
        self.quotas = used(&self.tiers, cover);
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
    let of = |mask: u64| {
        tiers.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1).map(|(_, it)| it.held + it.sold).sum()
    };
    cover.quotas.iter().map(|quota| of(quota.tiers)).collect()
}
