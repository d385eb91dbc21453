//! Discount codes: which gives what, and who has used them how often.

use std::collections::BTreeSet;

use super::config::is_window;
use super::{HoldState, Order, Reference};
use crate::{
    Answer, Discount, DiscountCodeSpec, DiscountUse, Item, MinorOff, PlaceHold, Rejection, TierId, TimeUs, UserId,
    limits,
};

/// A hold or an order by which a code is used, and units of it.
struct Use {
    customer: UserId,
    units: u32,
}

impl Reference {
    pub(super) fn set_discount_code(&mut self, spec: &DiscountCodeSpec) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let known = self.discounts.iter().position(|code| code.digest == spec.digest);
        let names_tier = |id: &TierId| {
            self.tiers.iter().any(|tier| tier.id == *id && !tier.terms.deleted)
                || known.is_some_and(|ix| self.discounts[ix].tiers.contains(id))
        };
        let is_amount = |minor: i64| minor <= limits::PRICE_MINOR_MAX;
        let is_worth = match spec.discount {
            Discount::Percent { basis_points } => basis_points > 0 && basis_points <= 10_000,
            Discount::Amount { minor } => minor > 0 && is_amount(minor),
            Discount::Fixed { minor } => minor >= 0 && is_amount(minor),
        };
        let (uses, units) = self.discount_use(spec.digest);
        let is_valid = !spec.label.is_empty()
            && spec.label.len() <= limits::NAME_BYTES_MAX
            && is_window(spec.window)
            && is_worth
            && spec.per_customer_max != Some(0)
            && spec.tiers.len() <= limits::TIERS_PER_EVENT_MAX
            && spec.tiers.iter().all(names_tier)
            && spec.uses_max.is_none_or(|max| uses <= max)
            && spec.units_max.is_none_or(|max| units <= max)
            && (known.is_some() || self.discounts.len() < limits::DISCOUNT_CODES_PER_EVENT_MAX);
        if !is_valid {
            return Err(Rejection::DiscountCodeInvalid { problem: String::new() });
        }
        match known {
            Some(ix) => self.discounts[ix] = spec.clone(),
            None => self.discounts.push(spec.clone()),
        }
        Ok(Answer::Configured)
    }

    /// The items at what they cost by the codes that the buyer names, one code each.
    pub(super) fn discounted(
        &self,
        now: TimeUs,
        place: &PlaceHold,
        items: &[Item],
    ) -> Result<(Vec<Item>, Vec<DiscountUse>), Rejection> {
        let codes = self.usable(now, place)?;
        for (code, spec) in &codes {
            if items.iter().all(|item| self.off(spec, item) == 0) {
                return Err(Rejection::DiscountCodeNotApplicable { code: *code });
            }
        }
        let mut uses = Vec::new();
        let mut cheaper = items.to_vec();
        for (at, item) in (0..).zip(&mut cheaper) {
            let most = codes.iter().map(|(_, spec)| self.off(spec, item)).max().unwrap_or(0);
            let by = codes.iter().find(|(_, spec)| most > 0 && self.off(spec, item) == most);
            if let Some((_, spec)) = by {
                item.price_minor -= most;
                item.off = MinorOff::new(most).expect("no price is higher than the highest");
                uses.push(DiscountUse { item: at, code: Some(spec.digest), off_minor: most });
            }
        }
        // The same code named twice is drawn on where it was named first.
        let is_first = |at: u32, digest: [u8; 16]| codes.iter().all(|(of, spec)| *of >= at || spec.digest != digest);
        let drawn_on = codes.iter().filter_map(|(at, spec)| {
            let units = units_by(&uses, &cheaper, spec.digest);
            (units > 0 && is_first(*at, spec.digest)).then_some((*at, *spec, units))
        });
        let drawn_on: Vec<(u32, &DiscountCodeSpec, u32)> = drawn_on.collect();
        for (code, spec, _) in &drawn_on {
            if let Some(max) = self.customer_exhausted(spec, place.customer) {
                return Err(Rejection::DiscountCodePerCustomer { code: *code, max });
            }
        }
        for (code, spec, units) in &drawn_on {
            if let Some(left) = self.code_exhausted(spec, *units) {
                return Err(Rejection::DiscountCodeSpent { code: *code, left });
            }
        }
        Ok((cheaper, uses))
    }

    /// All the codes that the buyer names, if each of them can be used now.
    fn usable(&self, now: TimeUs, place: &PlaceHold) -> Result<Vec<(u32, &DiscountCodeSpec)>, Rejection> {
        let mut codes = Vec::new();
        for (at, digest) in (0..).zip(&place.discount_codes) {
            let found = self.discounts.iter().find(|code| code.digest == *digest && code.open);
            codes.push((at, found.ok_or(Rejection::DiscountCodeUnknown { code: at })?));
        }
        for (code, spec) in &codes {
            if let Some(starts_at) = spec.window.from.filter(|from| now < *from) {
                return Err(Rejection::DiscountCodeNotStarted { code: *code, starts_at });
            }
        }
        for (code, spec) in &codes {
            if spec.window.until.is_some_and(|until| now >= until) {
                return Err(Rejection::DiscountCodeExpired { code: *code });
            }
        }
        Ok(codes)
    }

    /// Off one unit of the item. Half a minor unit is a whole one.
    fn off(&self, spec: &DiscountCodeSpec, item: &Item) -> i64 {
        let tier = &self.tiers[item.tier.ix()];
        if !spec.tiers.is_empty() && !spec.tiers.contains(&tier.id) {
            return 0;
        }
        match spec.discount {
            Discount::Percent { basis_points } => {
                let exact = item.price_minor * i64::from(basis_points);
                exact / 10_000 + i64::from(exact % 10_000 >= 5_000)
            }
            Discount::Amount { minor } if minor > item.price_minor => item.price_minor,
            Discount::Amount { minor } => minor,
            Discount::Fixed { minor } if minor > item.price_minor => 0,
            Discount::Fixed { minor } => item.price_minor - minor,
        }
    }

    fn customer_exhausted(&self, spec: &DiscountCodeSpec, customer: UserId) -> Option<u32> {
        let uses = self.uses_of(spec.digest).iter().filter(|used| used.customer == customer).count() as u32;
        spec.per_customer_max.filter(|max| uses >= *max)
    }

    fn code_exhausted(&self, spec: &DiscountCodeSpec, wanted: u32) -> Option<u32> {
        let (uses, units) = self.discount_use(spec.digest);
        if spec.uses_max.is_some_and(|max| uses >= max) {
            return Some(0);
        }
        spec.units_max.map(|max| max.saturating_sub(units)).filter(|left| wanted > *left)
    }

    /// Whether an order that has lapsed could have its discounts once more. When they end does not matter.
    pub(super) fn have_discounts_room(&self, order: &Order) -> bool {
        let codes: BTreeSet<[u8; 16]> = order.discounts.iter().filter_map(|used| used.code).collect();
        codes.into_iter().all(|digest| {
            let spec = self.discounts.iter().find(|code| code.digest == digest);
            let wanted = units_by(&order.discounts, &order.items, digest);
            spec.is_some_and(|spec| {
                self.customer_exhausted(spec, order.customer).is_none() && self.code_exhausted(spec, wanted).is_none()
            })
        })
    }

    /// Holds and orders that have something by the code, and how many units.
    pub fn discount_use(&self, code: [u8; 16]) -> (u32, u32) {
        let uses = self.uses_of(code);
        (uses.len() as u32, uses.iter().map(|used| used.units).sum())
    }

    fn uses_of(&self, code: [u8; 16]) -> Vec<Use> {
        let live = self.holds.iter().filter(|hold| hold.state == HoldState::Active);
        let held =
            live.map(|hold| Use { customer: hold.customer, units: units_by(&hold.discounts, &hold.items, code) });
        let bought = self.orders.iter().map(|order| {
            let of_order = self.sold_tickets().filter(|ticket| ticket.order == order.id);
            let units = of_order.filter(|ticket| ticket.discount == Some(code)).count() as u32;
            Use { customer: order.customer, units }
        });
        held.chain(bought).filter(|used| used.units > 0).collect()
    }
}

fn units_by(uses: &[DiscountUse], items: &[Item], code: [u8; 16]) -> u32 {
    let of_code = uses.iter().filter(|used| used.code == Some(code));
    of_code.map(|used| items[used.item as usize].place.units()).sum()
}
