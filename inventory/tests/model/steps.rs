//! Random commands. They name things by small numbers, which the pair reads as what is there when it gets to them: the
//! same step stays meaningful when the steps before it are shrunk away.

use inventory::{AccessCodeSpec, Direction, DiscountCodeSpec, Policy, PolicyPatch, TierPatch, TierSpec};
use proptest::option;
use proptest::prelude::*;

use crate::arena::{SECOND_US, access_code, discount_code, policy, tier};
use crate::line::{self, LineAct};
use crate::list::{self, ListAct};
use crate::pair::desk::{self, DeskAct};

#[derive(Clone, Debug)]
pub struct Step {
    /// Passes before the command.
    pub wait_us: i64,
    pub key: Key,
    pub act: Act,
}

#[derive(Clone, Copy, Debug)]
pub enum Key {
    None,
    Fresh,
    /// The whole command that was sent under an earlier key, once more.
    Repeat(u8),
    /// An earlier key, with this command.
    Reused(u8),
}

#[derive(Clone, Copy, Debug)]
pub enum Wish {
    Seat { seat: u8, tier: Option<u8> },
    Area { area: u8, quantity: u32, tier: Option<u8> },
    Best { quantity: u32, tier: Option<u8>, section: Option<u8>, accessible: bool },
}

#[derive(Clone, Copy, Debug)]
pub enum Right {
    Organizer,
    /// Of an event that starts so many seconds after the first step.
    Promise {
        starts_s: i64,
        stranger: bool,
    },
    Cancellation,
}

#[derive(Clone, Debug)]
pub enum Act {
    Expire,
    Place {
        customer: u8,
        wishes: Vec<Wish>,
        codes: Vec<u8>,
        discounts: Vec<u8>,
        old_id: bool,
    },
    Extend {
        hold: u8,
        stranger: bool,
    },
    Release {
        hold: u8,
        stranger: bool,
    },
    Order {
        hold: u8,
        stranger: bool,
        accept_other_seats: bool,
        old_id: bool,
    },
    StartPayment {
        order: u8,
        stranger: bool,
    },
    Settle {
        order: u8,
        payment: u8,
        declined: bool,
        off_minor: i64,
        foreign: bool,
    },
    Cancel {
        order: u8,
        stranger: bool,
    },
    Refund {
        order: u8,
        tickets: Vec<u8>,
        share: u8,
        right: Right,
        wallet: bool,
    },
    Scan {
        ticket: u8,
        nonce: u64,
        behind: i8,
        direction: Direction,
        queued: Option<(i64, bool)>,
        list: Option<(u8, u8)>,
    },
    Undo {
        ticket: u8,
        nonce: u64,
    },
    Void {
        ticket: u8,
    },
    Transfer {
        ticket: u8,
        to: u8,
        stranger: bool,
    },
    Block {
        block: u8,
        withheld: bool,
    },
    Tier(Box<TierSpec>),
    TierPart {
        tier: u8,
        patch: Box<TierPatch>,
    },
    DeleteTier {
        tier: u8,
    },
    AccessCode(Box<AccessCodeSpec>),
    DiscountCode(Box<DiscountCodeSpec>),
    Policy(Box<Policy>),
    PolicyPart(Box<PolicyPatch>),
    Map,
    Publish,
    CancelEvent {
        only_unsold: bool,
    },
    Line(LineAct),
    Desk(DeskAct),
    List(ListAct),
}

pub fn step() -> impl Strategy<Value = Step> {
    step_by(act())
}

/// Where people wait for what is sold out.
pub fn step_of_waiters() -> impl Strategy<Value = Step> {
    step_by(prop_oneof![
        10 => Just(Act::Expire),
        30 => place(),
        36 => selling(),
        6 => owning(),
        6 => organizing(),
        6 => desk::act().prop_map(Act::Desk),
        40 => list::act().prop_map(Act::List),
        6 => option::weighted(0.5, 1..4u32).prop_map(allowing),
    ])
}

/// To a customer in all. Less than what somebody waits for sends him home when his turn comes.
fn allowing(units: Option<u32>) -> Act {
    Act::PolicyPart(Box::new(PolicyPatch { units_per_customer_max: Some(units), ..PolicyPatch::default() }))
}

