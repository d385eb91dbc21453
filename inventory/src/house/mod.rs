//! Who has which place: the owner of every seat, the units of every area, and the counters over them. Every change of a
//! place passes here, where its legality is asserted.

mod accessible;
mod lanes;
mod pick;
mod runs;

use lanes::LaneIndex;
pub(crate) use pick::{Party, Scope, Taken};

use crate::layout::{Grid, Lane, Layout, Spot};
use crate::{AreaIx, Counts, SeatIx, SeatState};

/// Who has a seat: nobody, the hold in a slot, or an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owner(u32);

impl Owner {
    pub const NOBODY: Self = Self(0);
    const SOLD: u32 = 1 << 31;

    pub const fn hold(slot: u32) -> Self {
        Self(slot + 1)
    }

    pub const fn order(index: u32) -> Self {
        Self(index | Self::SOLD)
    }

    pub const fn is_sold(self) -> bool {
        self.0 & Self::SOLD != 0
    }

    pub const fn holder(self) -> Holder {
        match self {
            Self::NOBODY => Holder::Nobody,
            owner if owner.is_sold() => Holder::Order(owner.0 & !Self::SOLD),
            Self(slot) => Holder::Hold(slot - 1),
        }
    }
}

/// An [`Owner`] spelled out.
pub(crate) enum Holder {
    Nobody,
    /// The slot of a live hold.
    Hold(u32),
    /// The index of an order.
    Order(u32),
}

/// Seats of one lane that change hands together, and how many: counting bits is dear where the processor is not asked to.
struct Together {
    mask: u128,
    count: u32,
}

