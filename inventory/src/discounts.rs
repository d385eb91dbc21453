//! Discount codes: what they take off, how often each was used, and by whom. Apart from access codes, which open a tier, count
//! its units alone and are of no use in silence: these change what is paid, count uses and customers, and say why not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Inventory, PlacedHold, SaleWindow, TierId, UserId, bytes16};

/// What a code takes off the price of one unit, never more than the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Discount {
    /// Hundredths of a percent: 1 500 is 15 %. What is off is rounded to the minor unit, halves up.
    Percent {
        basis_points: u16,
    },
    Amount {
        minor: i64,
    },
    /// The price becomes this, where it is higher.
    Fixed {
        minor: i64,
    },
}

impl Discount {
    pub const BASIS_POINTS_MAX: u16 = 10_000;

    /// Off one unit of this price, from 0 to the price.
    pub fn off(self, price_minor: i64) -> i64 {
        match self {
            Self::Percent { basis_points } => {
                let whole = i64::from(Self::BASIS_POINTS_MAX);
                (price_minor * i64::from(basis_points) + whole / 2) / whole
            }
            Self::Amount { minor } => minor.min(price_minor),
            Self::Fixed { minor } => (price_minor - minor).max(0),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DiscountCodeSpec {
    /// Keyed digest: whoever reads the journal cannot buy with the code.
    #[serde(with = "bytes16")]
    pub digest: [u8; 16],
    /// Shown to whoever buys with it.
    pub label: String,
    pub discount: Discount,
    /// Tiers that it is for. Empty: all.
    pub tiers: Vec<TierId>,
    /// Holds and orders that have something by it, over all customers.
    pub uses_max: Option<u32>,
    /// Units held and bought by it, over all customers.
    pub units_max: Option<u32>,
    /// Holds and orders of one customer.
    pub per_customer_max: Option<u32>,
    pub window: SaleWindow,
    /// A closed code is not known to anybody; what was held or bought by it stays.
    pub open: bool,
}

impl DiscountCodeSpec {
    pub fn is_for(&self, tier: TierId) -> bool {
        self.tiers.is_empty() || self.tiers.contains(&tier)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct DiscountCode {
    pub spec: DiscountCodeSpec,
    /// Units held and bought by it.
    pub units: u32,
    /// Holds and orders that have something by it.
    pub uses: u32,
    pub customers: BTreeMap<UserId, u32>,
}

/// Why a code cannot be drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exhausted {
    /// Units that are left; none when it was used as often as it may be.
    Code {
        left: u32,
    },
    Customer {
        max: u32,
    },
}

impl DiscountCode {
    /// Whether the customer may hold so many more units by it.
    pub fn has_left(&self, customer: UserId, units: u32) -> Result<(), Exhausted> {
        let spec = &self.spec;
        let uses_of_customer = self.customers.get(&customer).copied().unwrap_or(0);
        if let Some(max) = spec.per_customer_max.filter(|max| uses_of_customer >= *max) {
            return Err(Exhausted::Customer { max });
        }
        let are_uses_left = spec.uses_max.is_none_or(|max| self.uses < max);
        let units_left = spec.units_max.map_or(u32::MAX, |max| max.saturating_sub(self.units));
        let left = if are_uses_left { units_left } else { 0 };
        if units > left { Err(Exhausted::Code { left }) } else { Ok(()) }
    }
}

/// By digest: what is listed and what is stored come in one order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Discounts(BTreeMap<[u8; 16], DiscountCode>);

impl Discounts {
    pub fn get(&self, digest: &[u8; 16]) -> Option<&DiscountCode> {
        self.0.get(digest)
    }

    pub fn all(&self) -> impl ExactSizeIterator<Item = &DiscountCode> {
        self.0.values()
    }

    pub fn set(&mut self, spec: &DiscountCodeSpec) {
        match self.0.get_mut(&spec.digest) {
            Some(code) => code.spec.clone_from(spec),
            None => {
                let code = DiscountCode { spec: spec.clone(), units: 0, uses: 0, customers: BTreeMap::new() };
                self.0.insert(spec.digest, code);
            }
        }
    }

    /// One more use, of so many units.
    pub fn take(&mut self, digest: &[u8; 16], customer: UserId, units: u32) {
        let code = self.known(digest);
        assert!(code.has_left(customer, units).is_ok(), "a discount code is not overdrawn");
        self.count(digest, customer, units);
    }

    /// As [`Self::take`], of what was taken when the code's limits may have been others.
    pub fn count(&mut self, digest: &[u8; 16], customer: UserId, units: u32) {
        let code = self.known(digest);
        code.units += units;
        code.uses += 1;
        *code.customers.entry(customer).or_default() += 1;
    }

    /// Units of a use that goes on with fewer.
    pub fn give_back_units(&mut self, digest: &[u8; 16], units: u32) {
        let code = self.known(digest);
        assert!(code.units >= units, "what is given back to a discount code was taken");
        code.units -= units;
    }

    /// A use ends: its last units were given back.
    pub fn end_use(&mut self, digest: &[u8; 16], customer: UserId) {
        let code = self.known(digest);
        let uses = code.customers.get_mut(&customer).expect("a use has a customer");
        assert!(code.uses > 0 && *uses > 0, "a use ends once");
        code.uses -= 1;
        *uses -= 1;
        if *uses == 0 {
            code.customers.remove(&customer);
        }
    }

    pub fn take_all(&mut self, placed: &PlacedHold) {
        if placed.codes.is_some() {
            for (code, units) in units_by_code(placed) {
                self.take(&code, placed.customer, units);
            }
        }
    }

    pub fn give_back_all(&mut self, placed: &PlacedHold) {
        if placed.codes.is_some() {
            for (code, units) in units_by_code(placed) {
                self.give_back_units(&code, units);
                self.end_use(&code, placed.customer);
            }
        }
    }

    fn known(&mut self, digest: &[u8; 16]) -> &mut DiscountCode {
        self.0.get_mut(digest).expect("a discount code that is drawn on exists")
    }
}

/// Units of the whole hold by code.
pub(crate) fn units_by_code(placed: &PlacedHold) -> BTreeMap<[u8; 16], u32> {
    let mut units = BTreeMap::new();
    for used in placed.discounts() {
        let Some(code) = used.code else { continue };
        *units.entry(code).or_default() += placed.items[used.item as usize].place.units();
    }
    units
}

/// A code of an order whose limits leave no room for it once more.
pub(crate) fn overdrawn(discounts: &Discounts, placed: &PlacedHold) -> bool {
    let has_room = |(code, units): (&[u8; 16], &u32)| {
        discounts.get(code).is_some_and(|code| code.has_left(placed.customer, *units).is_ok())
    };
    placed.codes.is_some() && !units_by_code(placed).iter().all(has_room)
}

#[derive(Clone, Debug, PartialEq)]
pub struct DiscountCodeView {
    pub spec: DiscountCodeSpec,
    /// Holds and orders that have something by it.
    pub uses: u32,
    /// Units held and bought by it.
    pub units: u32,
}

impl DiscountCodeView {
    fn of(code: &DiscountCode) -> Self {
        Self { spec: code.spec.clone(), uses: code.uses, units: code.units }
    }
}

impl Inventory {
    /// By ascending digest, from the one after `after` on, at most `count`.
    pub fn discount_codes(&self, after: Option<[u8; 16]>, count: usize) -> Vec<DiscountCodeView> {
        let behind = |code: &&DiscountCode| after.is_none_or(|after| code.spec.digest > after);
        self.discounts.all().filter(behind).take(count).map(DiscountCodeView::of).collect()
    }

    pub fn discount_code(&self, digest: &[u8; 16]) -> Option<DiscountCodeView> {
        self.discounts.get(digest).map(DiscountCodeView::of)
    }

    /// Of the code by which the item is cheaper; empty when its price was set by hand.
    pub(crate) fn discount_label(&self, placed: &PlacedHold, item: usize) -> Option<String> {
        let used = placed.discounts().iter().find(|used| used.item as usize == item)?;
        let label = |code| self.discounts.get(code).map_or_else(String::new, |code| code.spec.label.clone());
        Some(used.code.as_ref().map_or_else(String::new, label))
    }

    /// Units by code of the order's tickets that were not refunded.
    pub(crate) fn discounted_units(&self, order: u32) -> BTreeMap<[u8; 16], u32> {
        let order = self.orders.get(order);
        let mut units = BTreeMap::new();
        let tickets = self.tickets.range(order.tickets.clone());
        for (ticket, code) in tickets.iter().zip(order.placed.discounts_by_unit()) {
            if let Some(code) = code.filter(|_| !ticket.refunded) {
                *units.entry(code).or_default() += 1;
            }
        }
        units
    }
}

#[cfg(test)]
mod tests {
    use super::Discount;
    use crate::limits::PRICE_MINOR_MAX;

    #[test]
    fn what_is_off_is_rounded_by_halves_and_never_more_than_the_price() {
        let percent = |basis_points| Discount::Percent { basis_points };
        let rows = [
            // 149.85, 0.5, 0.49 and a third.
            (percent(1_500), 999, 150),
            (percent(5_000), 1, 1),
            (percent(4_900), 1, 0),
            (percent(3_333), 100, 33),
            (percent(10_000), 999, 999),
            (percent(10_000), PRICE_MINOR_MAX, PRICE_MINOR_MAX),
            (percent(1), 0, 0),
            (Discount::Amount { minor: 500 }, 999, 500),
            (Discount::Amount { minor: 1_000 }, 999, 999),
            (Discount::Fixed { minor: 300 }, 999, 699),
            (Discount::Fixed { minor: 0 }, 999, 999),
            (Discount::Fixed { minor: 1_000 }, 999, 0),
        ];
        for (discount, price, off) in rows {
            assert_eq!(discount.off(price), off, "{discount:?} of {price}");
        }
    }
}
