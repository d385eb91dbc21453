//! Limits over all the units of a hold.

use crate::customers::Customer;
use crate::layout::Layout;
use crate::{Inventory, Item, Rejection, TierIx};

/// Units by tier. Nearly all holds keep to one tier, which needs no allocation.
pub(super) struct Units {
    /// The lowest tier; none of it when there is no tier at all.
    first: (TierIx, u32),
    /// Ascending.
    others: Vec<(TierIx, u32)>,
    pub total: u32,
}

impl Units {
    pub const fn none() -> Self {
        Self { first: (TierIx(0), 0), others: Vec::new(), total: 0 }
    }

    pub fn of(items: &[Item]) -> Self {
        let mut units = Self::none();
        for item in items {
            units.add(item.tier, item.place.units());
        }
        units
    }

    #[inline]
    pub fn add(&mut self, tier: TierIx, units: u32) {
        self.total += units;
        if self.first.1 == 0 {
            self.first = (tier, units);
        } else if self.first.0 == tier {
            self.first.1 += units;
        } else {
            self.add_other(tier, units);
        }
    }

    #[cold]
    fn add_other(&mut self, tier: TierIx, units: u32) {
        let mut new = (tier, units);
        if tier < self.first.0 {
            std::mem::swap(&mut self.first, &mut new);
        }
        match self.others.binary_search_by_key(&new.0, |(tier, _)| *tier) {
            Ok(at) => self.others[at].1 += new.1,
            Err(at) => self.others.insert(at, new),
        }
    }

    /// By ascending tier.
    #[inline]
    pub fn each(&self) -> impl Iterator<Item = (TierIx, u32)> {
        let first = (self.first.1 > 0).then_some(self.first);
        first.into_iter().chain(self.others.iter().copied())
    }

    fn in_tiers(&self, tiers: u64) -> u32 {
        self.each().filter(|(tier, _)| tiers >> tier.0 & 1 == 1).map(|(_, units)| units).sum()
    }
}

/// Limits of one hold.
pub(super) fn hold_limits(layout: &Layout, units: &Units) -> Option<Rejection> {
    let max = layout.policy().units_per_hold_max;
    if units.total > max {
        return Some(Rejection::UnitsPerHoldExceeded { max });
    }
    let minimum = units.each().find_map(|(tier, units)| {
        let min = layout.tiers()[tier.ix()].per_order_min;
        (units < min).then_some(Rejection::PerOrderMinimum { tier, min })
    });
    minimum.or_else(|| {
        units.each().find_map(|(tier, units)| {
            let max = layout.tiers()[tier.ix()].per_order_max;
            (units > max).then_some(Rejection::PerOrderMaximum { tier, max })
        })
    })
}

/// Limits over everything that the customer holds and has bought.
pub(super) fn customer_limits(layout: &Layout, customer: Option<&Customer>, units: &Units) -> Option<Rejection> {
    let has = customer.map_or(0, |customer| customer.units);
    if let Some(max) = layout.policy().units_per_customer_max
        && has + units.total > max
    {
        return Some(Rejection::UnitsPerCustomerExceeded { max });
    }
    units.each().find_map(|(tier, units)| {
        let max = layout.tiers()[tier.ix()].per_customer_max?;
        let has = customer.map_or(0, |customer| customer.of_tier(tier));
        (has + units > max).then_some(Rejection::PerCustomerMaximum { tier, max })
    })
}

pub(super) fn quotas(inventory: &Inventory, units: &Units) -> Option<Rejection> {
    let cover = &inventory.layout.cover;
    units.each().find_map(|(tier, _)| {
        cover.tier_quotas[tier.ix()].iter().find_map(|at| {
            let quota = &cover.quotas[usize::from(*at)];
            let left = quota.limit.saturating_sub(inventory.sales.quota_used(*at));
            (units.in_tiers(quota.tiers) > left).then_some(Rejection::QuotaExhausted { tier, left })
        })
    })
}