const fn taken(counts: &mut Counts, owner: Owner) -> &mut u32 {
    if owner.is_sold() { &mut counts.sold } else { &mut counts.held }
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct AreaUse {
    pub capacity: u32,
    pub held: u32,
    pub sold: u32,
    pub withheld: bool,
}

impl AreaUse {
    pub const fn counts(&self) -> Counts {
        let left = self.capacity - self.held - self.sold;
        let (free, blocked) = if self.withheld { (0, left) } else { (left, 0) };
        Counts { free, held: self.held, sold: self.sold, blocked }
    }

    pub const fn free(&self) -> u32 {
        self.counts().free
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct House {
    /// Per row: seats that can be held now.
    free: Vec<u128>,
    /// Per row: seats of withheld blocks, taken or not.
    withheld: Vec<u128>,
    owners: Vec<Owner>,
    sections: Vec<Counts>,
    areas: Vec<AreaUse>,
    /// Per cell of the grid.
    cell_free: Vec<u32>,
    lanes: LaneIndex,
    blocks_withheld: u64,
}

/// Runs of ordinary seats that the scope has, whoever has them.
pub(crate) fn runs_ever(layout: &Layout, scope: Scope) -> impl Iterator<Item = u32> {
    let grid = &layout.grid;
    let in_scope = move |lane: &&Lane| {
        !grid.cells[lane.cell as usize].reserved
            && layout.cover.cells[lane.cell as usize] & scope.tiers != 0
            && scope.section.is_none_or(|section| section == lane.section)
    };
    grid.lanes.iter().filter(in_scope).flat_map(|lane| runs::runs(lane.mask)).map(|run| run.len)
}

impl House {
    pub fn new(grid: &Grid) -> Self {
        let mut house = Self {
            free: grid.rows.iter().map(|row| row.seats).collect(),
            withheld: vec![0; grid.rows.len()],
            owners: vec![Owner::NOBODY; grid.seat_count() as usize],
            sections: grid.sections.iter().map(|it| Counts { free: it.seats, ..Counts::default() }).collect(),
            areas: grid.areas.iter().map(|it| AreaUse { capacity: it.capacity, ..AreaUse::default() }).collect(),
            cell_free: vec![0; grid.cells.len()],
            lanes: LaneIndex::new(grid.lanes.len()),
            blocks_withheld: 0,
        };
        for (lane, it) in grid.lanes.iter().enumerate() {
            house.cell_free[it.cell as usize] += it.mask.count_ones();
            house.lanes.set(lane as u32, runs::shape(it.mask));
        }
        house
    }

    #[inline]
    pub fn is_free(&self, spot: Spot) -> bool {
        self.free[spot.row as usize] & spot.bit() != 0
    }

    pub fn free_in_row(&self, row: u32) -> u128 {
        self.free[row as usize]
    }

    pub fn owner(&self, seat: SeatIx) -> Owner {
        self.owners[seat.ix()]
    }

    pub fn state(&self, grid: &Grid, seat: SeatIx) -> SeatState {
        let spot = grid.spot(seat);
        match self.owners[seat.ix()] {
            Owner::NOBODY if self.withheld[spot.row as usize] & spot.bit() != 0 => SeatState::Blocked,
            Owner::NOBODY => SeatState::Free,
            owner if owner.is_sold() => SeatState::Sold,
            _ => SeatState::Held,
        }
    }

    pub fn area(&self, area: AreaIx) -> AreaUse {
        self.areas[area.ix()]
    }

    pub fn section(&self, section: usize) -> Counts {
        self.sections[section]
    }

    pub fn cell_free(&self, cell: usize) -> u32 {
        self.cell_free[cell]
    }

    pub const fn blocks_withheld(&self) -> u64 {
        self.blocks_withheld
    }

    /// Whether nobody has the seat and its block is withheld.
    pub fn is_kept(&self, grid: &Grid, seat: SeatIx) -> bool {
        self.state(grid, seat) == SeatState::Blocked
    }

    /// A seat that is kept can be taken once. When it is given back it is kept again.
    pub fn lift(&mut self, grid: &Grid, seat: SeatIx) {
        if !self.is_kept(grid, seat) {
            return;
        }
        let spot = grid.spot(seat);
        let lane = grid.lane_of(spot);
        self.free[spot.row as usize] |= spot.bit();
        let counts = &mut self.sections[grid.rows[spot.row as usize].section.ix()];
        counts.blocked -= 1;
        counts.free += 1;
        self.cell_free[grid.lanes[lane as usize].cell as usize] += 1;
        self.refresh(grid, lane);
    }

    /// Whether the units that nobody has are kept; gives what it was.
    pub fn keep_area(&mut self, area: AreaIx, withheld: bool) -> bool {
        std::mem::replace(&mut self.areas[area.ix()].withheld, withheld)
    }

    /// Free seats become held, or sold when a late payment takes them.
    pub fn take(&mut self, grid: &Grid, seats: impl Iterator<Item = SeatIx>, owner: Owner) {
        self.hand_over(grid, seats, Owner::NOBODY, owner, |house, lane, Together { mask, count }| {
            let it = &grid.lanes[lane as usize];
            let free = &mut house.free[it.row as usize];
            assert_eq!(*free & mask, mask, "only free seats are taken");
            *free &= !mask;
            let counts = &mut house.sections[it.section.ix()];
            counts.free -= count;
            *taken(counts, owner) += count;
            house.cell_free[it.cell as usize] -= count;
            house.settle(grid, lane);
        });
    }

    /// The seats of a hold become its order's.
    pub fn sell(&mut self, grid: &Grid, seats: impl Iterator<Item = SeatIx>, from: Owner, to: Owner) {
        self.hand_over(grid, seats, from, to, |house, lane, Together { mask: _, count }| {
            let counts = &mut house.sections[grid.lanes[lane as usize].section.ix()];
            *taken(counts, from) -= count;
            *taken(counts, to) += count;
        });
    }

    /// The seats go back on sale, or to their block when that is withheld.
    pub fn give_back(&mut self, grid: &Grid, seats: impl Iterator<Item = SeatIx>, from: Owner) {
        self.hand_over(grid, seats, from, Owner::NOBODY, |house, lane, Together { mask, count }| {
            let it = &grid.lanes[lane as usize];
            let row = it.row as usize;
            let blocked = mask & house.withheld[row];
            let blocked_count = if blocked == 0 { 0 } else { blocked.count_ones() };
            house.free[row] |= mask & !blocked;
            let counts = &mut house.sections[it.section.ix()];
            *taken(counts, from) -= count;
            counts.blocked += blocked_count;
            counts.free += count - blocked_count;
            house.cell_free[it.cell as usize] += count - blocked_count;
            house.settle(grid, lane);
        });
    }

    /// Gives the seats to another owner and, for each lane, `lane_done` what of it has come together: parties sit side
    /// by side.
    #[inline]
    fn hand_over(
        &mut self,
        grid: &Grid,
        seats: impl Iterator<Item = SeatIx>,
        from: Owner,
        to: Owner,
        mut lane_done: impl FnMut(&mut Self, u32, Together),
    ) {
        let (mut lane, mut row, mut in_lane, mut mask, mut count) = (0, u32::MAX, 0, 0, 0);
        for seat in seats {
            let owner = &mut self.owners[seat.ix()];
            assert_eq!(*owner, from, "a seat changes hands from its owner");
            *owner = to;
            let spot = grid.spot(seat);
            if spot.row != row || in_lane & spot.bit() == 0 {
                if count != 0 {
                    lane_done(self, lane, Together { mask, count });
                }
                (lane, row, mask, count) = (grid.lane_of(spot), spot.row, 0, 0);
                in_lane = grid.lanes[lane as usize].mask;
            }
            mask |= spot.bit();
            count += 1;
        }
        if count != 0 {
            lane_done(self, lane, Together { mask, count });
        }
    }

    /// Brings the index up to date with a lane just changed, and checks the counts of its section.
    #[inline]
    fn settle(&mut self, grid: &Grid, lane: u32) {
        self.refresh(grid, lane);
        let section = grid.lanes[lane as usize].section.ix();
        assert_eq!(self.sections[section].capacity(), grid.sections[section].seats, "no seat appears or vanishes");
    }

    /// A lane whose index is not that of its free seats.
    pub fn lane_out_of_date(&self, grid: &Grid) -> Option<u32> {
        (0..).zip(&grid.lanes).find_map(|(lane, it)| {
            let shape = runs::shape(self.free[it.row as usize] & it.mask);
            (!self.lanes.holds(lane, shape)).then_some(lane)
        })
    }

    #[inline]
    fn refresh(&mut self, grid: &Grid, lane: u32) {
        let it = &grid.lanes[lane as usize];
        self.lanes.set(lane, runs::shape(self.free[it.row as usize] & it.mask));
    }

    pub fn take_units(&mut self, area: AreaIx, units: u32, sold: bool) {
        let it = &mut self.areas[area.ix()];
        assert!(it.free() >= units, "only free units are taken");
        if sold {
            it.sold += units;
        } else {
            it.held += units;
        }
    }

    pub fn sell_units(&mut self, area: AreaIx, units: u32) {
        let it = &mut self.areas[area.ix()];
        assert!(it.held >= units, "units are sold by their hold");
        it.held -= units;
        it.sold += units;
    }

    pub fn give_back_units(&mut self, area: AreaIx, units: u32, sold: bool) {
        let it = &mut self.areas[area.ix()];
        let taken = if sold { &mut it.sold } else { &mut it.held };
        assert!(*taken >= units, "units are given back by their owner");
        *taken -= units;
    }

    pub fn set_block(&mut self, grid: &Grid, block: u8, withheld: bool) {
        self.blocks_withheld = self.blocks_withheld & !(1 << block) | u64::from(withheld) << block;
        for (area, it) in self.areas.iter_mut().zip(&grid.areas) {
            if it.block == block {
                area.withheld = withheld;
            }
        }
        for seat in (0..grid.seat_count()).map(SeatIx).filter(|seat| grid.block_of(*seat) == block) {
            let spot = grid.spot(seat);
            let row = spot.row as usize;
            if (self.withheld[row] & spot.bit() != 0) == withheld {
                continue;
            }
            self.withheld[row] ^= spot.bit();
            if self.owners[seat.ix()] != Owner::NOBODY {
                continue;
            }
            self.free[row] ^= spot.bit();
            let counts = &mut self.sections[grid.rows[row].section.ix()];
            let cell = &mut self.cell_free[grid.lanes[grid.lane_of(spot) as usize].cell as usize];
            if withheld {
                counts.free -= 1;
                counts.blocked += 1;
                *cell -= 1;
            } else {
                counts.blocked -= 1;
                counts.free += 1;
                *cell += 1;
            }
        }
        for lane in 0..grid.lanes.len() as u32 {
            self.refresh(grid, lane);
        }
    }
}
