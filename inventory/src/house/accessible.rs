//! Best available for a party with a wheelchair user: at least one accessible seat, the others beside it, companion
//! seats before ordinary ones. Rare next to the ordinary case, so it walks the rows that have accessible seats.

use super::House;
use super::pick::{Picked, Piece, Scope, Taken, each_tier};
use super::runs::{runs, span};
use crate::layout::Layout;

impl House {
    pub(super) fn pick_accessible(
        &self,
        layout: &Layout,
        scope: Scope,
        n: u32,
        taken: &mut Taken,
    ) -> Result<Picked, u32> {
        for clean in [true, false] {
            for row in &layout.grid.accessible_rows {
                for tier in each_tier(scope.tiers) {
                    let one = Scope { tiers: 1 << tier.0, ..scope };
                    let open = self.open_in_row(layout, one, *row, taken);
                    if let Some(mask) = beside_accessible(layout, *row, open, n, clean) {
                        taken.add(*row, mask);
                        return Ok(Picked::together(tier, Piece { row: *row, mask }));
                    }
                }
            }
        }
        let mut most = 0;
        for tier in each_tier(scope.tiers) {
            let one = Scope { tiers: 1 << tier.0, ..scope };
            match self.split_accessible(layout, one, n, taken) {
                Ok((piece, others)) => return Ok(Picked { tier, piece, others, adjacent: n == 1 }),
                Err(free) => most = most.max(free),
            }
        }
        Err(most)
    }

    /// Free seats of the row in the scope, reserved ones too.
    fn open_in_row(&self, layout: &Layout, scope: Scope, row: u32, taken: &Taken) -> u128 {
        let it = &layout.grid.rows[row as usize];
        if scope.section.is_some_and(|section| section != it.section) {
            return 0;
        }
        it.lanes
            .clone()
            .filter(|lane| {
                let cell = layout.grid.lanes[*lane as usize].cell as usize;
                layout.cover.cells[cell] & scope.tiers != 0
            })
            .fold(0, |open, lane| open | self.open_in_lane(layout, lane, taken))
    }

    /// One accessible seat, then companions of its row, then ordinary seats wherever they are.
    fn split_accessible(
        &self,
        layout: &Layout,
        scope: Scope,
        n: u32,
        taken: &mut Taken,
    ) -> Result<(Piece, Vec<Piece>), u32> {
        let ordinary = self.ordinary_free(layout, scope, taken);
        let mut most = 0;
        for row in &layout.grid.accessible_rows {
            let it = &layout.grid.rows[*row as usize];
            let open = self.open_in_row(layout, scope, *row, taken);
            if open & it.accessible == 0 {
                continue;
            }
            let first = open & it.accessible & (open & it.accessible).wrapping_neg();
            let mut mask = first;
            let mut companions = open & it.companion & !first;
            while companions != 0 && mask.count_ones() < n {
                mask |= companions & companions.wrapping_neg();
                companions &= companions - 1;
            }
            let rest = n - mask.count_ones();
            if rest <= ordinary {
                taken.add(*row, mask);
                return Ok((Piece { row: *row, mask }, self.split(layout, scope, rest, taken)));
            }
            most = most.max(mask.count_ones() + ordinary);
        }
        Err(most)
    }
}

/// The `n` adjacent seats of `open` with an accessible one among them that take the fewest ordinary seats, then are
/// nearest to the row's middle, then lowest.
fn beside_accessible(layout: &Layout, row: u32, open: u128, n: u32, clean: bool) -> Option<u128> {
    let it = &layout.grid.rows[row as usize];
    let ordinary = !(it.accessible | it.companion);
    let mut best: Option<((u32, u32), u128)> = None;
    for run in runs(open).filter(|run| run.len >= n) {
        let last = run.start + run.len - n;
        for start in run.start..=last {
            let mask = span(start, n);
            let orphan = start - run.start == 1 || last - start == 1;
            if mask & it.accessible == 0 || clean && orphan {
                continue;
            }
            let rank = ((mask & ordinary).count_ones(), (2 * start + n).abs_diff(u32::from(it.width)));
            if best.is_none_or(|(least, _)| rank < least) {
                best = Some((rank, mask));
            }
        }
    }
    best.map(|(_, mask)| mask)
}
