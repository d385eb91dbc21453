//! Price steps, access codes, and tiers that are deleted.

use super::config::is_window;
use super::seating::ByTier;
use super::{HoldState, Reference};
use crate::{
    AccessCodeSpec, Answer, CodeUse, Item, Place, PlaceHold, RefundPolicy, Rejection, TierId, TierIx, TierPatch,
    TierSpec, TimeUs, limits,
};

fn set<T: Clone>(field: &mut T, said: Option<&T>) {
    if let Some(said) = said {
        field.clone_from(said);
    }
}

fn is_refund_valid(refund: &RefundPolicy) -> bool {
    let mut before_us: Vec<i64> = refund.steps.iter().map(|step| step.before_us).collect();
    let said = before_us.clone();
    before_us.sort_unstable();
    before_us.dedup();
    before_us.reverse();
    refund.percent <= 100
        && refund.steps.iter().all(|step| step.percent <= 100)
        && refund.steps.len() <= limits::REFUND_STEPS_PER_TIER_MAX
        && said.iter().all(|us| *us >= 0 && *us <= limits::REFUND_BEFORE_US_MAX)
        && said == before_us
}

impl Reference {
    pub(super) fn are_terms_valid(&self, spec: &TierSpec) -> bool {
        let terms = &spec.terms;
        let mut prices: Vec<i64> = terms.price_steps.iter().map(|step| step.price_minor).collect();
        prices.push(spec.price_minor);
        prices.sort_unstable();
        let are_different = prices.windows(2).all(|pair| pair[0] != pair[1]);
        let known = self.tiers.iter().position(|tier| tier.id == spec.id).map(|ix| TierIx(ix as u8));
        let is_step_valid = |step: &crate::PriceStep| {
            let used = known.map_or(0, |tier| self.units_at(tier, step.price_minor));
            (0..=limits::PRICE_MINOR_MAX).contains(&step.price_minor)
                && (step.until.is_some() || step.first.is_some())
                && step.first.is_none_or(|first| used <= first)
        };
        terms.description.len() <= limits::TIER_DESCRIPTION_BYTES_MAX
            && terms.refund.as_ref().is_none_or(is_refund_valid)
            && terms.price_steps.len() <= limits::PRICE_STEPS_PER_TIER_MAX
            && are_different
            && terms.price_steps.iter().all(is_step_valid)
    }

