//! Seats a hold within every limit: of the hold, of the customer, of areas and quotas.

use std::collections::BTreeMap;

use super::choice::{Class, Party};
use super::holds::units_of;
use super::{HoldState, Order, Reference, Refusal, Said};
use crate::{
    Answer, AreaIx, Change, Item, Place, PlaceHold, Rejection, SeatIx, SeatState, TierIx, TimeUs, UserId, Want,
};

/// Units wanted of every tier.
pub(super) type ByTier = BTreeMap<TierIx, u32>;

enum Seated {
    /// On these seats, which the fast core chose.
    Here(Class, Vec<Item>),
    /// It would find seats; nobody chose any, because the hold is refused for another reason.
    Somewhere,
    Nowhere(Rejection),
}

impl Reference {
    /// `by_tier` may say less than `units`: nobody knows the tier of a party that found no seats.
    fn check_limits(&self, customer: UserId, units: u32, by_tier: &ByTier) -> Result<(), Rejection> {
        let max = self.policy.units_per_hold_max;
        if units > max {
            return Err(Rejection::UnitsPerHoldExceeded { max });
        }
        for (&tier, &units) in by_tier {
            let min = self.tiers[tier.ix()].per_order_min;
            if units < min {
                return Err(Rejection::PerOrderMinimum { tier, min });
            }
        }
        for (&tier, &units) in by_tier {
            let max = self.tiers[tier.ix()].per_order_max;
            if units > max {
                return Err(Rejection::PerOrderMaximum { tier, max });
            }
        }
        let max = self.policy.holds_per_customer_max;
        let live = self.holds.iter().filter(|hold| hold.state == HoldState::Active && hold.customer == customer);
        if live.count() as u32 >= max {
            return Err(Rejection::HoldsPerCustomerExceeded { max });
        }
        self.check_customer(customer, units, by_tier)
    }

    pub(super) fn check_customer(&self, customer: UserId, units: u32, by_tier: &ByTier) -> Result<(), Rejection> {
        if let Some(max) = self.policy.units_per_customer_max
            && units + self.customer_units(customer, |_| true) > max
        {
            return Err(Rejection::UnitsPerCustomerExceeded { max });
        }
        for (&tier, &units) in by_tier {
            if let Some(max) = self.tiers[tier.ix()].per_customer_max
                && units + self.customer_units(customer, |of| of == tier) > max
            {
                return Err(Rejection::PerCustomerMaximum { tier, max });
            }
        }
        Ok(())
    }

    /// Whether an expired order could be had again, as far as quotas and the customer's limits go.
    pub(super) fn are_within_limits(&self, order: &Order) -> bool {
        let mut by_tier = ByTier::new();
        for item in &order.items {
            *by_tier.entry(item.tier).or_default() += item.place.units();
        }
        let units = by_tier.values().sum();
        self.check_customer(order.customer, units, &by_tier).is_ok()
            && self.check_quotas(&by_tier).is_ok()
            && order.items.iter().all(|item| !self.tiers[item.tier.ix()].terms.deleted)
            && self.have_steps_room(&order.items)
            && self.have_codes_room(&order.codes, &by_tier).is_ok()
            && self.have_discounts_room(order)
    }

    /// Units that the customer holds and has bought, of the tiers that count.
    fn customer_units(&self, customer: UserId, counts: impl Fn(TierIx) -> bool) -> u32 {
        let of_holds: u32 = self
            .holds
            .iter()
            .filter(|hold| hold.state == HoldState::Active && hold.customer == customer)
            .flat_map(|hold| &hold.items)
            .filter(|item| counts(item.tier))
            .map(|item| item.place.units())
            .sum();
        let of_tickets: u32 = self
            .sold_tickets()
            .filter(|ticket| counts(ticket.tier))
            .filter(|ticket| self.orders.iter().any(|order| order.id == ticket.order && order.customer == customer))
            .map(|ticket| ticket.place.units())
            .sum();
        of_holds + of_tickets
    }

