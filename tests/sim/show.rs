//! The two shows of a run: small, so that buyers collide.

use inventory::{
    Command, Currency, EventId, Origin, Policy, QuotaSpec, RowSpec, SeatMapSpec, SeatSpec, SectionKind, SectionSpec,
    TierId, TierSpec, Verb,
};

use crate::rng::Rng;

pub const EVENTS: [EventId; 2] = [EventId::from_bytes([1; 16]), EventId::from_bytes([2; 16])];
pub const CURRENCY: &str = "EUR";
/// Reserved seats of every show: three rows of eight, with an aisle.
pub const SEATS: u32 = 24;
pub const AREA_CAPACITY: u32 = 16;
pub const PRICES_MINOR: [i64; 2] = [4_500, 2_000];
pub const HOLD_TTL_MIN_MS: u64 = 1_500;
pub const HOLD_TTL_MAX_MS: u64 = 6_000;

pub fn currency() -> Currency {
    Currency::new(CURRENCY).expect("three letters")
}

/// What opens a show for sale.
pub fn opening(rng: &mut Rng) -> Vec<Command> {
    let hold_ttl_us = rng.between(HOLD_TTL_MIN_MS, HOLD_TTL_MAX_MS) as i64 * 1_000;
    let policy = Policy {
        hold_ttl_us,
        holds_per_customer_max: 6,
        units_per_hold_max: 8,
        reentry: rng.percent(50),
        ..Policy::new(currency())
    };
    let quota = QuotaSpec { id: "house".into(), limit: SEATS + AREA_CAPACITY - rng.below(12) as u32 };
    let tier = |id: u8, sections: &[&str]| TierSpec {
        sections: sections.iter().map(|&section| section.to_owned()).collect(),
        quotas: vec![quota.clone()],
        per_order_max: 8,
        ..TierSpec::new(TierId::from_bytes([id; 16]), format!("tier {id}"), PRICES_MINOR[usize::from(id) - 1])
    };
    [
        Verb::SetPolicy(Box::new(policy)),
        Verb::SetSeatMap(Box::new(map())),
        Verb::SetTier(Box::new(tier(1, &["A"]))),
        Verb::SetTier(Box::new(tier(2, &["F"]))),
        Verb::Publish,
    ]
    .map(|verb| Command { origin: Origin::ENGINE, verb })
    .to_vec()
}

fn map() -> SeatMapSpec {
    let seat = |number: usize| SeatSpec {
        number: number.to_string(),
        category: None,
        accessible: false,
        companion: false,
        block: None,
    };
    let row = |id: usize| RowSpec {
        id: id.to_string(),
        seats: (1..=9).map(|number| if number == 5 { None } else { Some(seat(number)) }).collect(),
    };
    let section = |id: &str, kind: SectionKind| SectionSpec {
        id: id.to_owned(),
        name: id.to_owned(),
        position: (0, 0),
        block: None,
        kind,
    };
    let rows = SectionKind::Rows((1..=3).map(row).collect());
    let area = SectionKind::Area { capacity: AREA_CAPACITY, category: None };
    SeatMapSpec { sections: vec![section("A", rows), section("F", area)], focal_point: (0, 0) }
}
