//! Best available: which seats a party gets that leaves the choice to us.
//!
//! 1. All adjacent in the nearest lane that allows it without an orphan: a single free seat with no free neighbour in
//!    its lane. Within the lane the places nearest to the row's middle.
//! 2. The same, orphans allowed.
//! 3. Split: longest runs first, in rows already used where possible, then in the nearest.
//!
//! The whole party sits in one tier.

use super::House;
use super::runs::{longest, nearest};
use crate::layout::Layout;
use crate::{SeatIx, SectionIx, TierIx};

/// Seats that the hold in the making has taken already, by row. Few: a hold has at most 100 units.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken(Vec<(u32, u128)>);

impl Taken {
    #[inline]
    pub fn in_row(&self, row: u32) -> u128 {
        self.0.iter().find(|(it, _)| *it == row).map_or(0, |(_, mask)| *mask)
    }

    /// `false` when one of them is taken already.
    pub fn add(&mut self, row: u32, mask: u128) -> bool {
        match self.0.iter_mut().find(|(it, _)| *it == row) {
            Some((_, taken)) => {
                let fresh = *taken & mask == 0;
                *taken |= mask;
                fresh
            }
            None => {
                self.0.push((row, mask));
                true
            }
        }
    }

    pub fn has_row(&self, row: u32) -> bool {
        self.0.iter().any(|(it, _)| *it == row)
    }

    pub fn rows(&self) -> impl Iterator<Item = (u32, u128)> {
        self.0.iter().copied()
    }
}

