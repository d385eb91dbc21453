//! The waitlist in the model: random commands for it.

use inventory::{AreaIx, Layout, Leaver, SectionIx, TierIx, TimeUs, Verb, WaitlistSettings, Wish, WishedPlace};
use proptest::option;
use proptest::prelude::*;

use crate::arena::{SECOND_US, START_US};
use crate::named::{existing, user};

#[derive(Clone, Copy, Debug)]
pub enum ListAct {
    Set { active: bool, offer_s: i64, closes_s: Option<i64> },
    Join { customer: u8, tier: u8, place: Place, quantity: u32 },
    Quit { customer: u8 },
    Remove { customer: u8 },
    Serve,
    Close,
}

#[derive(Clone, Copy, Debug)]
pub enum Place {
    Area(u8),
    Seats { section: Option<u8>, accessible: bool, apart: bool },
}

/// A list that is on.
pub fn list() -> impl Strategy<Value = ListAct> {
    set(Just(true))
}

fn set(active: impl Strategy<Value = bool>) -> impl Strategy<Value = ListAct> {
    let offer = prop_oneof![20 => 300..900i64, 1 => Just(299)];
    let closes = prop_oneof![3 => Just(None), 1 => (0..2_000i64).prop_map(Some)];
    (active, offer, closes).prop_map(|(active, offer_s, closes_s)| ListAct::Set { active, offer_s, closes_s })
}

pub fn act() -> impl Strategy<Value = ListAct> {
    let seats = (option::weighted(0.3, any::<u8>()), prop::bool::weighted(0.2), any::<bool>())
        .prop_map(|(section, accessible, apart)| Place::Seats { section, accessible, apart });
    let place = prop_oneof![1 => any::<u8>().prop_map(Place::Area), 3 => seats];
    let quantity = prop_oneof![30 => 1..5u32, 20 => 4..11u32, 1 => Just(0), 1 => Just(u32::MAX)];
    prop_oneof![
        2 => set(prop::bool::weighted(0.8)),
        16 => (0..4u8, any::<u8>(), place, quantity).prop_map(|(customer, tier, place, quantity)| {
            ListAct::Join { customer, tier, place, quantity }
        }),
        2 => (0..4u8).prop_map(|customer| ListAct::Quit { customer }),
        1 => (0..4u8).prop_map(|customer| ListAct::Remove { customer }),
        8 => Just(ListAct::Serve),
        2 => Just(ListAct::Close),
    ]
}

pub fn verb(act: &ListAct, layout: &Layout) -> Verb {
    match *act {
        ListAct::Set { active, offer_s, closes_s } => Verb::SetWaitlist(WaitlistSettings {
            active,
            offer_us: offer_s * SECOND_US,
            closes_at: closes_s.map(|second| TimeUs(START_US + second * SECOND_US)),
        }),
        ListAct::Join { customer, tier, place, quantity } => {
            let place = match place {
                Place::Area(area) => WishedPlace::Area(AreaIx(existing(area, layout.area_count()) as u16)),
                Place::Seats { section, accessible, apart } => WishedPlace::Seats {
                    section: section.map(|section| SectionIx(existing(section, layout.section_count()) as u16)),
                    accessible,
                    apart,
                },
            };
            let tier = TierIx(existing(tier, layout.tiers().len()) as u8);
            Verb::JoinWaitlist { customer: user(customer), wish: Wish { tier, place, quantity } }
        }
        ListAct::Quit { customer } => Verb::LeaveWaitlist(Leaver::Customer(user(customer))),
        ListAct::Remove { customer } => Verb::LeaveWaitlist(Leaver::Removed(user(customer))),
        ListAct::Serve => Verb::ServeWaitlist,
        ListAct::Close => Verb::CloseWaitlist,
    }
}
