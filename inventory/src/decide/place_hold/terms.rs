//! What codes, price steps and staff make of a hold that is refused for nothing else.

use super::Draft;
use crate::codes::{Code, overdrawn};
use crate::decide::{box_office, discount, price_steps};
use crate::{CodeUse, HoldCodes, Rejection, TierIx};

impl Draft<'_> {
    /// What tiers with price steps and codes add to a hold, once everything else about it is settled.
    #[cold]
    pub(super) fn apply_terms(&mut self) {
        let mut used: Vec<(CodeUse, u32)> = Vec::new();
        for (tier, units) in self.units.each() {
            used.extend(self.code_use(tier, units, &used));
        }
        if let Some(left) = overdrawn(&self.inventory.codes, used.iter().map(|(used, units)| (used.code, *units))) {
            self.refuse(Rejection::AccessCodeSpent { left });
        }
        if self.fault.is_none() {
            self.items = price_steps::price(self.inventory, self.now, &self.items);
            let access = used.into_iter().map(|(used, _)| used).collect();
            self.codes = HoldCodes { access, discounts: Vec::new() }.boxed();
        }
    }

    /// Of a hold that is refused for nothing else.
    #[cold]
    pub(super) fn apply_discounts(&mut self) {
        if self.fault.is_some() {
            return;
        }
        match discount::take_off(self.inventory, self.now, self.wanted, &mut self.items) {
            Ok(discounts) => self.codes.get_or_insert_default().discounts = discounts,
            Err(fault) => self.refuse(fault),
        }
    }

    /// The first code that has enough left beside what earlier tiers draw on it; else the first, which says what is left.
    fn code_use(&self, tier: TierIx, units: u32, earlier: &[(CodeUse, u32)]) -> Option<(CodeUse, u32)> {
        if self.knows_own_code(tier) {
            return None;
        }
        let drawn = |code: [u8; 16]| -> u32 {
            earlier.iter().filter(|(used, _)| used.code == code).map(|(_, units)| units).sum()
        };
        let has_enough = |code: &&Code| code.left() >= drawn(code.spec.digest) + units;
        let code = self.codes_for(tier).find(has_enough).or_else(|| self.codes_for(tier).next())?;
        Some((CodeUse { tier, code: code.spec.digest }, units))
    }

    #[cold]
    pub(super) fn apply_price(&mut self) {
        let price_minor = self.wanted.box_office.as_ref().and_then(|staff| staff.price_minor);
        let Some(price_minor) = price_minor.filter(|_| self.fault.is_none()) else { return };
        match box_office::set_price(&mut self.items, price_minor) {
            Ok(discounts) => {
                let access = self.codes.take().map_or_else(Vec::new, |codes| codes.access);
                self.codes = HoldCodes { access, discounts }.boxed();
            }
            Err(fault) => self.refuse(fault),
        }
    }
}
