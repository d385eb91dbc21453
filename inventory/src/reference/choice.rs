//! Best available. Whoever sits together is found here again by trying every window of every row, and must be the fast
//! core's choice, seat by seat. Parties that are split or need an accessible seat are only judged: their seats must be
//! free, of one tier and of the right kind, and a better class of seating must not have been possible.

use super::map::Seat;
use super::{Reference, Refusal};
use crate::{BestAvailable, Item, Place, Rejection, SeatIx, SeatState, TierIx};

/// Distance between two rows, which stand behind one another, away from the focal point.
const ROW_PITCH_CM: u64 = 90;

/// How good an allocation is, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    AdjacentNoOrphan,
    Adjacent,
    Split,
}

/// Adjacent free seats and how they rank: by class, by the row's distance, by their distance from the row's middle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Window {
    class: Class,
    row: (u64, usize, usize),
    lane: usize,
    off_middle: usize,
    seats: Vec<SeatIx>,
}

/// The house as one party finds it.
#[derive(Clone, Copy)]
pub(super) struct Party<'a> {
    pub twin: &'a Reference,
    /// With the seats that the hold in the making has already been given.
    pub states: &'a [SeatState],
    pub best: BestAvailable,
    /// Tiers that the party may sit in. It sits in one of them.
    pub tiers: &'a [TierIx],
}