    pub(super) fn patch_tier(&mut self, id: TierId, patch: &TierPatch) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let found = self.tiers.iter().find(|tier| tier.id == id && !tier.terms.deleted);
        let mut tier = found.ok_or(Rejection::TierNotFound)?.clone();
        for quota in &mut tier.quotas {
            quota.limit = self.quota_limits[&quota.id];
        }
        if let Some(gone) = &patch.quota_gone {
            tier.quotas.retain(|quota| quota.id != *gone);
        }
        if let Some(said) = &patch.quota {
            let known = tier.quotas.iter().position(|quota| quota.id == said.id);
            match known {
                Some(ix) => tier.quotas[ix] = said.clone(),
                None => tier.quotas.push(said.clone()),
            }
        }
        set(&mut tier.name, patch.name.as_ref());
        set(&mut tier.price_minor, patch.price_minor.as_ref());
        set(&mut tier.sale, patch.sale.as_ref());
        set(&mut tier.per_order_min, patch.per_order_min.as_ref());
        set(&mut tier.per_order_max, patch.per_order_max.as_ref());
        set(&mut tier.per_customer_max, patch.per_customer_max.as_ref());
        set(&mut tier.open, patch.open.as_ref());
        set(&mut tier.terms.description, patch.description.as_ref());
        set(&mut tier.terms.position, patch.position.as_ref());
        set(&mut tier.terms.price_steps, patch.price_steps.as_ref());
        set(&mut tier.terms.needs_code, patch.needs_code.as_ref());
        set(&mut tier.terms.refund, patch.refund.as_ref());
        self.set_tier(&tier)
    }

    pub(super) fn delete_tier(&mut self, id: TierId) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let found = self.tiers.iter().position(|tier| tier.id == id && !tier.terms.deleted);
        let ix = found.ok_or(Rejection::TierNotFound)?;
        let (held, sold) = self.tier_use(TierIx(ix as u8));
        if held + sold > 0 {
            return Err(Rejection::TierInUse { units: held + sold });
        }
        let tier = &mut self.tiers[ix];
        tier.open = false;
        tier.quotas.clear();
        tier.terms.deleted = true;
        Ok(Answer::Configured)
    }

    pub(super) fn set_access_code(&mut self, spec: &AccessCodeSpec) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let known = self.codes.iter().position(|code| code.digest == spec.digest);
        let names_tier = |id: &TierId| {
            self.tiers.iter().any(|tier| tier.id == *id && !tier.terms.deleted)
                || known.is_some_and(|ix| self.codes[ix].tiers.contains(id))
        };
        let is_valid = !spec.label.is_empty()
            && spec.label.len() <= limits::NAME_BYTES_MAX
            && is_window(spec.window)
            && spec.tiers.len() <= limits::TIERS_PER_EVENT_MAX
            && spec.tiers.iter().all(names_tier)
            && spec.units_max.is_none_or(|max| self.code_use(spec.digest) <= max)
            && (known.is_some() || self.codes.len() < limits::ACCESS_CODES_PER_EVENT_MAX);
        if !is_valid {
            return Err(Rejection::AccessCodeInvalid { problem: String::new() });
        }
        match known {
            Some(ix) => self.codes[ix] = spec.clone(),
            None => self.codes.push(spec.clone()),
        }
        Ok(Answer::Configured)
    }

    /// Units of the tier held and sold at this price, whatever was off it.
    fn units_at(&self, tier: TierIx, price_minor: i64) -> u32 {
        let held = self.live_items().filter(|item| item.tier == tier && item.list_minor() == price_minor);
        let sold = self.sold_tickets().filter(|ticket| ticket.tier == tier && ticket.list_minor == price_minor);
        held.map(|item| item.place.units()).sum::<u32>() + sold.count() as u32
    }

    /// Unit by unit, each at the first price that is still on offer. Units of one item that cost the same stay together.
    pub(super) fn priced(&self, now: TimeUs, items: &[Item]) -> Vec<Item> {
        let mut priced: Vec<Item> = Vec::new();
        for item in items {
            let mut of_item: Vec<Item> = Vec::new();
            for _ in 0..item.place.units() {
                let price_minor = self.price_of_next(now, item.tier, priced.iter().chain(&of_item));
                match of_item.last_mut() {
                    Some(Item { place: Place::Area { quantity, .. }, price_minor: last, .. })
                        if *last == price_minor =>
                    {
                        *quantity += 1;
                    }
                    _ => {
                        let place = match item.place {
                            Place::Seat(seat) => Place::Seat(seat),
                            Place::Area { area, .. } => Place::Area { area, quantity: 1 },
                        };
                        of_item.push(Item::new(place, item.tier, price_minor));
                    }
                }
            }
            priced.extend(of_item);
        }
        priced
    }

    fn price_of_next<'a>(&self, now: TimeUs, tier: TierIx, given: impl Iterator<Item = &'a Item>) -> i64 {
        let spec = &self.tiers[tier.ix()];
        let given: Vec<&Item> = given.filter(|item| item.tier == tier).collect();
        let is_on_offer = |step: &&crate::PriceStep| {
            let given = given.iter().filter(|item| item.price_minor == step.price_minor);
            let used = self.units_at(tier, step.price_minor) + given.map(|item| item.place.units()).sum::<u32>();
            step.until.is_none_or(|until| now < until) && step.first.is_none_or(|first| used < first)
        };
        spec.terms.price_steps.iter().find(is_on_offer).map_or(spec.price_minor, |step| step.price_minor)
    }

    /// Whether no step has too many when the items are sold after all, at their prices.
    pub(super) fn have_steps_room(&self, items: &[Item]) -> bool {
        items.iter().all(|item| {
            let list_minor = item.list_minor();
            let same = items.iter().filter(|it| it.tier == item.tier && it.list_minor() == list_minor);
            let wanted: u32 = same.map(|it| it.place.units()).sum();
            let steps = &self.tiers[item.tier.ix()].terms.price_steps;
            let step = steps.iter().find(|step| step.price_minor == list_minor);
            let first = step.and_then(|step| step.first);
            first.is_none_or(|first| self.units_at(item.tier, list_minor) + wanted <= first)
        })
    }

    fn knows_own_code(&self, tier: TierIx, place: &PlaceHold) -> bool {
        self.tiers[tier.ix()].access_code.is_some_and(|own| place.access_codes.contains(&own))
    }

    /// Those of the buyer's codes that open the tier.
    fn event_codes(&self, now: TimeUs, tier: TierIx, place: &PlaceHold) -> Vec<[u8; 16]> {
        let tier = &self.tiers[tier.ix()];
        let opens = |code: &AccessCodeSpec| {
            code.open
                && code.window.from.is_none_or(|from| from <= now)
                && code.window.until.is_none_or(|until| now < until)
                && (code.tiers.is_empty() || code.tiers.contains(&tier.id))
        };
        let find = |digest: &&[u8; 16]| self.codes.iter().any(|code| code.digest == **digest && opens(code));
        place.access_codes.iter().filter(find).copied().filter(|_| tier.terms.needs_code).collect()
    }

    /// `u32::MAX`: no end to it.
    fn code_left(&self, code: [u8; 16]) -> u32 {
        let max = self.codes.iter().find(|it| it.digest == code).and_then(|it| it.units_max);
        max.map_or(u32::MAX, |max| max.saturating_sub(self.code_use(code)))
    }

    pub(super) fn knows_code(&self, now: TimeUs, tier: TierIx, place: &PlaceHold) -> bool {
        let spec = &self.tiers[tier.ix()];
        (spec.access_code.is_none() && !spec.terms.needs_code)
            || self.knows_own_code(tier, place)
            || !self.event_codes(now, tier, place).is_empty()
    }

    /// Whether the tier is taken before others when none is named: not when all that is known of it is spent.
    pub(super) fn is_open_to(&self, now: TimeUs, tier: TierIx, place: &PlaceHold) -> bool {
        let spec = &self.tiers[tier.ix()];
        (spec.access_code.is_none() && !spec.terms.needs_code)
            || place.box_office.is_some()
            || self.knows_own_code(tier, place)
            || self.event_codes(now, tier, place).iter().any(|code| self.code_left(*code) > 0)
    }

    /// Which code counts the units of each tier, by ascending tier: the first that has enough left for them after what
    /// the tiers before draw on it, else the first.
    fn codes_in(&self, now: TimeUs, place: &PlaceHold, by_tier: &ByTier) -> Vec<CodeUse> {
        let mut codes: Vec<CodeUse> = Vec::new();
        for (&tier, &units) in by_tier {
            if self.knows_own_code(tier, place) {
                continue;
            }
            let known = self.event_codes(now, tier, place);
            let has_enough = |code: &&[u8; 16]| {
                let drawn = codes.iter().filter(|used| used.code == **code).map(|used| by_tier[&used.tier]);
                drawn.sum::<u32>() + units <= self.code_left(**code)
            };
            if let Some(&code) = known.iter().find(has_enough).or_else(|| known.first()) {
                codes.push(CodeUse { tier, code });
            }
        }
        codes
    }

    pub(super) fn codes_of(&self, now: TimeUs, place: &PlaceHold, items: &[Item]) -> Vec<CodeUse> {
        let mut by_tier = ByTier::new();
        for item in items {
            *by_tier.entry(item.tier).or_default() += item.place.units();
        }
        self.codes_in(now, place, &by_tier)
    }

    pub(super) fn check_codes(&self, now: TimeUs, place: &PlaceHold, by_tier: &ByTier) -> Result<(), Rejection> {
        self.have_codes_room(&self.codes_in(now, place, by_tier), by_tier)
    }

    pub(super) fn have_codes_room(&self, codes: &[CodeUse], by_tier: &ByTier) -> Result<(), Rejection> {
        for CodeUse { code, .. } in codes {
            let tiers = codes.iter().filter(|used| used.code == *code).map(|used| used.tier);
            let wanted: u32 = tiers.map(|tier| by_tier[&tier]).sum();
            let left = self.code_left(*code);
            if wanted > left {
                return Err(Rejection::AccessCodeSpent { left });
            }
        }
        Ok(())
    }

    /// Units held and bought by the code.
    pub fn code_use(&self, code: [u8; 16]) -> u32 {
        let counts = |codes: &[CodeUse], tier: TierIx| codes.contains(&CodeUse { tier, code });
        let live = self.holds.iter().filter(|hold| hold.state == HoldState::Active);
        let items = live.flat_map(|hold| hold.items.iter().filter(|item| counts(&hold.codes, item.tier)));
        let held: u32 = items.map(|item| item.place.units()).sum();
        let is_by_code = |ticket: &&super::Ticket| {
            self.orders.iter().any(|order| order.id == ticket.order && counts(&order.codes, ticket.tier))
        };
        held + self.sold_tickets().filter(is_by_code).count() as u32
    }
}
