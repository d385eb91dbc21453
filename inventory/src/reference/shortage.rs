//! What those who wait lack, and who would pass them by.

use super::Reference;
use super::choice::Party;
use super::seating::ByTier;
use super::waitlist::{UNKNOWN, best};
use crate::{Item, Place, TimeUs, Wish, WishedPlace};

impl Reference {
    /// Its tier is sold to everybody now, in such parties.
    pub(super) fn is_awake(&self, now: TimeUs, wish: Wish) -> bool {
        let tier = &self.tiers[wish.tier.ix()];
        let is_in = |window: crate::SaleWindow| {
            window.from.is_none_or(|from| from <= now) && window.until.is_none_or(|until| until > now)
        };
        let is_covered = match wish.place {
            WishedPlace::Area(area) => self.covers_area(wish.tier, area.ix()),
            WishedPlace::Seats { .. } => true,
        };
        is_covered
            && tier.open
            && !tier.is_hidden()
            && !tier.terms.deleted
            && is_in(tier.sale)
            && is_in(self.policy.sale)
            && (tier.per_order_min..=tier.per_order_max.min(self.policy.units_per_hold_max)).contains(&wish.quantity)
    }

    /// Places, and units of a quota.
    pub(super) fn lacks(&self, wish: Wish) -> (bool, bool) {
        let of_quota = self.check_quotas(&ByTier::from([(wish.tier, wish.quantity)])).is_err();
        let of_places = match (wish.place, best(wish)) {
            (WishedPlace::Area(area), _) => self.area_counts(area.ix()).free < wish.quantity,
            (WishedPlace::Seats { apart, .. }, Some(best)) => {
                let states = self.seat_states();
                let party = Party { twin: self, states: &states, best, tiers: &[wish.tier] };
                party.seats_together().is_none() && !(apart && party.refusal().is_err())
            }
            (WishedPlace::Seats { .. }, None) => true,
        };
        (of_places, of_quota)
    }

    /// Whether a hold on these places would take from somebody who waits what he is short of.
    pub(super) fn may_pass_by(&self, now: TimeUs, items: &[Item]) -> bool {
        let Some(list) = self.list.as_ref().filter(|list| list.is_open(now)) else { return false };
        list.waiting().into_iter().any(|entry| {
            let wish = entry.wish;
            if !self.is_awake(now, wish) {
                return false;
            }
            if items.iter().any(|item| item.place == Place::Seat(UNKNOWN)) {
                return true;
            }
            let takes = items.iter().any(|item| self.is_wished(wish, item.place));
            let shared = |is_short: bool| {
                self.tiers[wish.tier.ix()].quotas.iter().any(|quota| {
                    let draws = |item: &Item| self.tiers[item.tier.ix()].quotas.iter().any(|it| it.id == quota.id);
                    let left = self.quota_limits[&quota.id].saturating_sub(self.quota_use(&quota.id));
                    items.iter().any(draws) && (!is_short || left < wish.quantity)
                })
            };
            match self.lacks(wish) {
                (false, false) => takes || shared(false),
                (of_places, of_quota) => of_places && takes || of_quota && shared(true),
            }
        })
    }

    fn is_wished(&self, wish: Wish, place: Place) -> bool {
        match (wish.place, place) {
            (WishedPlace::Area(wished), Place::Area { area, .. }) => wished == area,
            (WishedPlace::Seats { section, accessible, .. }, Place::Seat(at)) => self.map.as_ref().is_some_and(|map| {
                let seat = &map.seats[at.ix()];
                self.covers_seat(wish.tier, at)
                    && section.is_none_or(|section| section.ix() == seat.section)
                    && (accessible || !seat.accessible && !seat.companion)
            }),
            _ => false,
        }
    }
}