impl Party<'_> {
    /// Whether `chosen` are seats that this party may have been given, and in which class.
    pub fn check(&self, chosen: &[Item]) -> Result<Class, Refusal> {
        let seats = self.check_items(chosen)?;
        let tier = chosen[0].tier;
        let best = self.best_window(self.tiers);
        if self.best.accessible {
            if !seats.iter().any(|seat| self.seat(*seat).accessible) {
                return Err(Refusal::Choice("no accessible seat in the party".into()));
            }
            let class = self.windows(tier).into_iter().find(|it| it.seats == seats).map_or(Class::Split, |it| it.class);
            return match best {
                Some(best) if best.class < class => Err(Refusal::Choice(format!("{class:?}, better was {best:?}"))),
                _ => Ok(class),
            };
        }
        match best {
            Some(best) if best.seats == seats => Ok(best.class),
            Some(best) => Err(Refusal::Choice(format!("{seats:?} were given, {best:?} is better"))),
            None => Ok(Class::Split),
        }
    }

    /// Why the party could not be seated; an error when it could.
    pub fn refusal(&self) -> Result<Rejection, Refusal> {
        if let Some(window) = self.best_window(self.tiers) {
            return Err(Refusal::Choice(format!("refused although {window:?} is free")));
        }
        let most = self.tiers.iter().map(|&tier| self.most_split(tier)).max().unwrap_or(0);
        if most >= self.best.quantity as usize {
            return Err(Refusal::Choice(format!("refused although {most} seats are free")));
        }
        Ok(Rejection::NotEnoughSeats { free: most as u32 })
    }

    /// The largest party of this kind that finds seats of the tier, together or not.
    fn most_split(&self, tier: TierIx) -> usize {
        let is_free = |seat: &SeatIx| self.is_open(*seat, tier);
        let ordinary = |seat: &SeatIx| !self.seat(*seat).accessible && !self.seat(*seat).companion;
        let free_ordinary = self.all_seats().filter(is_free).filter(ordinary).count();
        if !self.best.accessible {
            return free_ordinary;
        }
        let companions = |of: SeatIx| {
            self.all_seats()
                .filter(is_free)
                .filter(|seat| self.row_of(*seat) == self.row_of(of))
                .filter(|seat| self.seat(*seat).companion && *seat != of)
                .count()
        };
        let accessible = self.all_seats().filter(is_free).filter(|seat| self.seat(*seat).accessible);
        accessible.map(|seat| 1 + companions(seat) + free_ordinary).max().unwrap_or(0)
    }

    fn check_items(&self, chosen: &[Item]) -> Result<Vec<SeatIx>, Refusal> {
        let mut seats = Vec::new();
        for item in chosen {
            let Place::Seat(seat) = item.place else {
                return Err(Refusal::Choice("best available gave units of an area".into()));
            };
            let is_reserved = self.seat(seat).accessible || self.seat(seat).companion;
            if item.tier != chosen[0].tier
                || !self.tiers.contains(&item.tier)
                || !self.is_open(seat, item.tier)
                || (is_reserved && !self.best.accessible)
                || seats.contains(&seat)
            {
                return Err(Refusal::Choice(format!("{item:?} is not for {:?}", self.best)));
            }
            seats.push(seat);
        }
        if seats.len() == self.best.quantity as usize {
            Ok(seats)
        } else {
            Err(Refusal::Choice(format!("{} seats for {:?}", seats.len(), self.best)))
        }
    }

    /// Where the party is best seated together.
    pub fn seats_together(&self) -> Option<Vec<SeatIx>> {
        Some(self.best_window(self.tiers)?.seats)
    }

    fn best_window(&self, tiers: &[TierIx]) -> Option<Window> {
        tiers.iter().flat_map(|&tier| self.windows(tier)).min()
    }

    /// Every way to seat the party together in the tier.
    fn windows(&self, tier: TierIx) -> Vec<Window> {
        let seats: Vec<SeatIx> = self.all_seats().collect();
        let together = |pair: &[SeatIx]| self.are_together(pair[0], pair[1], tier);
        seats
            .windows(self.best.quantity as usize)
            .filter(|seats| seats.iter().all(|seat| self.is_open(*seat, tier)) && seats.windows(2).all(together))
            .filter(|seats| {
                if self.best.accessible {
                    seats.iter().any(|seat| self.seat(*seat).accessible)
                } else {
                    seats.iter().all(|seat| !self.seat(*seat).accessible && !self.seat(*seat).companion)
                }
            })
            .map(|seats| self.window(seats, tier))
            .collect()
    }

    fn window(&self, seats: &[SeatIx], tier: TierIx) -> Window {
        let (first, last) = (seats[0], seats[seats.len() - 1]);
        let left = self.left_of(first, tier);
        let right = self.right_of(last, tier);
        let is_orphan = left.is_some_and(|seat| self.left_of(seat, tier).is_none())
            || right.is_some_and(|seat| self.right_of(seat, tier).is_none());
        let (section, row) = self.row_of(first);
        let width = self.map().sections[section].rows[row];
        Window {
            class: if is_orphan { Class::Adjacent } else { Class::AdjacentNoOrphan },
            row: (self.distance(section, row), section, row),
            lane: self.lane_starts_at(first),
            off_middle: (2 * self.seat(first).column + seats.len()).abs_diff(width),
            seats: seats.to_vec(),
        }
    }

    /// Whether the seats are neighbours, and seats that a party of this kind is put together from: one category, and
    /// unless it needs them none of those kept for wheelchair users.
    fn are_together(&self, left: SeatIx, right: SeatIx, tier: TierIx) -> bool {
        let (l, r) = (self.seat(left), self.seat(right));
        let neighbours = self.row_of(left) == self.row_of(right) && l.column + 1 == r.column;
        let same_kind = self.best.accessible || self.is_same_lane(left, right);
        neighbours && same_kind && self.is_open(left, tier) && self.is_open(right, tier)
    }

    fn is_same_lane(&self, one: SeatIx, other: SeatIx) -> bool {
        let (one, other) = (self.seat(one), self.seat(other));
        let reserved = |seat: &Seat| seat.accessible || seat.companion;
        one.category == other.category && reserved(one) == reserved(other)
    }

    /// Lanes of one row rank by their first seat.
    fn lane_starts_at(&self, of: SeatIx) -> usize {
        let same = |seat: &SeatIx| self.row_of(*seat) == self.row_of(of) && self.is_same_lane(*seat, of);
        self.all_seats().find(same).map_or(0, SeatIx::ix)
    }

    fn left_of(&self, seat: SeatIx, tier: TierIx) -> Option<SeatIx> {
        let left = SeatIx(seat.0.checked_sub(1)?);
        self.are_together(left, seat, tier).then_some(left)
    }

    fn right_of(&self, seat: SeatIx, tier: TierIx) -> Option<SeatIx> {
        let right = SeatIx(seat.0 + 1);
        (right.ix() < self.states.len() && self.are_together(seat, right, tier)).then_some(right)
    }

    fn is_open(&self, seat: SeatIx, tier: TierIx) -> bool {
        self.states[seat.ix()] == SeatState::Free
            && self.best.section.is_none_or(|section| section.ix() == self.seat(seat).section)
            && self.twin.covers_seat(tier, seat)
    }

    fn distance(&self, section: usize, row: usize) -> u64 {
        let map = self.map();
        let dx = i64::from(map.sections[section].position.0) - i64::from(map.focal_point.0);
        let dy = i64::from(map.sections[section].position.1) - i64::from(map.focal_point.1);
        (dx * dx + dy * dy).unsigned_abs().isqrt() + row as u64 * ROW_PITCH_CM
    }

    fn all_seats(&self) -> impl Iterator<Item = SeatIx> {
        (0..self.states.len() as u32).map(SeatIx)
    }

    fn row_of(&self, seat: SeatIx) -> (usize, usize) {
        (self.seat(seat).section, self.seat(seat).row)
    }

    fn seat(&self, seat: SeatIx) -> &Seat {
        &self.map().seats[seat.ix()]
    }

    fn map(&self) -> &super::map::Map {
        self.twin.map.as_ref().expect("a published event has a seat map")
    }
}
