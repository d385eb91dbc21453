//! Holds: place, extend, release, expire.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::box_office::Bought;
use super::{Hold, HoldState, OrderState, Reference, Refusal, Said};
use crate::{
    Answer, DiscountUse, HoldCodes, HoldId, Item, PlaceHold, PlacedHold, Rejection, SaleWindow, TierIx, TimeUs, UserId,
    Want, limits,
};

/// Checks of one kind are made over all items before those of the next kind, because the order of
/// [`Rejection`]'s variants is the order of precedence.
impl Reference {
    pub(super) fn place_hold(&mut self, now: TimeUs, place: &PlaceHold, said: Said<'_>) -> Result<Answer, Refusal> {
        let (Bought { items, codes, discounts }, adjacent) = self.seated(now, place, said)?;
        let is_public = place.box_office.is_none();
        let live = self.holds.iter().filter(|hold| hold.state == HoldState::Active && hold.customer == place.customer);
        if !is_public && live.count() as u32 >= limits::BOX_OFFICE_HOLDS_MAX {
            return Err(Rejection::HoldsPerCustomerExceeded { max: limits::BOX_OFFICE_HOLDS_MAX }.into());
        }
        if is_public && self.may_pass_by(now, &items) {
            return Err(Rejection::WaitlistFirst.into());
        }
        let placed = PlacedHold {
            hold: place.hold,
            customer: place.customer,
            items,
            expires_at: if is_public { now.plus_us(self.policy.hold_ttl_us) } else { TimeUs::NEVER },
            adjacent,
            codes: HoldCodes { access: codes.clone(), discounts: discounts.clone() }.boxed(),
        };
        self.holds.push(Hold {
            id: placed.hold,
            customer: placed.customer,
            items: placed.items.clone(),
            codes,
            discounts,
            placed_at: now,
            expires_at: placed.expires_at,
            state: HoldState::Active,
            payment_extended: false,
            order: None,
        });
        Ok(Answer::HoldPlaced(Arc::new(placed)))
    }

    /// What the hold would have, at its prices.
    pub(super) fn seated(&self, now: TimeUs, place: &PlaceHold, said: Said<'_>) -> Result<(Bought, bool), Refusal> {
        if self.holds.iter().any(|hold| hold.id == place.hold) {
            return Err(Rejection::KeyReused.into());
        }
        self.on_sale()?;
        if place.box_office.is_none() {
            self.must_be_inside(now, place.customer)?;
        }
        let (items, adjacent) = self.check_hold(now, place, said)?;
        let codes = self.codes_of(now, place, &items);
        let (items, discounts) = self.charged(now, place, &items)?;
        Ok((Bought { items, codes, discounts }, adjacent))
    }

    /// Everything about the hold itself.
    pub(super) fn check_hold(
        &self,
        now: TimeUs,
        place: &PlaceHold,
        said: Said<'_>,
    ) -> Result<(Vec<Item>, bool), Refusal> {
        check_shape(place)?;
        self.check_names(place)?;
        let tiers = self.tiers_of_wants(now, place)?;
        if place.box_office.is_none() {
            self.check_sale(now, place)?;
        }
        self.seat_wants(now, place, &tiers, said)
    }

    /// By discount codes, or as staff says.
    pub(super) fn charged(
        &self,
        now: TimeUs,
        place: &PlaceHold,
        items: &[Item],
    ) -> Result<(Vec<Item>, Vec<DiscountUse>), Rejection> {
        let (items, discounts) = self.discounted(now, place, items)?;
        let price_minor = place.box_office.as_ref().and_then(|staff| staff.price_minor);
        Ok(Self::repriced(price_minor, &items)?.unwrap_or((items, discounts)))
    }

