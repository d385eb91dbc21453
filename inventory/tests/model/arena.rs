//! Random houses: small enough that a few buyers fight for them.

use inventory::{
    AccessCodeSpec, Currency, Discount, DiscountCodeSpec, Policy, PriceStep, QuotaSpec, RefundPolicy, RefundStep,
    RowSpec, SaleWindow, SeatMapSpec, SeatSpec, SectionKind, SectionSpec, TierId, TierSpec, TierTerms, TimeUs,
};
use proptest::option;
use proptest::prelude::*;

use crate::line::{self, LineAct};
use crate::list::{self, ListAct};

/// The clock's first reading.
pub const START_US: i64 = 1_800_000_000_000_000;
pub const SECOND_US: i64 = 1_000_000;

#[derive(Clone, Debug)]
pub struct Arena {
    pub map: SeatMapSpec,
    pub tiers: Vec<TierSpec>,
    pub codes: Vec<AccessCodeSpec>,
    pub discounts: Vec<DiscountCodeSpec>,
    pub policy: Policy,
    pub is_published: bool,
    /// With which the show opens, if it has a waiting room at all.
    pub room: Option<LineAct>,
    /// As its waiting room; and whether those who wait are served at once.
    pub list: Option<(ListAct, bool)>,
}

pub fn arena() -> impl Strategy<Value = Arena> {
    let sections = prop::collection::vec(section(), 1..4);
    let focal_point = (-500..500, -500..500);
    let tiers = prop::collection::vec(tier(), 1..5);
    let codes = prop::collection::vec(access_code(), 0..4);
    let discounts = prop::collection::vec(discount_code(), 0..6);
    let list = option::weighted(0.6, (list::list(), any::<bool>()));
    let others = (prop::bool::weighted(0.97), option::weighted(0.3, line::room()), codes, discounts, list);
    (sections, focal_point, tiers, policy(), others).prop_map(
        |(mut sections, focal_point, mut tiers, policy, (is_published, room, codes, discounts, list))| {
            for (section, id) in sections.iter_mut().zip(SECTIONS) {
                section.id = id.into();
            }
            for (at, tier) in (1..).zip(&mut tiers) {
                tier.id = TierId::from_bytes([at; 16]);
                tier.sections.retain(|id| sections.iter().any(|section| section.id == *id));
            }
            let map = SeatMapSpec { sections, focal_point };
            Arena { map, tiers, codes, discounts, policy, is_published, room, list }
        },
    )
}

/// On sale to everybody, with few places and a waitlist.
pub fn small_house() -> impl Strategy<Value = Arena> {
    let per_customer = option::weighted(0.7, 4..10u32);
    (arena(), list::list(), any::<bool>(), per_customer).prop_map(|(mut arena, list, is_served, per_customer)| {
        arena.map.sections.truncate(2);
        arena.tiers.truncate(2);
        for tier in &mut arena.tiers {
            tier.sections.clear();
            tier.categories.clear();
            tier.access_code = None;
            tier.terms.needs_code = false;
            tier.sale = SaleWindow::ALWAYS;
            tier.open = true;
        }
        arena.policy.sale = SaleWindow::ALWAYS;
        arena.policy.units_per_customer_max = per_customer;
        Arena { is_published: true, room: None, list: Some((list, is_served)), ..arena }
    })
}

const SECTIONS: [&str; 3] = ["A", "B", "C"];

fn section() -> impl Strategy<Value = SectionSpec> {
    let rows = prop::collection::vec(row(), 1..4).prop_map(|mut rows| {
        for (at, row) in (1..).zip(&mut rows) {
            row.id = format!("{at}");
        }
        SectionKind::Rows(rows)
    });
    let area = (1..15u32, category()).prop_map(|(capacity, category)| SectionKind::Area { capacity, category });
    let kind = prop_oneof![3 => rows, 1 => area];
    ((-1_000..1_000, -1_000..1_000), block(), kind).prop_map(|(position, block, kind)| SectionSpec {
        id: String::new(),
        name: "part".into(),
        position,
        block,
        kind,
    })
}

