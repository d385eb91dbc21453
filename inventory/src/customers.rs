//! What each customer has, for the limits per customer: live holds, and units held or bought.

use crate::change::by_tier;
use crate::slots::Slots;
use crate::{Item, TierIx, UserId};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Customer {
    pub holds: u32,
    pub units: u32,
    /// Units by tier. Nearly every customer keeps to one: it needs no allocation.
    first: (u8, u32),
    #[expect(clippy::box_collection, reason = "8 bytes instead of 24 in every entry of a map that must stay in cache")]
    others: Option<Box<Vec<(u8, u32)>>>,
}

impl Customer {
    pub fn of_tier(&self, tier: TierIx) -> u32 {
        if self.first.0 == tier.0 {
            return self.first.1;
        }
        self.others().iter().find(|(it, _)| *it == tier.0).map_or(0, |(_, units)| *units)
    }

    fn others(&self) -> &[(u8, u32)] {
        self.others.as_deref().map_or(&[], Vec::as_slice)
    }

    fn tier_mut(&mut self, tier: TierIx) -> &mut u32 {
        if self.first.1 == 0 && !self.others().iter().any(|(it, _)| *it == tier.0) {
            self.first.0 = tier.0;
        }
        if self.first.0 == tier.0 {
            return &mut self.first.1;
        }
        let others = self.others.get_or_insert_default();
        let at = others.iter().position(|(it, _)| *it == tier.0).unwrap_or_else(|| {
            others.push((tier.0, 0));
            others.len() - 1
        });
        &mut others[at].1
    }

    fn add(&mut self, tier: TierIx, units: u32) {
        *self.tier_mut(tier) += units;
        self.units += units;
    }

    fn remove(&mut self, tier: TierIx, units: u32) {
        let left = self.tier_mut(tier);
        assert!(*left >= units, "a customer gives back what he has");
        *left -= units;
        self.units -= units;
        if let Some(others) = &mut self.others {
            others.retain(|(_, units)| *units > 0);
        }
    }

    const fn has_nothing(&self) -> bool {
        self.holds == 0 && self.units == 0
    }

    /// Units by tier, for comparison.
    pub fn tiers(&self) -> Vec<(u8, u32)> {
        let mut tiers = self.others().to_vec();
        if self.first.1 > 0 {
            tiers.push(self.first);
        }
        tiers.sort_unstable();
        tiers
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Customers(Slots<UserId, Customer>);

impl Customers {
    pub fn get(&self, user: UserId) -> Option<&Customer> {
        self.0.get(self.0.slot_of(user)?)
    }

    fn get_mut(&mut self, user: UserId) -> Option<&mut Customer> {
        self.0.get_mut(self.0.slot_of(user)?)
    }

    fn get_or_new(&mut self, user: UserId) -> &mut Customer {
        let (slot, _) = self.0.get_or_insert(user, Customer::default);
        self.0.get_mut(slot).expect("a customer is where his id says")
    }

    /// Somebody who is not `known`.
    pub fn find_other(&self, known: impl Fn(UserId) -> bool) -> Option<UserId> {
        self.0.iter().map(|(_, user, _)| *user).find(|user| !known(*user))
    }

    /// A hold was placed.
    pub fn add_hold(&mut self, user: UserId, items: &[Item]) {
        let customer = self.get_or_new(user);
        customer.holds += 1;
        for (tier, units) in by_tier(items) {
            customer.add(tier, units);
        }
    }

    /// A hold was bought: its units stay.
    pub fn confirm_hold(&mut self, user: UserId) {
        let customer = self.get_mut(user).expect("whoever confirms has a hold");
        assert!(customer.holds > 0, "a hold is confirmed once");
        customer.holds -= 1;
    }

    /// A hold was released or has expired.
    pub fn remove_hold(&mut self, user: UserId, items: &[Item]) {
        let customer = self.get_mut(user).expect("whoever gives up a hold has one");
        assert!(customer.holds > 0, "a hold ends once");
        customer.holds -= 1;
        for (tier, units) in by_tier(items) {
            customer.remove(tier, units);
        }
        if customer.has_nothing() {
            self.0.remove(user);
        }
    }

    pub fn add(&mut self, user: UserId, items: &[Item]) {
        let customer = self.get_or_new(user);
        for (tier, units) in by_tier(items) {
            customer.add(tier, units);
        }
    }

    pub fn remove(&mut self, user: UserId, tier: TierIx, units: u32) {
        let customer = self.get_mut(user).expect("whoever gives back has something");
        customer.remove(tier, units);
        if customer.has_nothing() {
            self.0.remove(user);
        }
    }
}