/// Where a party may sit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// Bit per tier that it may take. Each lane goes by the lowest that covers it.
    pub tiers: u64,
    pub section: Option<SectionIx>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Party {
    pub quantity: u32,
    pub accessible: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picked {
    pub tier: TierIx,
    pub seats: Vec<SeatIx>,
    pub adjacent: bool,
}

pub(super) fn lowest_tier(tiers: u64) -> TierIx {
    TierIx(tiers.trailing_zeros() as u8)
}

/// The tiers of a scope, one at a time.
pub(super) fn each_tier(mut tiers: u64) -> impl Iterator<Item = TierIx> {
    std::iter::from_fn(move || {
        (tiers != 0).then(|| {
            let tier = lowest_tier(tiers);
            tiers &= tiers - 1;
            tier
        })
    })
}

impl House {
    /// The seats for the party, which are added to `taken`; `Err` is how many are free for it.
    pub fn pick(&self, layout: &Layout, scope: Scope, party: Party, taken: &mut Taken) -> Result<Picked, u32> {
        if party.accessible {
            return self.pick_accessible(layout, scope, party.quantity, taken);
        }
        for clean in [true, false] {
            if let Some(lane) = self.first_lane(layout, scope, party.quantity, clean, taken) {
                return Ok(self.seat_in_lane(layout, scope, lane, party.quantity, clean, taken));
            }
        }
        let mut most = 0;
        for tier in each_tier(scope.tiers) {
            let one = Scope { tiers: 1 << tier.0, ..scope };
            let free = self.ordinary_free(layout, one, taken);
            if free >= party.quantity {
                let mut seats = Vec::with_capacity(party.quantity as usize);
                self.split(layout, one, party.quantity, taken, &mut seats);
                return Ok(Picked { tier, seats, adjacent: party.quantity == 1 });
            }
            most = most.max(free);
        }
        Err(most)
    }

    fn seat_in_lane(&self, layout: &Layout, scope: Scope, lane: u32, n: u32, clean: bool, taken: &mut Taken) -> Picked {
        let it = &layout.grid.lanes[lane as usize];
        let word = self.open_in_lane(layout, lane, taken);
        let mask = nearest(word, n, u32::from(it.width), clean).expect("the lane was found to have room");
        taken.add(it.row, mask);
        let mut seats = Vec::with_capacity(n as usize);
        push_seats(layout, it.row, mask, &mut seats);
        let tier = lowest_tier(layout.cover.cells[it.cell as usize] & scope.tiers);
        Picked { tier, seats, adjacent: true }
    }

    #[inline]
    pub(super) fn open_in_lane(&self, layout: &Layout, lane: u32, taken: &Taken) -> u128 {
        let it = &layout.grid.lanes[lane as usize];
        self.free[it.row as usize] & it.mask & !taken.in_row(it.row)
    }

    /// The nearest lane of the scope that can seat `n` together.
    fn first_lane(&self, layout: &Layout, scope: Scope, n: u32, clean: bool, taken: &Taken) -> Option<u32> {
        let fits = |lane: u32| {
            let it = &layout.grid.lanes[lane as usize];
            let exact = n <= super::runs::PARTY_INDEXED_MAX && !taken.has_row(it.row);
            exact || nearest(self.open_in_lane(layout, lane, taken), n, u32::from(it.width), clean).is_some()
        };
        let in_scope = |lane: u32| {
            let cell = layout.grid.lanes[lane as usize].cell as usize;
            layout.cover.cells[cell] & scope.tiers != 0
        };
        let indexed = match scope.section {
            Some(section) => layout.grid.sections[section.ix()]
                .lanes
                .iter()
                .copied()
                .find(|lane| self.lanes.is_candidate(*lane, n, clean) && in_scope(*lane) && fits(*lane)),
            None => self.first_indexed(layout, scope.tiers, n, clean, fits),
        };
        // Seats taken from a run may leave a run that suits the party better: the index cannot know those.
        let touched = taken.rows().flat_map(|(row, _)| layout.grid.rows[row as usize].lanes.clone()).filter(|lane| {
            let cell = &layout.grid.cells[layout.grid.lanes[*lane as usize].cell as usize];
            !cell.reserved && scope.section.is_none_or(|it| it == cell.section) && in_scope(*lane) && fits(*lane)
        });
        touched.chain(indexed).min()
    }

    fn first_indexed(
        &self,
        layout: &Layout,
        tiers: u64,
        n: u32,
        clean: bool,
        fits: impl Fn(u32) -> bool,
    ) -> Option<u32> {
        for (at, candidates) in self.lanes.candidates(n, clean).iter().enumerate() {
            if *candidates == 0 {
                continue;
            }
            let covered = each_tier(tiers).fold(0, |covered, tier| covered | layout.cover.lanes[tier.ix()][at]);
            let mut left = candidates & covered;
            while left != 0 {
                let lane = at as u32 * 64 + left.trailing_zeros();
                if fits(lane) {
                    return Some(lane);
                }
                left &= left - 1;
            }
        }
        None
    }

    pub(super) fn ordinary_free(&self, layout: &Layout, scope: Scope, taken: &Taken) -> u32 {
        let grid = &layout.grid;
        let in_scope = |cell: usize| {
            let it = &grid.cells[cell];
            !it.reserved
                && layout.cover.cells[cell] & scope.tiers != 0
                && scope.section.is_none_or(|section| section == it.section)
        };
        let free: u32 = (0..grid.cells.len()).filter(|cell| in_scope(*cell)).map(|cell| self.cell_free[cell]).sum();
        let gone: u32 = taken
            .rows()
            .flat_map(|(row, mask)| grid.rows[row as usize].lanes.clone().map(move |lane| (lane, mask)))
            .filter(|(lane, _)| in_scope(grid.lanes[*lane as usize].cell as usize))
            .map(|(lane, mask)| {
                let it = &grid.lanes[lane as usize];
                (self.free[it.row as usize] & it.mask & mask).count_ones()
            })
            .sum();
        free - gone
    }

    /// Seats `quantity` of one tier in as few pieces as the longest runs allow. There must be that many free.
    pub(super) fn split(
        &self,
        layout: &Layout,
        scope: Scope,
        quantity: u32,
        taken: &mut Taken,
        seats: &mut Vec<SeatIx>,
    ) {
        let mut left = quantity;
        let mut piece = quantity.min(crate::limits::SEATS_PER_ROW_MAX as u32);
        let mut used: Vec<u32> = Vec::new();
        while left > 0 {
            piece = piece.min(left);
            let again =
                used.iter().copied().filter(|lane| longest(self.open_in_lane(layout, *lane, taken), piece) == piece);
            let Some(lane) = again.min().or_else(|| self.first_lane(layout, scope, piece, false, taken)) else {
                piece -= 1;
                assert!(piece > 0, "there are as many free seats as were counted");
                continue;
            };
            let picked = self.seat_in_lane(layout, scope, lane, piece, false, taken);
            seats.extend(picked.seats);
            used.push(lane);
            left -= piece;
        }
    }
}

pub(super) fn push_seats(layout: &Layout, row: u32, mut mask: u128, seats: &mut Vec<SeatIx>) {
    let first = layout.grid.seat_at(row, mask.trailing_zeros());
    // A run without gaps: seat numbers follow one another.
    if mask >> mask.trailing_zeros() == super::runs::span(0, mask.count_ones()) {
        seats.extend((0..mask.count_ones()).map(|at| SeatIx(first.0 + at)));
        return;
    }
    while mask != 0 {
        seats.push(layout.grid.seat_at(row, mask.trailing_zeros()));
        mask &= mask - 1;
    }
}