fn step_by(act: impl Strategy<Value = Act>) -> impl Strategy<Value = Step> {
    let wait_us = prop_oneof![
        80 => 0..SECOND_US,
        20 => SECOND_US..10 * SECOND_US,
        6 => 30 * SECOND_US..120 * SECOND_US,
        2 => Just(6 * 60 * SECOND_US),
        1 => Just(25 * 3_600 * SECOND_US),
    ];
    let key = prop_oneof![
        8 => Just(Key::None),
        12 => Just(Key::Fresh),
        1 => any::<u8>().prop_map(Key::Repeat),
        1 => any::<u8>().prop_map(Key::Reused),
    ];
    (wait_us, key, act).prop_map(|(wait_us, key, act)| Step { wait_us, key, act })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => Just(Act::Expire),
        26 => place(),
        36 => selling(),
        18 => owning(),
        4 => organizing(),
        18 => line::act().prop_map(Act::Line),
        10 => desk::act().prop_map(Act::Desk),
        16 => list::act().prop_map(Act::List),
    ]
}

fn rarely() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.05)
}

pub fn wish() -> impl Strategy<Value = Wish> {
    let tier = || option::weighted(0.3, any::<u8>());
    let quantity = || prop_oneof![90 => 1..5u32, 1 => Just(0), 1 => Just(1_000), 1 => Just(u32::MAX)];
    let best = (quantity(), tier(), option::weighted(0.3, any::<u8>()), prop::bool::weighted(0.25));
    prop_oneof![
        5 => (any::<u8>(), tier()).prop_map(|(seat, tier)| Wish::Seat { seat, tier }),
        2 => (any::<u8>(), quantity(), tier()).prop_map(|(area, quantity, tier)| Wish::Area { area, quantity, tier }),
        4 => best.prop_map(|(quantity, tier, section, accessible)| Wish::Best { quantity, tier, section, accessible }),
    ]
}

fn place() -> impl Strategy<Value = Act> {
    let wishes = prop_oneof![
        120 => prop::collection::vec(wish(), 1..4),
        1 => Just(vec![]),
        1 => prop::collection::vec(wish(), 51..53),
    ];
    let codes = prop::collection::vec(7..12u8, 0..4);
    let discounts = prop_oneof![1 => Just(vec![]), 1 => prop::collection::vec(20..24u8, 1..3)];
    (0..4u8, wishes, codes, discounts, rarely()).prop_map(|(customer, wishes, codes, discounts, old_id)| Act::Place {
        customer,
        wishes,
        codes,
        discounts,
        old_id,
    })
}

fn selling() -> impl Strategy<Value = Act> {
    let id = any::<u8>;
    let settle = (id(), 0..4u8, prop::bool::weighted(0.15), prop_oneof![9 => Just(0i64), 1 => -3..3i64], rarely());
    prop_oneof![
        2 => (id(), rarely()).prop_map(|(hold, stranger)| Act::Extend { hold, stranger }),
        2 => (id(), rarely()).prop_map(|(hold, stranger)| Act::Release { hold, stranger }),
        6 => (id(), rarely(), any::<bool>(), rarely()).prop_map(|(hold, stranger, accept_other_seats, old_id)| {
            Act::Order { hold, stranger, accept_other_seats, old_id }
        }),
        3 => (id(), rarely()).prop_map(|(order, stranger)| Act::StartPayment { order, stranger }),
        9 => settle.prop_map(|(order, payment, declined, off_minor, foreign)| {
            Act::Settle { order, payment, declined, off_minor, foreign }
        }),
        2 => (id(), rarely()).prop_map(|(order, stranger)| Act::Cancel { order, stranger }),
    ]
}

