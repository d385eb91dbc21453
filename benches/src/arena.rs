//! A published event of a given number of seats, in sections of 20 rows of 50, and one standing area.

use inventory::{
    Change, Currency, EventId, Inventory, Lsn, Origin, Policy, QuotaSpec, Record, RowSpec, SeatMapSpec, SeatSpec,
    SectionKind, SectionSpec, TierId, TierSpec, TimeUs, limits,
};

pub const NOW: TimeUs = TimeUs(1_800_000_000_000_000);
pub const STANDING: u32 = 1_000_000;

const SEATS_PER_ROW: u32 = 50;
const ROWS_PER_SECTION: u32 = 20;

pub fn event() -> EventId {
    EventId::from_bytes([7; 16])
}

pub fn seat_map(seats: u32) -> SeatMapSpec {
    let per_section = SEATS_PER_ROW * ROWS_PER_SECTION;
    let mut sections: Vec<SectionSpec> = (0..seats.div_ceil(per_section))
        .map(|section| {
            let left = seats - section * per_section;
            SectionSpec {
                id: format!("S{section}"),
                name: format!("Section {section}"),
                position: ((section as i32 % 10 - 5) * 3_000, 1_000 + section as i32 / 10 * 2_500),
                block: None,
                kind: SectionKind::Rows(rows(left.min(per_section))),
            }
        })
        .collect();
    sections.push(SectionSpec {
        id: "standing".into(),
        name: "Standing".into(),
        position: (0, 0),
        block: None,
        kind: SectionKind::Area { capacity: STANDING, category: None },
    });
    SeatMapSpec { sections, focal_point: (0, 0) }
}

fn rows(seats: u32) -> Vec<RowSpec> {
    (0..seats.div_ceil(SEATS_PER_ROW))
        .map(|row| RowSpec {
            id: row.to_string(),
            seats: (0..SEATS_PER_ROW.min(seats - row * SEATS_PER_ROW))
                .map(|number| {
                    Some(SeatSpec {
                        number: (number + 1).to_string(),
                        category: None,
                        accessible: false,
                        companion: false,
                        block: None,
                    })
                })
                .collect(),
        })
        .collect()
}

/// Prices every seat and area alike, under one quota, as a plain on-sale does.
pub fn tier() -> TierSpec {
    TierSpec {
        quotas: vec![QuotaSpec { id: "house".into(), limit: 2_000_000 }],
        ..TierSpec::new(TierId::from_bytes([1; 16]), "Full price".into(), 4_500)
    }
}

pub fn currency() -> Currency {
    Currency::new("EUR").expect("a currency code")
}

pub fn policy() -> Policy {
    Policy { holds_per_customer_max: limits::HOLDS_PER_CUSTOMER_MAX, ..Policy::new(currency()) }
}

/// The changes that set the event up, in order.
pub fn opening(seats: u32) -> Vec<Change> {
    vec![
        Change::PolicySet(Box::new(policy())),
        Change::SeatMapSet(Box::new(seat_map(seats))),
        Change::TierSet(Box::new(tier())),
        Change::Published,
    ]
}

pub fn published(seats: u32) -> Inventory {
    let mut inventory = Inventory::new(event());
    for change in opening(seats) {
        let record = Record { lsn: inventory.lsn().next(), at: NOW, origin: Origin::ENGINE, change };
        inventory.apply(&record);
    }
    inventory
}

/// The first LSN after [`opening`].
pub const FIRST_SALE_LSN: Lsn = Lsn(5);