fn row() -> impl Strategy<Value = RowSpec> {
    let seat = (category(), prop::bool::weighted(0.12), prop::bool::weighted(0.12), block()).prop_map(
        |(category, accessible, companion, block)| SeatSpec {
            number: String::new(),
            category,
            accessible,
            companion: companion && !accessible,
            block,
        },
    );
    prop::collection::vec(option::weighted(0.9, seat), 1..12).prop_map(|mut seats| {
        if seats.iter().all(Option::is_none) {
            let (number, category, block) = (String::new(), None, None);
            seats[0] = Some(SeatSpec { number, category, accessible: false, companion: false, block });
        }
        for (at, seat) in (1..).zip(&mut seats) {
            if let Some(seat) = seat {
                seat.number = format!("{at}");
            }
        }
        RowSpec { id: String::new(), seats }
    })
}

fn category() -> impl Strategy<Value = Option<String>> {
    prop_oneof![6 => Just(None), 2 => Just(Some("gold".to_owned())), 1 => Just(Some("tin".to_owned()))]
}

fn block() -> impl Strategy<Value = Option<String>> {
    prop_oneof![8 => Just(None), 1 => Just(Some("press".to_owned())), 1 => Just(Some("fans".to_owned()))]
}

fn window(some_in_ten: u32) -> impl Strategy<Value = SaleWindow> {
    let time = |from: i64, to: i64| (from..to).prop_map(|second| TimeUs(START_US + second * SECOND_US));
    let some = (option::weighted(0.5, time(-10, 60)), option::weighted(0.5, time(60, 3_000)));
    prop_oneof![
        10 - some_in_ten => Just(SaleWindow::ALWAYS),
        some_in_ten => some.prop_map(|(from, until)| SaleWindow { from, until }),
    ]
}

/// With the id of any tier of an arena, and now and then not valid.
pub fn tier() -> impl Strategy<Value = TierSpec> {
    let cover = (
        prop::sample::subsequence(SECTIONS.to_vec(), 0..3),
        prop_oneof![12 => Just(vec![]), 1 => Just(vec!["gold".to_owned()]), 1 => Just(vec!["tin".to_owned()])],
        prop::collection::vec(quota(), 0..3),
        window(1),
    );
    let limits = (
        prop_oneof![30 => Just(1u32), 3 => Just(2), 1 => Just(0)],
        prop_oneof![6 => 4..12u32, 1 => 1..4u32],
        option::weighted(0.2, 2..16u32),
        option::weighted(0.1, Just([7; 16])),
        prop::bool::weighted(0.93),
        terms(),
    );
    let price = prop_oneof![4 => Just(0i64), 40 => 1..9_000i64, 1 => Just(-1)];
    (1..6u8, price, cover, limits).prop_map(|(id, price_minor, (sections, categories, quotas, sale), limits)| {
        let (per_order_min, per_order_max, per_customer_max, access_code, open, terms) = limits;
        TierSpec {
            id: TierId::from_bytes([id; 16]),
            name: "tier".into(),
            price_minor,
            sections: sections.into_iter().map(str::to_owned).collect(),
            categories,
            quotas,
            sale,
            per_order_min,
            per_order_max,
            per_customer_max,
            access_code,
            open,
            terms,
        }
    })
}

fn terms() -> impl Strategy<Value = TierTerms> {
    let steps = prop_oneof![
        5 => Just(vec![]),
        3 => prop::collection::vec(price_step(), 1..4),
    ];
    (steps, prop::bool::weighted(0.15), option::weighted(0.5, refund()), 0..3u16).prop_map(
        |(price_steps, needs_code, refund, position)| TierTerms {
            position,
            price_steps,
            needs_code,
            refund,
            ..TierTerms::PLAIN
        },
    )
}

/// Mostly by steps that end later and later, and now and then not valid.
fn refund() -> impl Strategy<Value = RefundPolicy> {
    let step = (prop_oneof![60 => 0..600i64, 1 => Just(-1)], prop_oneof![60 => 0..=100u8, 1 => Just(101)])
        .prop_map(|(second, percent)| RefundStep { before_us: second * SECOND_US, percent });
    let steps = (prop::collection::vec(step, 0..4), prop::bool::weighted(0.97)).prop_map(|(mut steps, is_sorted)| {
        if is_sorted {
            steps.sort_by_key(|step| std::cmp::Reverse(step.before_us));
        }
        steps
    });
    let until = option::weighted(0.2, (0..600i64).prop_map(|second| TimeUs(START_US + second * SECOND_US)));
    (prop::bool::weighted(0.9), 0..102u8, until, steps).prop_map(|(refundable, percent, until, steps)| RefundPolicy {
        refundable,
        percent,
        until,
        steps,
    })
}