    fn check_names(&self, place: &PlaceHold) -> Result<(), Rejection> {
        let (seats, areas, sections) =
            self.map.as_ref().map_or((0, 0, 0), |map| (map.seats.len(), map.areas.len(), map.sections.len()));
        for (item, want) in numbered(&place.wants) {
            if matches!(want, Want::Seat { seat, .. } if seat.ix() >= seats) {
                return Err(Rejection::SeatUnknown { item });
            }
        }
        for (item, want) in numbered(&place.wants) {
            if matches!(want, Want::Area { area, .. } if area.ix() >= areas) {
                return Err(Rejection::AreaUnknown { item });
            }
        }
        for (item, want) in numbered(&place.wants) {
            if matches!(want, Want::BestAvailable(best) if best.section.is_some_and(|section| section.ix() >= sections))
            {
                return Err(Rejection::SectionUnknown { item });
            }
        }
        for (item, want) in numbered(&place.wants) {
            if asked_tier(want).is_some_and(|tier| tier.ix() >= self.tiers.len()) {
                return Err(Rejection::TierUnknown { item });
            }
        }
        let mut named = BTreeSet::new();
        for (item, want) in numbered(&place.wants) {
            if let Want::Seat { seat, .. } = want
                && !named.insert(*seat)
            {
                return Err(Rejection::SeatDuplicate { item, seat: *seat });
            }
        }
        Ok(())
    }

    /// The tiers that every want may be priced by: one, or several for best available that leaves it open.
    fn tiers_of_wants(&self, now: TimeUs, place: &PlaceHold) -> Result<Vec<Vec<TierIx>>, Rejection> {
        let covers = |want: &Want, tier: TierIx| match want {
            Want::Seat { seat, .. } => self.covers_seat(tier, *seat),
            Want::Area { area, .. } => self.covers_area(tier, area.ix()),
            Want::BestAvailable(_) => true,
        };
        for (item, want) in numbered(&place.wants) {
            if asked_tier(want).is_some_and(|tier| !covers(want, tier)) {
                return Err(Rejection::TierNotForPlace { item });
            }
        }
        let mut all = Vec::new();
        for (item, want) in numbered(&place.wants) {
            let mut tiers: Vec<TierIx> = match asked_tier(want) {
                Some(tier) => vec![tier].into_iter().filter(|tier| self.tiers[tier.ix()].open).collect(),
                None => {
                    let on_sale = |tier: &TierIx| self.is_on_sale(now, *tier, place) && covers(want, *tier);
                    let (open, spent): (Vec<TierIx>, Vec<TierIx>) =
                        self.tier_indices().filter(on_sale).partition(|tier| self.is_open_to(now, *tier, place));
                    if open.is_empty() { spent } else { open }
                }
            };
            if tiers.is_empty() {
                return Err(Rejection::NotPriced { item });
            }
            if !matches!(want, Want::BestAvailable(_)) {
                tiers.truncate(1);
            }
            all.push(tiers);
        }
        Ok(all)
    }

    /// Whether this customer could buy in the tier now.
    fn is_on_sale(&self, now: TimeUs, tier: TierIx, place: &PlaceHold) -> bool {
        if place.box_office.is_some() {
            return self.tiers[tier.ix()].open;
        }
        let is_known = self.knows_code(now, tier, place);
        let tier = &self.tiers[tier.ix()];
        is_known
            && tier.open
            && tier.sale.from.is_none_or(|from| from <= now)
            && tier.sale.until.is_none_or(|until| now < until)
    }

    fn check_sale(&self, now: TimeUs, place: &PlaceHold) -> Result<(), Rejection> {
        let asked = place.wants.iter().filter_map(asked_tier).map(|tier| self.tiers[tier.ix()].sale);
        let windows: Vec<SaleWindow> = std::iter::once(self.policy.sale).chain(asked).collect();
        if let Some(starts_at) = windows.iter().filter_map(|window| window.from).find(|&from| now < from) {
            return Err(Rejection::SaleNotStarted { starts_at });
        }
        if windows.iter().any(|window| window.until.is_some_and(|until| now >= until)) {
            return Err(Rejection::SaleEnded);
        }
        for (item, want) in numbered(&place.wants) {
            let Some(tier) = asked_tier(want) else { continue };
            if !self.knows_code(now, tier, place) {
                return Err(Rejection::AccessCodeRequired { item });
            }
        }
        Ok(())
    }