fn owning() -> impl Strategy<Value = Act> {
    let id = any::<u8>;
    let direction = prop_oneof![2 => Just(Direction::Entry), 1 => Just(Direction::Exit)];
    let queued = option::weighted(0.3, (-2 * SECOND_US..60 * SECOND_US, prop::bool::weighted(0.3)));
    let list = option::weighted(0.2, (0..6u8, 0..4u8));
    // Few, so that scans are found again.
    let nonce = prop_oneof![3 => 0..6u64, 1 => 0..40u64];
    let seen = || prop_oneof![2 => 0..3u8, 1 => id()];
    let behind = prop_oneof![8 => Just(0i8), 1 => Just(1), 1 => Just(-1)];
    prop_oneof![
        5 => (id(), prop::collection::vec(id(), 0..4), 0..120u8, right(), any::<bool>()).prop_map(
            |(order, tickets, share, right, wallet)| Act::Refund { order, tickets, share, right, wallet }
        ),
        14 => (seen(), nonce, behind, direction, queued, list).prop_map(|scan| {
            let (ticket, nonce, behind, direction, queued, list) = scan;
            Act::Scan { ticket, nonce, behind, direction, queued, list }
        }),
        8 => (seen(), 0..6u64).prop_map(|(ticket, nonce)| Act::Undo { ticket, nonce }),
        1 => id().prop_map(|ticket| Act::Void { ticket }),
        2 => (id(), 0..4u8, rarely()).prop_map(|(ticket, to, stranger)| Act::Transfer { ticket, to, stranger }),
    ]
}

fn right() -> impl Strategy<Value = Right> {
    prop_oneof![
        4 => Just(Right::Organizer),
        6 => (0..1_200i64, rarely()).prop_map(|(starts_s, stranger)| Right::Promise { starts_s, stranger }),
        1 => Just(Right::Cancellation),
    ]
}

fn organizing() -> impl Strategy<Value = Act> {
    prop_oneof![
        10 => (0..3u8, prop::bool::weighted(0.4)).prop_map(|(block, withheld)| Act::Block { block, withheld }),
        12 => tier().prop_map(|tier| Act::Tier(Box::new(tier))),
        8 => (0..7u8, tier(), any::<[bool; 13]>()).prop_map(|(at, tier, parts)| {
            Act::TierPart { tier: at, patch: Box::new(tier_part(tier, parts)) }
        }),
        4 => (0..7u8).prop_map(|tier| Act::DeleteTier { tier }),
        8 => access_code().prop_map(|code| Act::AccessCode(Box::new(code))),
        8 => discount_code().prop_map(|code| Act::DiscountCode(Box::new(code))),
        6 => policy().prop_map(|policy| Act::Policy(Box::new(policy))),
        6 => (policy(), any::<[bool; 8]>()).prop_map(|(policy, parts)| Act::PolicyPart(Box::new(part(&policy, parts)))),
        1 => Just(Act::Map),
        1 => Just(Act::Publish),
        2 => prop::bool::weighted(0.7).prop_map(|only_unsold| Act::CancelEvent { only_unsold }),
    ]
}

fn tier_part(tier: TierSpec, parts: [bool; 13]) -> TierPatch {
    let [name, price, quota, sale, min, max, per_customer, open, about, position, steps, needs_code, refund] = parts;
    let terms = tier.terms;
    let mut quotas = tier.quotas.into_iter().filter(|_| quota);
    TierPatch {
        name: name.then_some(tier.name),
        price_minor: price.then_some(tier.price_minor),
        quota: quotas.next(),
        quota_gone: quotas.next().map(|gone| gone.id),
        sale: sale.then_some(tier.sale),
        per_order_min: min.then_some(tier.per_order_min),
        per_order_max: max.then_some(tier.per_order_max),
        per_customer_max: per_customer.then_some(tier.per_customer_max),
        open: open.then_some(tier.open),
        description: about.then_some(terms.description),
        position: position.then_some(terms.position),
        price_steps: steps.then_some(terms.price_steps),
        needs_code: needs_code.then_some(terms.needs_code),
        refund: refund.then_some(terms.refund),
    }
}

fn part(policy: &Policy, parts: [bool; 8]) -> PolicyPatch {
    let [sale, ttl, holds, units, per_customer, doors, reentry, entries] = parts;
    PolicyPatch {
        sale: sale.then_some(policy.sale),
        hold_ttl_us: ttl.then_some(policy.hold_ttl_us),
        holds_per_customer_max: holds.then_some(policy.holds_per_customer_max),
        units_per_hold_max: units.then_some(policy.units_per_hold_max),
        units_per_customer_max: per_customer.then_some(policy.units_per_customer_max),
        doors_from: doors.then_some(policy.doors_from),
        reentry: reentry.then_some(policy.reentry),
        entries_max: entries.then_some(policy.entries_max),
    }
}
