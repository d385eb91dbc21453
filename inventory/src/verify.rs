//! The invariants, counted from scratch: every counter, word and index against the holds and tickets that it sums up.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use thiserror::Error;

use crate::codes::Code;
use crate::customers::Customer;
use crate::discounts::{DiscountCode, units_by_code};
use crate::holds::Found;
use crate::house::Owner;
use crate::orders::OrderStatus;
use crate::presence::Presence;
use crate::{
    AreaIx, Counts, HoldId, Inventory, Item, OrderId, Place, PlacedHold, PriceStep, SeatIx, SeatState, SectionIx,
    TierIx, TimeUs, UserId,
};

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvariantViolation {
    #[error("{0:?} has two owners")]
    SeatTwice(SeatIx),
    #[error("{0:?} is not with the owner that claims it")]
    SeatOwner(SeatIx),
    #[error("the free seats of row {0} are not those without an owner or block")]
    RowFree(u32),
    #[error("the counts of {0:?} are not those of its seats")]
    SectionCounts(SectionIx),
    #[error("the counts of {0:?} are not those of its units, or exceed its capacity")]
    AreaCounts(AreaIx),
    #[error("the free seats of cell {0} are miscounted")]
    CellFree(usize),
    #[error("the index of lane {0} is not that of its free seats")]
    LaneIndex(u32),
    #[error("the sales of {0:?} are miscounted")]
    TierSales(TierIx),
    #[error("quota `{0}` is miscounted or oversold")]
    Quota(String),
    #[error("a price step of {0:?} is miscounted or oversold")]
    PriceStep(TierIx),
    #[error("access code `{0}` is miscounted or overdrawn")]
    AccessCode(String),
    #[error("discount code `{0}` is miscounted or overdrawn")]
    DiscountCode(String),
    #[error("what {0:?} holds and has bought is miscounted")]
    Customer(UserId),
    #[error("{0:?} and its order contradict each other")]
    HoldOrder(HoldId),
    #[error("{0:?} would not expire at its time")]
    HoldNotDue(HoldId),
    #[error("{0:?} and its tickets or money contradict each other")]
    Order(OrderId),
    #[error("the waiting line is miscounted: {0}")]
    Line(&'static str),
    #[error("those inside are miscounted")]
    Presence,
    #[error("the waitlist contradicts itself or the holds: {0}")]
    Waitlist(&'static str),
}

use InvariantViolation as Violation;

#[derive(Default)]
struct Recount {
    owners: Vec<Owner>,
    areas: Vec<(u32, u32)>,
    tiers: Vec<(u32, u32)>,
    customers: HashMap<UserId, (u32, HashMap<u8, u32>)>,
    /// By tier and price.
    prices: HashMap<(u8, i64), u32>,
    codes: HashMap<[u8; 16], u32>,
    /// Uses and units, and uses by customer.
    discounts: HashMap<[u8; 16], (u32, u32, BTreeMap<UserId, u32>)>,
}

impl Recount {
    /// A hold, or what is left of an order, has units by codes.
    fn discount(&mut self, customer: UserId, units: BTreeMap<[u8; 16], u32>) {
        for (code, units) in units {
            let counted = self.discounts.entry(code).or_default();
            counted.0 += 1;
            counted.1 += units;
            *counted.2.entry(customer).or_default() += 1;
        }
    }

    /// An item of what was placed.
    fn add(&mut self, placed: &PlacedHold, item: &Item, owner: Owner) -> Result<(), Violation> {
        let units = item.place.units();
        *self.prices.entry((item.tier.0, item.list_minor())).or_default() += units;
        if let Some(code) = placed.code_of(item.tier) {
            *self.codes.entry(code).or_default() += units;
        }
        match item.place {
            Place::Seat(seat) => {
                let was = std::mem::replace(&mut self.owners[seat.ix()], owner);
                if was != Owner::NOBODY {
                    return Err(Violation::SeatTwice(seat));
                }
            }
            Place::Area { area, .. } => *side(&mut self.areas[area.ix()], owner) += units,
        }
        *side(&mut self.tiers[item.tier.ix()], owner) += units;
        *self.customers.entry(placed.customer).or_default().1.entry(item.tier.0).or_default() += units;
        Ok(())
    }
}

const fn side((held, sold): &mut (u32, u32), owner: Owner) -> &mut u32 {
    if owner.is_sold() { sold } else { held }
}

impl Inventory {
    /// Recounts everything, in time proportional to the state. For use after recovery and in tests: `apply` asserts the
    /// same of whatever it touches.
    ///
    /// # Errors
    /// The first [`InvariantViolation`] found.
    pub fn verify(&self) -> Result<(), InvariantViolation> {
        let recount = self.recount()?;
        self.verify_seats(&recount)?;
        self.verify_sections()?;
        self.verify_areas(&recount)?;
        self.verify_tiers(&recount)?;
        self.verify_terms(&recount)?;
        self.verify_customers(&recount)?;
        self.verify_orders()?;
        if self.presence != Presence::of(&self.layout, self.tickets.all().iter()) {
            return Err(Violation::Presence);
        }
        self.verify_waitlist()?;
        match self.line.as_deref().and_then(|line| line.fault(self.event)) {
            Some(what) => Err(Violation::Line(what)),
            None => Ok(()),
        }
    }

    fn verify_waitlist(&self) -> Result<(), Violation> {
        let Some(list) = self.waitlist.as_deref() else { return Ok(()) };
        let is_live = |hold: HoldId, customer: UserId| match self.holds.find(hold) {
            Some(Found::Live(_, hold)) => hold.placed.customer == customer,
            Some(Found::Ended(_)) | None => false,
        };
        list.fault(is_live).map_or(Ok(()), |what| Err(Violation::Waitlist(what)))
    }

    fn recount(&self) -> Result<Recount, Violation> {
        let grid = &self.layout.grid;
        let mut recount = Recount {
            owners: vec![Owner::NOBODY; grid.seat_count() as usize],
            areas: vec![(0, 0); grid.areas.len()],
            tiers: vec![(0, 0); self.layout.tiers().len()],
            ..Recount::default()
        };
        for (slot, hold) in self.holds.iter_live() {
            let customer = hold.placed.customer;
            recount.customers.entry(customer).or_default().0 += 1;
            for item in &hold.placed.items {
                recount.add(&hold.placed, item, Owner::hold(slot))?;
            }
            recount.discount(customer, units_by_code(&hold.placed));
            let due = Some(hold.expires_at).filter(|due| *due != TimeUs::NEVER);
            if self.holds.due_of(slot) != due {
                return Err(Violation::HoldNotDue(hold.placed.hold));
            }
            let Some(order) = hold.order.map(|order| self.orders.get(order)) else { continue };
            if order.status != OrderStatus::PendingPayment
                || order.expires_at != hold.expires_at
                || order.placed != hold.placed
            {
                return Err(Violation::HoldOrder(hold.placed.hold));
            }
        }
        for ticket in self.tickets.all().iter().filter(|ticket| !ticket.refunded) {
            let placed = &self.orders.get(ticket.order).placed;
            recount.add(placed, &ticket.item(), Owner::order(ticket.order))?;
        }
        for (at, order) in (0..).zip(self.orders.all()).filter(|(_, order)| !order.placed.discounts().is_empty()) {
            recount.discount(order.placed.customer, self.discounted_units(at));
        }
        Ok(recount)
    }

    fn verify_seats(&self, recount: &Recount) -> Result<(), Violation> {
        let grid = &self.layout.grid;
        for (seat, owner) in (0..).map(SeatIx).zip(&recount.owners) {
            if self.house.owner(seat) != *owner {
                return Err(Violation::SeatOwner(seat));
            }
            let spot = grid.spot(seat);
            let block = grid.block_of(seat);
            let is_withheld = block < 64 && self.house.blocks_withheld() >> block & 1 == 1;
            if self.house.is_free(spot) != (*owner == Owner::NOBODY && !is_withheld) {
                return Err(Violation::RowFree(spot.row));
            }
        }
        match self.house.lane_out_of_date(grid) {
            Some(lane) => Err(Violation::LaneIndex(lane)),
            None => Ok(()),
        }
    }

    fn verify_sections(&self) -> Result<(), Violation> {
        let grid = &self.layout.grid;
        let mut counts = vec![Counts::default(); grid.sections.len()];
        for seat in (0..grid.seat_count()).map(SeatIx) {
            let counts = &mut counts[self.layout.section_of(seat).ix()];
            match self.house.state(grid, seat) {
                SeatState::Free => counts.free += 1,
                SeatState::Held => counts.held += 1,
                SeatState::Sold => counts.sold += 1,
                SeatState::Blocked => counts.blocked += 1,
            }
        }
        if let Some(at) = (0..counts.len()).find(|at| self.house.section(*at) != counts[*at]) {
            return Err(Violation::SectionCounts(SectionIx(at as u16)));
        }
        let cells = self.recount_cells();
        match (0..cells.len()).find(|at| self.house.cell_free(*at) != cells[*at]) {
            Some(at) => Err(Violation::CellFree(at)),
            None => Ok(()),
        }
    }

    fn verify_areas(&self, recount: &Recount) -> Result<(), Violation> {
        for (area, (held, sold)) in (0..).map(AreaIx).zip(&recount.areas) {
            let it = self.house.area(area);
            let capacity = self.layout.grid.areas[area.ix()].capacity;
            if (it.held, it.sold) != (*held, *sold) || it.capacity != capacity || held + sold > capacity {
                return Err(Violation::AreaCounts(area));
            }
        }
        Ok(())
    }

    fn verify_tiers(&self, recount: &Recount) -> Result<(), Violation> {
        for (tier, (held, sold)) in (0..).map(TierIx).zip(&recount.tiers) {
            let sales = self.sales.tier(tier);
            if (sales.held, sales.sold) != (*held, *sold) {
                return Err(Violation::TierSales(tier));
            }
        }
        for (at, quota) in self.layout.cover.quotas.iter().enumerate() {
            let tiers = recount.tiers.iter().enumerate().filter(|(tier, _)| quota.tiers >> tier & 1 == 1);
            let used: u32 = tiers.map(|(_, (held, sold))| held + sold).sum();
            if self.sales.quota_used(at as u8) != used || used > quota.limit {
                return Err(Violation::Quota(quota.id.clone()));
            }
        }
        Ok(())
    }

    fn verify_terms(&self, recount: &Recount) -> Result<(), Violation> {
        for (tier, spec) in (0..).map(TierIx).zip(self.layout.tiers()) {
            let used = |price_minor| recount.prices.get(&(tier.0, price_minor)).copied().unwrap_or(0);
            let steps = &spec.terms.price_steps;
            let is_sound = |(step, counted): (&PriceStep, &u32)| {
                let used = used(step.price_minor);
                *counted == used && step.first.is_none_or(|first| used <= first)
            };
            if self.sales.steps(tier).len() != steps.len() || !steps.iter().zip(self.sales.steps(tier)).all(is_sound) {
                return Err(Violation::PriceStep(tier));
            }
        }
        let is_sound = |code: &&Code| {
            let used = recount.codes.get(&code.spec.digest).copied().unwrap_or(0);
            code.used == used && code.spec.units_max.is_none_or(|max| used <= max)
        };
        if let Some(code) = self.codes.all().find(|code| !is_sound(code)) {
            return Err(Violation::AccessCode(code.spec.label.clone()));
        }
        let nothing = (0, 0, BTreeMap::new());
        let is_sound = |code: &&DiscountCode| {
            let (uses, units, customers) = recount.discounts.get(&code.spec.digest).unwrap_or(&nothing);
            (code.uses, code.units) == (*uses, *units)
                && code.customers == *customers
                && code.spec.uses_max.is_none_or(|max| *uses <= max)
                && code.spec.units_max.is_none_or(|max| *units <= max)
        };
        match self.discounts.all().find(|code| !is_sound(code)) {
            Some(code) => Err(Violation::DiscountCode(code.spec.label.clone())),
            None => Ok(()),
        }
    }

    fn verify_customers(&self, recount: &Recount) -> Result<(), Violation> {
        for (user, (holds, tiers)) in &recount.customers {
            let mut tiers: Vec<(u8, u32)> = tiers.iter().map(|(tier, units)| (*tier, *units)).collect();
            tiers.sort_unstable();
            let units: u32 = tiers.iter().map(|(_, units)| units).sum();
            let matches = |it: &Customer| it.holds == *holds && it.units == units && it.tiers() == tiers;
            if !self.customers.get(*user).is_some_and(matches) {
                return Err(Violation::Customer(*user));
            }
        }
        match self.customers.find_other(|user| recount.customers.contains_key(&user)) {
            Some(user) => Err(Violation::Customer(user)),
            None => Ok(()),
        }
    }

    fn verify_orders(&self) -> Result<(), Violation> {
        for order in self.orders.all() {
            let tickets = self.tickets.range(order.tickets.clone());
            let refunded = tickets.iter().filter(|ticket| ticket.refunded).count();
            let whole = tickets.len() == order.placed.units() as usize;
            let sound = match order.status {
                OrderStatus::Draft => false,
                OrderStatus::PendingPayment | OrderStatus::Cancelled | OrderStatus::Expired => {
                    tickets.is_empty() && order.refunded_minor == 0 && order.paid_by.is_none()
                }
                OrderStatus::Paid => whole && refunded == 0 && order.refunded_minor == 0 && order.paid_by.is_some(),
                OrderStatus::PartiallyRefunded => whole && refunded < tickets.len() && order.paid_by.is_some(),
                OrderStatus::Refunded => whole && refunded == tickets.len() && order.paid_by.is_some(),
            };
            let price: i64 = tickets.iter().map(|ticket| ticket.price_minor).sum();
            let money = tickets.is_empty() || price == order.placed.total_minor();
            if !sound || !money || !(0..=order.placed.total_minor()).contains(&order.refunded_minor) {
                return Err(Violation::Order(order.id));
            }
        }
        Ok(())
    }
}
