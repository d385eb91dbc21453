//! What the small numbers of a step stand for.

use inventory::{Currency, Layout, OrderId, PaymentId, ScanList, SectionIx, TierId, UserId};

pub fn user(number: u8) -> UserId {
    UserId::from_bytes([number + 1; 16])
}

pub fn pick<T>(of: &[T], at: u8) -> &T {
    &of[usize::from(at) % of.len()]
}

/// Mostly one of the `count` that are there, now and then one that is not.
pub fn existing(at: u8, count: usize) -> usize {
    if at == u8::MAX || count == 0 { count } else { usize::from(at) % count }
}

/// One of the last few, mostly.
pub fn recent<T: Copy>(of: &[T], at: u8) -> Option<T> {
    let back = if at < 200 { usize::from(at) % 4 } else { usize::from(at) % of.len().max(1) };
    of.get(of.len().checked_sub(1 + back % of.len().max(1))?).copied()
}

/// Of one tier, of one section, of both, or of all.
pub fn list_of(layout: &Layout, tier: u8, section: u8) -> ScanList {
    let section = usize::from(section).checked_sub(1).filter(|at| *at < layout.section_count());
    ScanList {
        tiers: (tier > 0).then(|| TierId::from_bytes([tier; 16])).into_iter().collect(),
        sections: section.map(|at| layout.section_id(SectionIx(at as u16)).to_owned()).into_iter().collect(),
    }
}

/// The first payment of an order most of the time, so that notices repeat.
pub fn payment_of(order: OrderId, payment: u8) -> PaymentId {
    let mut id = order.bytes();
    id[0] ^= payment / 2;
    PaymentId::from_bytes(id)
}

/// That of no event.
pub fn foreign_currency() -> Currency {
    Currency::new("JPY").expect("three letters")
}

/// Of codes.
pub fn digests(codes: &[u8]) -> Vec<[u8; 16]> {
    codes.iter().map(|code| [*code; 16]).collect()
}