    /// Seats every want, limits included. The tier that best available falls into is the fast core's choice where
    /// several are open, so that a refusal is right when it follows from any of them.
    pub(super) fn seat_wants(
        &self,
        now: TimeUs,
        place: &PlaceHold,
        tiers: &[Vec<TierIx>],
        said: Said<'_>,
    ) -> Result<(Vec<Item>, bool), Refusal> {
        let mut outcomes: Vec<Refusal> = Vec::new();
        for choice in choices(tiers) {
            match self.seat_in(now, place, tiers, &choice, said) {
                Ok(seated) => return Ok(seated),
                Err(refusal) => outcomes.push(refusal),
            }
        }
        let is_said = |refusal: &Refusal| matches!((refusal, said), (Refusal::Rule(rule), Err(said)) if rule == said);
        let is_rule = |refusal: &Refusal| matches!(refusal, Refusal::Rule(_));
        let best = outcomes.iter().position(is_said).or_else(|| outcomes.iter().position(is_rule)).unwrap_or(0);
        Err(outcomes.swap_remove(best))
    }

    /// As [`Self::seat_wants`], with one tier for every want.
    fn seat_in(
        &self,
        now: TimeUs,
        place: &PlaceHold,
        tiers: &[Vec<TierIx>],
        choice: &[TierIx],
        said: Said<'_>,
    ) -> Result<(Vec<Item>, bool), Refusal> {
        let mut states = self.seat_states();
        let is_taken = |seat: &SeatIx| !self.may_have(place, *seat, states[seat.ix()]);
        let taken = named_seats(&place.wants).filter(is_taken).collect::<Vec<_>>();
        for seat in named_seats(&place.wants) {
            states[seat.ix()] = SeatState::Held;
        }
        let mut by_tier = ByTier::new();
        let mut items = Vec::new();
        for (want, &tier) in place.wants.iter().zip(choice) {
            if let Some(place) = named_place(want) {
                *by_tier.entry(tier).or_default() += place.units();
                items.push(Item::new(place, tier, self.tiers[tier.ix()].price_minor));
            }
        }
        let (mut adjacent, mut unseated) = (true, None);
        for ((want, &tier), open) in place.wants.iter().zip(choice).zip(tiers) {
            let Want::BestAvailable(best) = want else { continue };
            let party = Party { twin: self, states: &states, best: *best, tiers: open };
            let in_tier = Party { tiers: &[tier], ..party };
            let from = self.priced(now, &items).len();
            match self.seat_best(&party, &in_tier, said, from)? {
                Seated::Nowhere(rejection) => {
                    unseated = unseated.or(Some(rejection));
                    if best.tier.is_none() {
                        continue;
                    }
                }
                Seated::Somewhere => {}
                Seated::Here(class, chosen) => {
                    adjacent &= class != Class::Split || best.quantity == 1;
                    for item in &chosen {
                        if let Place::Seat(seat) = item.place {
                            states[seat.ix()] = SeatState::Held;
                        }
                    }
                    items.extend(chosen);
                }
            }
            *by_tier.entry(tier).or_default() += best.quantity;
        }
        let units = place.wants.iter().map(units_of).sum();
        if place.box_office.is_none() {
            self.check_limits(place.customer, units, &by_tier)?;
        } else if units > crate::limits::UNITS_PER_HOLD_MAX {
            return Err(Rejection::UnitsPerHoldExceeded { max: crate::limits::UNITS_PER_HOLD_MAX }.into());
        }
        if !taken.is_empty() {
            return Err(Rejection::SeatsTaken { seats: taken }.into());
        }
        self.check_areas(place)?;
        self.check_quotas(&by_tier)?;
        self.check_codes(now, place, &by_tier)?;
        match (unseated, said) {
            (Some(rejection), _) => Err(rejection.into()),
            (None, Ok(_)) => Ok((self.priced(now, &items), adjacent)),
            // What the first party leaves for the second depends on the seats that it was given, which nobody knows now.
            (None, Err(Rejection::NotEnoughSeats { free })) if parties_of(&place.wants) > 1 => {
                Err(Rejection::NotEnoughSeats { free: *free }.into())
            }
            (None, Err(said)) => {
                // Wherever the parties would have sat, they would have paid this.
                for (want, &tier) in place.wants.iter().zip(choice) {
                    if let Want::BestAvailable(best) = want {
                        let seat = Item::new(Place::Seat(SeatIx(u32::MAX)), tier, self.tiers[tier.ix()].price_minor);
                        items.extend(vec![seat; best.quantity as usize]);
                    }
                }
                self.charged(now, place, &self.priced(now, &items))?;
                let is_public = place.box_office.is_none();
                if is_public && *said == Rejection::WaitlistFirst && self.may_pass_by(now, &items) {
                    return Err(Rejection::WaitlistFirst.into());
                }
                Err(Refusal::Choice(format!("refused without a reason: {said}")))
            }
        }
    }

