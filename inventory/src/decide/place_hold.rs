//! Places a hold: every want is resolved to a place and a tier, then the limits are asked, then the places themselves.
//! All faults are collected and the first by precedence is answered, so that the answer does not depend on the order
//! in which this code looks.

mod terms;

use std::sync::Arc;

use crate::codes::Code;
use crate::house::{Party, Scope, Taken};
use crate::limits::{ACCESS_CODES_PER_HOLD_MAX, BOX_OFFICE_HOLDS_MAX, ITEMS_PER_HOLD_MAX, UNITS_PER_HOLD_MAX};
use crate::{
    AreaIx, BestAvailable, Change, HoldCodes, Inventory, Item, Place, PlaceHold, PlacedHold, Rejection, SeatIx, TierIx,
    TimeUs, Want,
};

use super::limits::{Units, customer_limits, hold_limits, quotas};
use super::{Decision, box_office, shortage};

pub(super) fn decide(inventory: &Inventory, now: TimeUs, wanted: &PlaceHold) -> Decision {
    let placed = placed(inventory, now, wanted)?;
    if wanted.box_office.is_none() {
        if inventory.waitlist.is_some() {
            shortage::must_not_pass_by(inventory, now, &placed.items)?;
        }
        return Ok(Change::hold_placed(placed));
    }
    let max = BOX_OFFICE_HOLDS_MAX;
    if inventory.customers.get(wanted.customer).is_some_and(|customer| customer.holds >= max) {
        return Err(Rejection::HoldsPerCustomerExceeded { max });
    }
    Ok(Change::HoldPlacedAtBoxOffice(Arc::new(placed)))
}

/// The hold, or what the box office sells without one.
#[inline]
pub(super) fn placed(inventory: &Inventory, now: TimeUs, wanted: &PlaceHold) -> Result<PlacedHold, Rejection> {
    if inventory.holds.knows(wanted.hold) {
        return Err(Rejection::KeyReused);
    }
    inventory.must_be_on_sale()?;
    let is_public = wanted.box_office.is_none();
    if is_public {
        inventory.must_be_inside(now, wanted.customer)?;
    }
    if wanted.wants.is_empty() {
        return Err(Rejection::HoldEmpty);
    }
    if wanted.wants.len() > ITEMS_PER_HOLD_MAX {
        return Err(Rejection::ItemsTooMany { max: ITEMS_PER_HOLD_MAX as u32 });
    }
    draft(inventory, now, wanted)
}

/// What would be held, if nobody waited for it.
pub(super) fn draft(inventory: &Inventory, now: TimeUs, wanted: &PlaceHold) -> Result<PlacedHold, Rejection> {
    Draft::new(inventory, now, wanted).resolve()
}

/// The same for somebody who has waited: it does not count how many holds he has.
pub(super) fn offer(inventory: &Inventory, now: TimeUs, wanted: &PlaceHold) -> Result<PlacedHold, Rejection> {
    Draft { is_offer: true, ..Draft::new(inventory, now, wanted) }.resolve()
}

/// The hold in the making.
struct Draft<'a> {
    inventory: &'a Inventory,
    now: TimeUs,
    wanted: &'a PlaceHold,
    items: Vec<Item>,
    units: Units,
    taken: Taken,
    adjacent: bool,
    codes: Option<Box<HoldCodes>>,
    /// Blocks that the box office may take from.
    blocks: u64,
    is_offer: bool,
    /// The first by precedence of those met so far.
    fault: Option<Rejection>,
}

impl<'a> Draft<'a> {
    fn new(inventory: &'a Inventory, now: TimeUs, wanted: &'a PlaceHold) -> Self {
        let items = Vec::with_capacity(wanted.wants.iter().map(room_for).sum());
        let (units, taken) = (Units::none(), Taken::default());
        let blocks = wanted.box_office.as_ref().map_or(0, |staff| box_office::blocks(inventory, staff));
        let (adjacent, codes, fault) = (true, None, None);
        Self { inventory, now, wanted, items, units, taken, adjacent, codes, blocks, is_offer: false, fault }
    }