    pub(super) fn extend_hold(&mut self, now: TimeUs, id: HoldId, customer: UserId) -> Result<Answer, Rejection> {
        self.on_sale()?;
        let ttl_us = self.policy.hold_ttl_us;
        let ix = self.live_hold(now, id, customer)?;
        if self.is_offer(id) {
            return Err(Rejection::HoldExtensionExhausted);
        }
        let hold = &mut self.holds[ix];
        let expires_at = now.plus_us(ttl_us).min(hold.placed_at.plus_us(limits::HOLD_AGE_MAX_US));
        if expires_at <= hold.expires_at {
            return Err(Rejection::HoldExtensionExhausted);
        }
        hold.expires_at = expires_at;
        Ok(Answer::HoldExtended { hold: id, expires_at })
    }

    /// Releasing one's own released hold again changes nothing.
    pub(super) fn release_repeated(&self, id: HoldId, customer: UserId) -> Option<Answer> {
        let is_it = |hold: &&Hold| hold.id == id && hold.customer == customer && hold.state == HoldState::Released;
        self.holds.iter().find(is_it).map(|_| Answer::HoldReleased { hold: id })
    }

    pub(super) fn release_hold(&mut self, now: TimeUs, id: HoldId, customer: UserId) -> Result<Answer, Rejection> {
        let ix = self.live_hold(now, id, customer)?;
        if self.holds[ix].order.is_some() {
            return Err(Rejection::HoldHasOrder);
        }
        self.holds[ix].state = HoldState::Released;
        Ok(Answer::HoldReleased { hold: id })
    }

    /// Frees what is due; the earliest first when there are more than one change may free.
    pub(super) fn expire_holds(&mut self, now: TimeUs) -> Answer {
        let mut count = 0;
        for ix in 0..self.holds.len() {
            if self.holds[ix].state == HoldState::Active && self.holds[ix].expires_at <= now {
                self.holds[ix].state = HoldState::Expired;
                count += 1;
                let hold = self.holds[ix].id;
                for order in &mut self.orders {
                    if order.hold == hold && order.state == OrderState::PendingPayment {
                        order.state = OrderState::Expired;
                    }
                }
            }
        }
        Answer::HoldsExpired { count }
    }

    /// Index of the customer's hold, if it is live. Another's hold is not found.
    pub(super) fn live_hold(&self, now: TimeUs, id: HoldId, customer: UserId) -> Result<usize, Rejection> {
        let found = self.holds.iter().position(|hold| hold.id == id && hold.customer == customer);
        let ix = found.ok_or(Rejection::HoldNotFound)?;
        match self.holds[ix].state {
            HoldState::Expired => Err(Rejection::HoldExpired),
            HoldState::Released => Err(Rejection::HoldReleased),
            HoldState::Confirmed => Err(Rejection::HoldConfirmed),
            HoldState::Active if self.holds[ix].expires_at <= now => Err(Rejection::HoldExpired),
            HoldState::Active => Ok(ix),
        }
    }

    pub(super) fn tier_indices(&self) -> impl Iterator<Item = TierIx> {
        (0..self.tiers.len() as u8).map(TierIx)
    }
}

fn check_shape(place: &PlaceHold) -> Result<(), Rejection> {
    if place.wants.is_empty() {
        return Err(Rejection::HoldEmpty);
    }
    if place.wants.len() > limits::ITEMS_PER_HOLD_MAX {
        return Err(Rejection::ItemsTooMany { max: limits::ITEMS_PER_HOLD_MAX as u32 });
    }
    let max = limits::UNITS_PER_HOLD_MAX;
    match numbered(&place.wants).find(|(_, want)| !(1..=max).contains(&units_of(want))) {
        Some((item, _)) => Err(Rejection::QuantityInvalid { item, max }),
        None => Ok(()),
    }
}

fn numbered(wants: &[Want]) -> impl Iterator<Item = (u32, &Want)> {
    (0..).zip(wants)
}

fn asked_tier(want: &Want) -> Option<TierIx> {
    match want {
        Want::Seat { tier, .. } | Want::Area { tier, .. } => *tier,
        Want::BestAvailable(best) => best.tier,
    }
}

pub(super) fn units_of(want: &Want) -> u32 {
    match want {
        Want::Seat { .. } => 1,
        Want::Area { quantity, .. } => *quantity,
        Want::BestAvailable(best) => best.quantity,
    }
}
