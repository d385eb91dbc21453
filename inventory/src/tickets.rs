//! Tickets in the order of their issue, and the derivation of their ids.

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::holds::OrderAt;
use crate::limits::NONCES_PER_TICKET_MAX;
use crate::{Direction, Item, MinorOff, Place, TicketId, TierIx, TimeUs, UserId};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketState {
    Issued,
    CheckedIn,
    CheckedOut,
    Voided,
}

impl TicketState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::CheckedIn => "checked_in",
            Self::CheckedOut => "checked_out",
            Self::Voided => "voided",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scan {
    pub nonce: u64,
    pub direction: Direction,
    pub at: TimeUs,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub id: TicketId,
    pub order: OrderAt,
    /// One unit.
    pub place: Place,
    pub tier: TierIx,
    pub price_minor: i64,
    pub holder: UserId,
    pub generation: u32,
    pub state: TicketState,
    /// Its place went back on sale with a refund.
    pub refunded: bool,
    pub issued_at: TimeUs,
    /// The latest, at most [`NONCES_PER_TICKET_MAX`], oldest first.
    pub scans: Vec<Scan>,
    /// As of the item that it was issued for, from where it is read again: snapshots leave it out.
    #[serde(skip)]
    pub off: MinorOff,
}

impl Ticket {
    pub const fn item(&self) -> Item {
        Item { place: self.place, tier: self.tier, price_minor: self.price_minor, off: self.off }
    }

    pub fn last_scan(&self) -> Option<&Scan> {
        self.scans.last()
    }

    /// The scan that is forgotten for it.
    pub fn remember_scan(&mut self, scan: Scan) -> Option<Scan> {
        let forgotten = (self.scans.len() == NONCES_PER_TICKET_MAX).then(|| self.scans.remove(0));
        self.scans.push(scan);
        forgotten
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Tickets {
    all: Vec<Ticket>,
    by_id: HashMap<TicketId, u32>,
}

impl Tickets {
    pub fn find(&self, id: TicketId) -> Option<&Ticket> {
        self.by_id.get(&id).map(|at| &self.all[*at as usize])
    }

    pub fn knows(&self, id: TicketId) -> bool {
        self.by_id.contains_key(&id)
    }

    /// # Panics
    /// When the ticket is not known: only decided changes are applied.
    pub fn find_mut(&mut self, id: TicketId) -> &mut Ticket {
        let at = self.by_id[&id];
        &mut self.all[at as usize]
    }

    pub fn insert(&mut self, ticket: Ticket) {
        let known = self.by_id.insert(ticket.id, self.all.len() as u32);
        assert!(known.is_none(), "a ticket id is used once");
        self.all.push(ticket);
    }

    pub fn len(&self) -> u32 {
        self.all.len() as u32
    }

    /// In the order of issue.
    pub fn all(&self) -> &[Ticket] {
        &self.all
    }

    /// Of tickets that were issued for these items, one for each unit.
    pub fn set_off(&mut self, range: std::ops::Range<u32>, items: &[Item]) {
        let offs = items.iter().flat_map(|item| std::iter::repeat_n(item.off, item.place.units() as usize));
        for (ticket, off) in self.all[range.start as usize..range.end as usize].iter_mut().zip(offs) {
            ticket.off = off;
        }
    }

    pub fn range(&self, range: std::ops::Range<u32>) -> &[Ticket] {
        &self.all[range.start as usize..range.end as usize]
    }
}

/// A UUIDv7 of the time `at` whose random part follows from `entropy` and the ticket's index in its order.
pub(crate) fn ticket_id(at: TimeUs, entropy: [u8; 16], index: u32) -> TicketId {
    let random = u128::from_be_bytes(entropy);
    let high = mix(random as u64 ^ mix(u64::from(index) + 1));
    let low = mix((random >> 64) as u64 ^ high);
    let millis = at.0.div_euclid(1_000) as u64 & ((1 << 48) - 1);
    let upper = millis << 16 | 0x7000 | high >> 52;
    let lower = 1 << 63 | low >> 2;
    TicketId::from_bytes((u128::from(upper) << 64 | u128::from(lower)).to_be_bytes())
}

/// The finalizer of SplitMix64: a bijection without visible structure.
pub(crate) const fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}
