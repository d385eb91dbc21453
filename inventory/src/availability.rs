//! Counts that the world may see. Plain data, made by `Inventory::availability` from counters, not by counting seats.

use crate::{Lsn, TierId};

/// `free + held + sold + blocked` is the capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub free: u32,
    pub held: u32,
    pub sold: u32,
    /// Withheld from sale and not taken.
    pub blocked: u32,
}

impl Counts {
    pub const fn capacity(&self) -> u32 {
        self.free + self.held + self.sold + self.blocked
    }

    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            free: self.free + other.free,
            held: self.held + other.held,
            sold: self.sold + other.sold,
            blocked: self.blocked + other.blocked,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Draft,
    Published,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    /// The last change that these counts contain.
    pub lsn: Lsn,
    pub phase: Phase,
    pub totals: Counts,
    pub tiers: Vec<TierAvailability>,
    pub sections: Vec<SectionAvailability>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierAvailability {
    pub tier: TierId,
    /// What could be held now: free places that the tier covers, or less when a quota is tighter.
    pub free: u32,
    pub held: u32,
    pub sold: u32,
    /// Held and sold at each of the tier's price steps.
    pub steps_used: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionAvailability {
    /// Id of the section or area.
    pub id: String,
    pub is_area: bool,
    pub counts: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatState {
    Free,
    Held,
    Sold,
    Blocked,
}

impl SeatState {
    /// One letter per seat, as the API shows rows.
    pub const fn letter(self) -> char {
        match self {
            Self::Free => 'f',
            Self::Held => 'h',
            Self::Sold => 's',
            Self::Blocked => 'b',
        }
    }
}
