use super::super::Stage;
use super::{duration_us, number, positional, time, user, value};
use crate::{Leaver, TierId, Verb, WaitlistSettings, Wish, WishedPlace};

pub(super) fn verb(stage: &Stage, verb: &str, args: &[&str]) -> Verb {
    match verb {
        "waitlist" => Verb::SetWaitlist(settings(args)),
        "join" => Verb::JoinWaitlist { customer: user(args[0]), wish: wish(stage, args) },
        "quit" => Verb::LeaveWaitlist(Leaver::Customer(user(args[0]))),
        "remove" => Verb::LeaveWaitlist(Leaver::Removed(user(args[0]))),
        "serve" => Verb::ServeWaitlist,
        _ => Verb::CloseWaitlist,
    }
}

/// `waitlist offer=1h closes=2d`, `waitlist off`.
fn settings(args: &[&str]) -> WaitlistSettings {
    WaitlistSettings {
        active: !args.contains(&"off"),
        offer_us: value(args, "offer").map_or(3_600_000_000, duration_us),
        closes_at: value(args, "closes").map(time),
    }
}

/// `join ann 3` for three seats together, `in=A` for those of a section, `area=F`, `tier=pit`, `accessible`, `apart`.
fn wish(stage: &Stage, args: &[&str]) -> Wish {
    let layout = stage.inventory.layout();
    let tier = value(args, "tier").unwrap_or("full");
    let mut name = [0; 16];
    name[..tier.len()].copy_from_slice(tier.as_bytes());
    let place = match value(args, "area") {
        Some(area) => WishedPlace::Area(layout.area(area).expect("an area of the map")),
        None => WishedPlace::Seats {
            section: value(args, "in").map(|section| layout.section(section).expect("a section of the map")),
            accessible: args.contains(&"accessible"),
            apart: args.contains(&"apart"),
        },
    };
    let tier = layout.tier(TierId::from_bytes(name)).unwrap_or(crate::TierIx(63));
    Wish { tier, place, quantity: number(positional(args, 1).expect("how many")) }
}
