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

/// Seats that the hold in the making has taken already, by row. Few: a hold has at most 100 units, and nearly all keep to
/// one row, which needs no allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    first: Option<(u32, u128)>,
    others: Vec<(u32, u128)>,
}

impl Taken {
    #[inline]
    pub fn in_row(&self, row: u32) -> u128 {
        self.rows().find(|(it, _)| *it == row).map_or(0, |(_, mask)| mask)
    }

    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// `false` when one of them is taken already.
    pub fn add(&mut self, row: u32, mask: u128) -> bool {
        let known = self.first.iter_mut().chain(&mut self.others).find(|(it, _)| *it == row);
        if let Some((_, taken)) = known {
            let is_fresh = *taken & mask == 0;
            *taken |= mask;
            return is_fresh;
        }
        if self.first.is_none() {
            self.first = Some((row, mask));
        } else {
            self.others.push((row, mask));
        }
        true
    }

    #[inline]
    pub fn has_row(&self, row: u32) -> bool {
        self.rows().any(|(it, _)| it == row)
    }

    #[inline]
    pub fn rows(&self) -> impl Iterator<Item = (u32, u128)> {
        self.first.iter().chain(&self.others).copied()
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

/// Seats of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub row: u32,
    pub mask: u128,
}

impl Piece {
    #[inline]
    pub fn seats(self, layout: &Layout) -> impl Iterator<Item = SeatIx> {
        let start = self.mask.trailing_zeros();
        let mut seat = layout.grid.seat_at(self.row, start);
        let (mut mask, mut seats) = (self.mask >> start, layout.grid.rows[self.row as usize].seats >> start);
        std::iter::from_fn(move || {
            // Usually there is nothing between them.
            while mask & 1 == 0 {
                if mask == 0 {
                    return None;
                }
                seat.0 += (seats & 1) as u32;
                (mask, seats) = (mask >> 1, seats >> 1);
            }
            let next = seat;
            seat.0 += 1;
            (mask, seats) = (mask >> 1, seats >> 1);
            Some(next)
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picked {
    pub tier: TierIx,
    /// All of the party, unless it had to be split.
    pub piece: Piece,
    pub others: Vec<Piece>,
    pub adjacent: bool,
}

impl Picked {
    pub const fn together(tier: TierIx, piece: Piece) -> Self {
        Self { tier, piece, others: Vec::new(), adjacent: true }
    }

    pub fn pieces(&self) -> impl Iterator<Item = Piece> {
        std::iter::once(self.piece).chain(self.others.iter().copied())
    }

    pub fn seats(&self, layout: &Layout) -> impl Iterator<Item = SeatIx> {
        self.pieces().flat_map(|piece| piece.seats(layout))
    }
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
                let tier = lowest_tier(self.tiers_of_lane(layout, lane) & scope.tiers);
                return Ok(Picked::together(tier, self.seat_in_lane(layout, lane, party.quantity, clean, taken)));
            }
        }
        let mut most = 0;
        for tier in each_tier(scope.tiers) {
            let one = Scope { tiers: 1 << tier.0, ..scope };
            let free = self.ordinary_free(layout, one, taken);
            if free >= party.quantity {
                let mut pieces = self.split(layout, one, party.quantity, taken);
                let piece = pieces.remove(0);
                return Ok(Picked { tier, piece, others: pieces, adjacent: party.quantity == 1 });
            }
            most = most.max(free);
        }
        Err(most)
    }

    fn tiers_of_lane(&self, layout: &Layout, lane: u32) -> u64 {
        layout.cover.cells[layout.grid.lanes[lane as usize].cell as usize]
    }

    fn seat_in_lane(&self, layout: &Layout, lane: u32, n: u32, clean: bool, taken: &mut Taken) -> Piece {
        let it = &layout.grid.lanes[lane as usize];
        let word = self.open_in_lane(layout, lane, taken);
        let mask = nearest(word, n, u32::from(it.width), clean).expect("the lane was found to have room");
        taken.add(it.row, mask);
        Piece { row: it.row, mask }
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
        let in_scope = |lane: u32| self.tiers_of_lane(layout, lane) & scope.tiers != 0;
        let indexed = match scope.section {
            Some(section) => layout.grid.sections[section.ix()]
                .lanes
                .iter()
                .copied()
                .find(|lane| self.lanes.is_candidate(*lane, n, clean) && in_scope(*lane) && fits(*lane)),
            None => self.first_indexed(layout, scope.tiers, n, clean, fits),
        };
        if taken.is_empty() {
            return indexed;
        }
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
    pub(super) fn split(&self, layout: &Layout, scope: Scope, quantity: u32, taken: &mut Taken) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut left = quantity;
        let mut size = quantity.min(crate::limits::SEATS_PER_ROW_MAX as u32);
        let mut used: Vec<u32> = Vec::new();
        while left > 0 {
            size = size.min(left);
            let again = used.iter().copied().filter(|lane| longest(self.open_in_lane(layout, *lane, taken)) >= size);
            let Some(lane) = again.min().or_else(|| self.first_lane(layout, scope, size, false, taken)) else {
                size -= 1;
                assert!(size > 0, "there are as many free seats as were counted");
                continue;
            };
            pieces.push(self.seat_in_lane(layout, lane, size, false, taken));
            used.push(lane);
            left -= size;
        }
        pieces
    }
}