    /// Follows the fast core's seats when it gave some.
    fn seat_best(
        &self,
        party: &Party<'_>,
        in_tier: &Party<'_>,
        said: Said<'_>,
        from: usize,
    ) -> Result<Seated, Refusal> {
        let placed = match said {
            Ok((Change::BoxOfficeSold(sold), _)) => Ok(&sold.placed),
            Ok((_, Answer::HoldPlaced(placed))) => Ok(placed),
            Ok(_) => return Err(Refusal::Choice("a hold was answered with something else".into())),
            Err(rejection) => Err(rejection),
        };
        match placed {
            Ok(placed) => {
                let quantity = party.best.quantity as usize;
                let chosen = placed.items.get(from..from + quantity).unwrap_or_default();
                let class = party.check(chosen)?;
                if chosen.iter().any(|item| !in_tier.tiers.contains(&item.tier)) {
                    return Err(Refusal::Choice("another tier was chosen".into()));
                }
                let unpriced = |item: &Item| Item::new(item.place, item.tier, self.tiers[item.tier.ix()].price_minor);
                Ok(Seated::Here(class, chosen.iter().map(unpriced).collect()))
            }
            Err(_) => match (party.refusal(), in_tier.refusal()) {
                (Ok(rejection), _) => Ok(Seated::Nowhere(rejection)),
                (Err(_), Err(_)) => Ok(Seated::Somewhere),
                (Err(possible), Ok(_)) => Err(possible),
            },
        }
    }

    fn check_areas(&self, place: &PlaceHold) -> Result<(), Rejection> {
        let mut wanted: BTreeMap<AreaIx, u32> = BTreeMap::new();
        for want in &place.wants {
            if let Want::Area { area, quantity, .. } = want {
                *wanted.entry(*area).or_default() += quantity;
            }
        }
        for (area, quantity) in wanted {
            let free = self.area_left(place, area.ix());
            if quantity > free {
                return Err(Rejection::AreaSoldOut { area, free });
            }
        }
        Ok(())
    }

    /// Tiers that share a quota draw on it together.
    pub(super) fn check_quotas(&self, by_tier: &ByTier) -> Result<(), Rejection> {
        for &tier in by_tier.keys() {
            for quota in &self.tiers[tier.ix()].quotas {
                let shares = |tier: &TierIx| self.tiers[tier.ix()].quotas.iter().any(|it| it.id == quota.id);
                let wanted: u32 = by_tier.iter().filter(|(tier, _)| shares(tier)).map(|(_, units)| units).sum();
                let left = self.quota_limits[&quota.id].saturating_sub(self.quota_use(&quota.id));
                if wanted > left {
                    return Err(Rejection::QuotaExhausted { tier, left });
                }
            }
        }
        Ok(())
    }
}

/// Every way to take one of each.
fn choices(of: &[Vec<TierIx>]) -> Vec<Vec<TierIx>> {
    of.iter().fold(vec![Vec::new()], |choices, options| {
        let extended = |choice: &Vec<TierIx>| {
            options.iter().map(|&option| [choice.as_slice(), &[option]].concat()).collect::<Vec<_>>()
        };
        choices.iter().flat_map(extended).collect()
    })
}

fn named_place(want: &Want) -> Option<Place> {
    match *want {
        Want::Seat { seat, .. } => Some(Place::Seat(seat)),
        Want::Area { area, quantity, .. } => Some(Place::Area { area, quantity }),
        Want::BestAvailable(_) => None,
    }
}

fn named_seats(wants: &[Want]) -> impl Iterator<Item = SeatIx> {
    wants.iter().filter_map(|want| match want {
        Want::Seat { seat, .. } => Some(*seat),
        Want::Area { .. } | Want::BestAvailable(_) => None,
    })
}

fn parties_of(wants: &[Want]) -> usize {
    wants.iter().filter(|want| matches!(want, Want::BestAvailable(_))).count()
}
