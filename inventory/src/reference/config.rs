//! Seat map, tiers, policy, blocks, and the phases of the event.

use std::collections::BTreeSet;

use super::Reference;
use super::map::{self, Map};
use crate::{Answer, Phase, Policy, PolicyPatch, Rejection, SaleWindow, SeatIx, SeatMapSpec, TierIx, TierSpec, limits};

impl Reference {
    pub(super) fn set_seat_map(&mut self, spec: &SeatMapSpec) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        if self.phase == Phase::Published {
            return Err(Rejection::EventAlreadyPublished);
        }
        if !map::is_valid(spec) {
            return Err(Rejection::SeatMapInvalid { problem: String::new() });
        }
        if !self.withheld.is_empty() {
            return Err(Rejection::BlocksWithheld);
        }
        self.map = Some(Map::new(spec));
        Ok(Answer::Configured)
    }

    pub(super) fn set_tier(&mut self, spec: &TierSpec) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let invalid = Rejection::TierInvalid { problem: String::new() };
        let known = self.tiers.iter().position(|tier| tier.id == spec.id);
        let is_deleted = |tier: &TierSpec| tier.id == spec.id && tier.terms.deleted;
        if spec.terms.deleted
            || self.tiers.iter().any(is_deleted)
            || !self.are_terms_valid(spec)
            || !self.is_tier_valid(spec)
            || (known.is_none() && self.tiers.len() >= limits::TIERS_PER_EVENT_MAX)
        {
            return Err(invalid);
        }
        let before = (self.tiers.clone(), self.quota_limits.clone());
        match known {
            Some(ix) => self.tiers[ix] = spec.clone(),
            None => self.tiers.push(spec.clone()),
        }
        for quota in &spec.quotas {
            self.quota_limits.insert(quota.id.clone(), quota.limit);
        }
        if spec.quotas.iter().any(|quota| self.quota_use(&quota.id) > quota.limit) {
            (self.tiers, self.quota_limits) = before;
            return Err(invalid);
        }
        Ok(Answer::Configured)
    }

    fn is_tier_valid(&self, spec: &TierSpec) -> bool {
        let quota_ids: BTreeSet<&str> = spec.quotas.iter().map(|quota| quota.id.as_str()).collect();
        let fits_map = self.map.as_ref().is_none_or(|map| {
            spec.sections.iter().all(|id| map.has_section(id))
                && spec.categories.iter().all(|category| map.has_category(category))
        });
        fits_map
            && !spec.name.is_empty()
            && spec.name.len() <= limits::NAME_BYTES_MAX
            && (0..=limits::PRICE_MINOR_MAX).contains(&spec.price_minor)
            && spec.quotas.iter().all(|quota| map::is_label(&quota.id))
            && quota_ids.len() == spec.quotas.len()
            && spec.per_order_min >= 1
            && spec.per_order_min <= spec.per_order_max
            && spec.per_order_max <= limits::UNITS_PER_HOLD_MAX
            && spec.per_customer_max != Some(0)
            && is_window(spec.sale)
    }

    pub(super) fn set_policy(&mut self, policy: &Policy) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let is_valid = (limits::HOLD_TTL_MIN_US..=limits::HOLD_AGE_MAX_US).contains(&policy.hold_ttl_us)
            && (1..=limits::HOLDS_PER_CUSTOMER_MAX).contains(&policy.holds_per_customer_max)
            && (1..=limits::UNITS_PER_HOLD_MAX).contains(&policy.units_per_hold_max)
            && policy.units_per_customer_max != Some(0)
            && policy.entries_max.is_none_or(|max| (1..=limits::ENTRIES_PER_TICKET_MAX).contains(&max))
            && is_window(policy.sale)
            && (policy.currency == self.policy.currency || self.phase == Phase::Draft);
        if !is_valid {
            return Err(Rejection::PolicyInvalid { problem: String::new() });
        }
        self.policy = policy.clone();
        if policy.entries_max.is_some() {
            self.count_entries();
        }
        Ok(Answer::Configured)
    }

    pub(super) fn patch_policy(&mut self, patch: &PolicyPatch) -> Result<Answer, Rejection> {
        let mut policy = self.policy.clone();
        if let Some(sale) = patch.sale {
            policy.sale = sale;
        }
        if let Some(ttl_us) = patch.hold_ttl_us {
            policy.hold_ttl_us = ttl_us;
        }
        if let Some(max) = patch.holds_per_customer_max {
            policy.holds_per_customer_max = max;
        }
        if let Some(max) = patch.units_per_hold_max {
            policy.units_per_hold_max = max;
        }
        if let Some(max) = patch.units_per_customer_max {
            policy.units_per_customer_max = max;
        }
        if let Some(doors_from) = patch.doors_from {
            policy.doors_from = doors_from;
        }
        if let Some(reentry) = patch.reentry {
            policy.reentry = reentry;
        }
        if let Some(max) = patch.entries_max {
            policy.entries_max = max;
        }
        self.set_policy(&policy)
    }

    pub(super) fn publish(&mut self) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        if self.phase == Phase::Published {
            return Err(Rejection::EventAlreadyPublished);
        }
        if self.map.is_none() {
            return Err(Rejection::SeatMapMissing);
        }
        if self.tiers.iter().all(|tier| tier.terms.deleted) {
            return Err(Rejection::TierMissing);
        }
        if !self.tiers.iter().all(|tier| tier.terms.deleted || self.is_tier_valid(tier)) {
            return Err(Rejection::TierInvalid { problem: String::new() });
        }
        self.phase = Phase::Published;
        Ok(Answer::Configured)
    }

    pub(super) fn cancel_event(&mut self, only_unsold: bool) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        let held: u32 = self.live_items().map(|item| item.place.units()).sum();
        let units = held + self.sold_tickets().count() as u32;
        if only_unsold && units > 0 {
            return Err(Rejection::EventSold { units });
        }
        self.phase = Phase::Cancelled;
        Ok(Answer::Configured)
    }

    pub(super) fn set_block(&mut self, block: &str, withheld: bool) -> Result<Answer, Rejection> {
        self.not_cancelled()?;
        if !self.map.as_ref().is_some_and(|map| map.has_block(block)) {
            return Err(Rejection::BlockUnknown);
        }
        if withheld {
            self.withheld.insert(block.to_owned());
        } else {
            self.withheld.remove(block);
        }
        Ok(Answer::Configured)
    }

    pub(super) fn not_cancelled(&self) -> Result<(), Rejection> {
        if self.phase == Phase::Cancelled { Err(Rejection::EventCancelled) } else { Ok(()) }
    }

    pub(super) fn on_sale(&self) -> Result<(), Rejection> {
        match self.phase {
            Phase::Cancelled => Err(Rejection::EventCancelled),
            Phase::Draft => Err(Rejection::EventNotPublished),
            Phase::Published => Ok(()),
        }
    }

    pub(super) fn covers_seat(&self, tier: TierIx, seat: SeatIx) -> bool {
        self.map.as_ref().is_some_and(|map| {
            let seat = &map.seats[seat.ix()];
            self.covers(tier, &map.sections[seat.section].id, seat.category.as_deref())
        })
    }

    pub(super) fn covers_area(&self, tier: TierIx, area: usize) -> bool {
        self.map.as_ref().is_some_and(|map| {
            let area = &map.areas[area];
            self.covers(tier, &area.id, area.category.as_deref())
        })
    }

    fn covers(&self, tier: TierIx, section: &str, category: Option<&str>) -> bool {
        let tier = &self.tiers[tier.ix()];
        (tier.sections.is_empty() || tier.sections.iter().any(|id| id == section))
            && (tier.categories.is_empty() || tier.categories.iter().any(|wanted| Some(wanted.as_str()) == category))
    }

    /// Units held and sold under the quota, by any tier that names it now.
    pub(super) fn quota_use(&self, quota: &str) -> u32 {
        let names_it = |tier: TierIx| self.tiers[tier.ix()].quotas.iter().any(|named| named.id == quota);
        let held: u32 = self.live_items().filter(|item| names_it(item.tier)).map(|item| item.place.units()).sum();
        let sold: u32 =
            self.sold_tickets().filter(|ticket| names_it(ticket.tier)).map(|ticket| ticket.place.units()).sum();
        held + sold
    }

    /// What the tightest quota of the tier leaves; `None` without quotas.
    pub(super) fn quotas_left(&self, tier: TierIx) -> Option<u32> {
        let quotas = &self.tiers[tier.ix()].quotas;
        quotas.iter().map(|quota| self.quota_limits[&quota.id].saturating_sub(self.quota_use(&quota.id))).min()
    }
}

pub(super) fn is_window(sale: SaleWindow) -> bool {
    !matches!(sale, SaleWindow { from: Some(from), until: Some(until) } if from >= until)
}