fn price_step() -> impl Strategy<Value = PriceStep> {
    let price = prop_oneof![60 => (1..40i64).prop_map(|price| price * 100), 1 => Just(-1)];
    let until = (0..400i64).prop_map(|second| TimeUs(START_US + second * SECOND_US));
    (price, option::weighted(0.4, until), option::weighted(0.8, 0..9u32))
        .prop_map(|(price_minor, until, first)| PriceStep { price_minor, until, first })
}

/// With the digest of one of three codes.
pub fn access_code() -> impl Strategy<Value = AccessCodeSpec> {
    let tiers = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(1..6u8, 1..3)];
    let label = prop_oneof![20 => Just("code"), 1 => Just("")];
    (8..11u8, label, tiers, option::weighted(0.7, 0..12u32), window(1), prop::bool::weighted(0.9)).prop_map(
        |(digest, label, tiers, units_max, window, open)| AccessCodeSpec {
            digest: [digest; 16],
            label: label.into(),
            tiers: tiers.into_iter().map(|id| TierId::from_bytes([id; 16])).collect(),
            units_max,
            window,
            open,
        },
    )
}

/// With the digest of one of three codes.
pub fn discount_code() -> impl Strategy<Value = DiscountCodeSpec> {
    let discount = prop_oneof![
        20 => (1..10_000u16).prop_map(|basis_points| Discount::Percent { basis_points }),
        1 => Just(Discount::Percent { basis_points: 10_001 }),
        10 => (1..5_000i64).prop_map(|minor| Discount::Amount { minor }),
        10 => (0..40i64).prop_map(|price| Discount::Fixed { minor: price * 100 }),
    ];
    let tiers = prop_oneof![3 => Just(vec![]), 1 => prop::collection::vec(1..6u8, 1..3)];
    let limits = (
        option::weighted(0.4, 0..6u32),
        option::weighted(0.4, 0..12u32),
        option::weighted(0.8, prop_oneof![3 => Just(1u32), 1 => 1..3u32]),
    );
    (20..23u8, discount, tiers, limits, window(4), prop::bool::weighted(0.95)).prop_map(
        |(digest, discount, tiers, (uses_max, units_max, per_customer_max), window, open)| DiscountCodeSpec {
            digest: [digest; 16],
            label: "cheap".into(),
            discount,
            tiers: tiers.into_iter().map(|id| TierId::from_bytes([id; 16])).collect(),
            uses_max,
            units_max,
            per_customer_max,
            window,
            open,
        },
    )
}

fn quota() -> impl Strategy<Value = QuotaSpec> {
    ((0..3u8), 0..20u32).prop_map(|(id, limit)| QuotaSpec { id: format!("q{id}"), limit })
}

pub fn policy() -> impl Strategy<Value = Policy> {
    let limits = (2..9u32, prop_oneof![4 => 6..14u32, 1 => 1..6u32], option::weighted(0.2, 4..30u32));
    let doors_from = option::weighted(0.25, (0..900i64).prop_map(|second| TimeUs(START_US + second * SECOND_US)));
    let entries_max = option::weighted(0.5, prop_oneof![20 => 1..3u32, 1 => Just(0)]);
    let currency = prop_oneof![9 => Just("EUR"), 1 => Just("USD")];
    let ttl =
        prop_oneof![18 => 5 * SECOND_US..90 * SECOND_US, 4 => 20 * 60 * SECOND_US..30 * 60 * SECOND_US, 1 => Just(1)];
    (currency, window(1), ttl, limits, doors_from, prop::bool::weighted(0.7), entries_max).prop_map(
        |(currency, sale, hold_ttl_us, (holds, units, per_customer), doors_from, reentry, entries_max)| Policy {
            currency: Currency::new(currency).expect("three letters"),
            sale,
            hold_ttl_us,
            holds_per_customer_max: holds,
            units_per_hold_max: units,
            units_per_customer_max: per_customer,
            doors_from,
            reentry,
            entries_max,
        },
    )
}