    fn resolve(mut self) -> Result<PlacedHold, Rejection> {
        let is_public = self.wanted.box_office.is_none();
        self.name_places();
        self.pick_places();
        if is_public {
            self.check_sale();
            self.check_limits();
        } else {
            self.check_size();
        }
        self.check_places();
        let cover = &self.inventory.layout.cover;
        if cover.stepped | cover.coded != 0 {
            self.apply_terms();
        }
        if !self.wanted.discount_codes.is_empty() {
            self.apply_discounts();
        }
        if !is_public {
            self.apply_price();
        }
        let ttl_us = self.inventory.layout.policy().hold_ttl_us;
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(PlacedHold {
                hold: self.wanted.hold,
                customer: self.wanted.customer,
                items: self.items,
                expires_at: if is_public { self.now.plus_us(ttl_us) } else { TimeUs::NEVER },
                adjacent: self.adjacent,
                codes: self.codes,
            }),
        }
    }

    #[cold]
    fn refuse(&mut self, fault: Rejection) {
        if self.fault.as_ref().is_none_or(|first| fault < *first) {
            self.fault = Some(fault);
        }
    }

    fn name_places(&mut self) {
        for (item, want) in (0..).zip(&self.wanted.wants) {
            match *want {
                Want::Seat { seat, tier } => self.name_seat(item, seat, tier),
                Want::Area { area, quantity, tier } => self.name_area(item, area, quantity, tier),
                Want::BestAvailable(_) => {}
            }
        }
    }

    fn name_seat(&mut self, item: u32, seat: SeatIx, tier: Option<TierIx>) {
        let layout = &self.inventory.layout;
        if seat.0 >= layout.seat_count() {
            return self.refuse(Rejection::SeatUnknown { item });
        }
        let spot = layout.grid.spot(seat);
        if !self.taken.add(spot.row, spot.bit()) {
            self.refuse(Rejection::SeatDuplicate { item, seat });
        }
        let cell = layout.grid.lanes[layout.grid.lane_of(spot) as usize].cell;
        let covering = layout.cover.cells[cell as usize];
        if let Some(tier) = self.tier_of(item, tier, covering) {
            self.push(Place::Seat(seat), tier);
        }
    }

    fn name_area(&mut self, item: u32, area: AreaIx, quantity: u32, tier: Option<TierIx>) {
        if !(1..=UNITS_PER_HOLD_MAX).contains(&quantity) {
            self.refuse(Rejection::QuantityInvalid { item, max: UNITS_PER_HOLD_MAX });
        }
        let Some(covering) = self.inventory.layout.cover.areas.get(area.ix()).copied() else {
            return self.refuse(Rejection::AreaUnknown { item });
        };
        if let Some(tier) = self.tier_of(item, tier, covering) {
            self.push(Place::Area { area, quantity: quantity.min(UNITS_PER_HOLD_MAX) }, tier);
        }
    }

    /// The tier that prices a place: the one asked for, or the first on sale of those that cover it.
    fn tier_of(&mut self, item: u32, asked: Option<TierIx>, covering: u64) -> Option<TierIx> {
        let Some(tier) = asked else {
            let on_sale = self.on_sale(covering);
            if on_sale == 0 {
                self.refuse(Rejection::NotPriced { item });
                return None;
            }
            return Some(TierIx(on_sale.trailing_zeros() as u8));
        };
        if !self.knows_tier(item, tier) {
            return None;
        }
        if covering >> tier.0 & 1 == 0 {
            self.refuse(Rejection::TierNotForPlace { item });
            return None;
        }
        Some(tier)
    }

    /// A tier asked for by name exists and is open. Its sale window and code are the sale's business.
    fn knows_tier(&mut self, item: u32, tier: TierIx) -> bool {
        let layout = &self.inventory.layout;
        if tier.ix() >= layout.tiers().len() {
            self.refuse(Rejection::TierUnknown { item });
            return false;
        }
        if layout.cover.open >> tier.0 & 1 == 0 {
            self.refuse(Rejection::NotPriced { item });
        }
        true
    }

    /// Of the tiers that cover a place those that this customer can buy in now. Those whose codes are spent only when there
    /// is no other: they say what is left.
    fn on_sale(&self, covering: u64) -> u64 {
        let cover = &self.inventory.layout.cover;
        if self.wanted.box_office.is_some() {
            return cover.open & covering;
        }
        let (mut tiers, mut spent) = (cover.always_on_sale & covering, 0);
        let mut left = cover.open & covering & !tiers;
        while left != 0 {
            let tier = TierIx(left.trailing_zeros() as u8);
            let is_open = self.inventory.layout.tiers()[tier.ix()].sale.contains(self.now) && self.knows_code(tier);
            let is_spent = is_open && !self.is_open_to(tier);
            tiers |= u64::from(is_open && !is_spent) << tier.0;
            spent |= u64::from(is_spent) << tier.0;
            left &= left - 1;
        }
        if tiers == 0 { spent } else { tiers }
    }

    fn knows_code(&self, tier: TierIx) -> bool {
        let spec = &self.inventory.layout.tiers()[tier.ix()];
        !spec.is_hidden() || self.knows_own_code(tier) || self.codes_for(tier).next().is_some()
    }

    /// Not by a code that is spent.
    fn is_open_to(&self, tier: TierIx) -> bool {
        let spec = &self.inventory.layout.tiers()[tier.ix()];
        !spec.is_hidden() || self.knows_own_code(tier) || self.codes_for(tier).any(|code| code.left() > 0)
    }

    /// Nobody counts the uses of a tier's own code.
    fn knows_own_code(&self, tier: TierIx) -> bool {
        let own = self.inventory.layout.tiers()[tier.ix()].access_code;
        own.is_some_and(|code| self.access_codes().contains(&code))
    }

    fn codes_for(&self, tier: TierIx) -> impl Iterator<Item = &Code> {
        let needs_code = self.inventory.layout.cover.coded >> tier.0 & 1 == 1;
        let known = if needs_code { self.access_codes() } else { &[] };
        self.inventory.codes_for(self.now, tier, known)
    }

    fn access_codes(&self) -> &[[u8; 16]] {
        let codes = &self.wanted.access_codes;
        &codes[..codes.len().min(ACCESS_CODES_PER_HOLD_MAX)]
    }

    fn push(&mut self, place: Place, tier: TierIx) {
        self.units.add(tier, place.units());
        let price_minor = self.inventory.layout.tiers()[tier.ix()].price_minor;
        self.items.push(Item::new(place, tier, price_minor));
    }

    fn pick_places(&mut self) {
        for (item, want) in (0..).zip(&self.wanted.wants) {
            if let Want::BestAvailable(best) = want {
                self.pick_best(item, *best);
            }
        }
    }

    fn pick_best(&mut self, item: u32, best: BestAvailable) {
        let layout = &self.inventory.layout;
        if !(1..=UNITS_PER_HOLD_MAX).contains(&best.quantity) {
            return self.refuse(Rejection::QuantityInvalid { item, max: UNITS_PER_HOLD_MAX });
        }
        if best.section.is_some_and(|section| section.ix() >= layout.section_count()) {
            return self.refuse(Rejection::SectionUnknown { item });
        }
        let tiers = match best.tier {
            Some(tier) if !self.knows_tier(item, tier) => return,
            Some(tier) => 1 << tier.0,
            None => self.on_sale(u64::MAX),
        };
        if tiers == 0 {
            return self.refuse(Rejection::NotPriced { item });
        }
        let scope = Scope { tiers, section: best.section };
        let party = Party { quantity: best.quantity, accessible: best.accessible };
        match self.inventory.house.pick(layout, scope, party, &mut self.taken) {
            Ok(picked) => {
                self.adjacent &= picked.adjacent;
                self.units.add(picked.tier, best.quantity);
                let (tier, price_minor) = (picked.tier, layout.tiers()[picked.tier.ix()].price_minor);
                for piece in picked.pieces() {
                    let seats = piece.seats(layout).map(Place::Seat);
                    self.items.extend(seats.map(|place| Item::new(place, tier, price_minor)));
                }
            }
            Err(free) => {
                match best.tier {
                    Some(tier) => self.units.add(tier, best.quantity),
                    None => self.units.total += best.quantity,
                }
                self.refuse(Rejection::NotEnoughSeats { free });
            }
        }
    }

    fn check_sale(&mut self) {
        let (inventory, wanted) = (self.inventory, self.wanted);
        if let Err(fault) = inventory.layout.policy().sale.check(self.now) {
            self.refuse(fault);
        }
        for (item, want) in (0..).zip(&wanted.wants) {
            let (Want::Seat { tier, .. } | Want::Area { tier, .. } | Want::BestAvailable(BestAvailable { tier, .. })) =
                *want;
            let Some(spec) = tier.and_then(|tier| inventory.layout.tiers().get(tier.ix())) else { continue };
            if let Err(fault) = spec.sale.check(self.now) {
                self.refuse(fault);
            }
            if tier.is_some_and(|tier| !self.knows_code(tier)) {
                self.refuse(Rejection::AccessCodeRequired { item });
            }
        }
    }

    fn check_limits(&mut self) {
        let layout = &self.inventory.layout;
        if let Some(fault) = hold_limits(layout, &self.units) {
            return self.refuse(fault);
        }
        let customer = self.inventory.customers.get(self.wanted.customer);
        let max = layout.policy().holds_per_customer_max;
        if !self.is_offer && customer.is_some_and(|customer| customer.holds >= max) {
            return self.refuse(Rejection::HoldsPerCustomerExceeded { max });
        }
        if let Some(fault) = customer_limits(layout, customer, &self.units) {
            self.refuse(fault);
        }
    }

    /// Of a hold of the box office.
    fn check_size(&mut self) {
        if self.units.total > UNITS_PER_HOLD_MAX {
            self.refuse(Rejection::UnitsPerHoldExceeded { max: UNITS_PER_HOLD_MAX });
        }
    }

    fn check_places(&mut self) {
        let (inventory, wanted) = (self.inventory, self.wanted);
        let grid = &inventory.layout.grid;
        let mut conflicts: Vec<SeatIx> = Vec::new();
        for want in &wanted.wants {
            match *want {
                Want::Seat { seat, .. } if seat.0 < grid.seat_count() => {
                    let is_free = inventory.house.is_free(grid.spot(seat))
                        || self.blocks != 0 && box_office::may_take_seat(inventory, self.blocks, seat);
                    if !is_free && !conflicts.contains(&seat) {
                        conflicts.push(seat);
                    }
                }
                Want::Area { area, .. } if area.ix() < grid.areas.len() => {
                    let free = match self.blocks {
                        0 => inventory.house.area(area).free(),
                        blocks => box_office::area_free(inventory, blocks, area),
                    };
                    if self.units_in(area) > free {
                        self.refuse(Rejection::AreaSoldOut { area, free });
                    }
                }
                Want::Seat { .. } | Want::Area { .. } | Want::BestAvailable(_) => {}
            }
        }
        if !conflicts.is_empty() {
            self.refuse(Rejection::SeatsTaken { seats: conflicts });
        }
        if let Some(fault) = quotas(inventory, &self.units) {
            self.refuse(fault);
        }
    }

    fn units_in(&self, area: AreaIx) -> u32 {
        let in_area = |want: &Want| match want {
            Want::Area { area: at, quantity, .. } if *at == area => (*quantity).min(UNITS_PER_HOLD_MAX),
            Want::Seat { .. } | Want::Area { .. } | Want::BestAvailable(_) => 0,
        };
        self.wanted.wants.iter().map(in_area).sum()
    }
}

const fn room_for(want: &Want) -> usize {
    match want {
        Want::Seat { .. } | Want::Area { .. } => 1,
        Want::BestAvailable(best) if best.quantity <= UNITS_PER_HOLD_MAX => best.quantity as usize,
        Want::BestAvailable(_) => 0,
    }
}
