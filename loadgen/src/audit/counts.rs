//! Availability: it adds up, and it says of every place what the purchases say.

use wire::{Availability, OrderStatus};

use super::purchases::units;
use super::{Asked, Check, Found};
use crate::arena::{Arena, states};

pub fn add_up(asked: &Asked, found: &Found) -> Check {
    let mut check = Check::new("free + held + sold + blocked is the capacity");
    for (when, seen) in [("before", &asked.run.before), ("after", &found.after)] {
        let totals = seen.totals;
        let sum = u64::from(totals.free) + u64::from(totals.held) + u64::from(totals.sold) + u64::from(totals.blocked);
        check.expect(sum == u64::from(found.capacity), || format!("{when}: {sum} of {}", found.capacity));
        check.expect(sections(seen) == [totals.free, totals.held, totals.sold, totals.blocked].map(u64::from), || {
            format!("{when}: the sections are {:?}, the totals {totals:?}", sections(seen))
        });
        for section in &seen.sections {
            let Some(rows) = &section.rows else { continue };
            let count = |state: char| rows.iter().flat_map(|row| row.seats.chars()).filter(|one| *one == state).count();
            let seats = [count('f'), count('h'), count('s'), count('b')];
            let counts = [section.free, section.held, section.sold, section.blocked].map(|count| count as usize);
            check.expect(seats == counts, || {
                format!("{when}: section {} is {counts:?}, its seats {seats:?}", section.id)
            });
        }
    }
    check
}

fn sections(seen: &Availability) -> [u64; 4] {
    seen.sections.iter().fold([0; 4], |sum, section| {
        let counts = [section.free, section.held, section.sold, section.blocked].map(u64::from);
        std::array::from_fn(|at| sum[at] + counts[at])
    })
}

pub fn sold_is_what_was_bought(asked: &Asked, found: &Found) -> Check {
    let mut check = Check::new("sold is what was sold before and what this run bought");
    let bought: u32 = found
        .listed
        .values()
        .filter(|(_, order)| order.status == OrderStatus::Paid)
        .map(|(_, order)| units(order))
        .sum();
    let (before, after) = (asked.run.before.totals.sold, found.after.totals.sold);
    let holds = if asked.run.shared { after >= before + bought } else { after == before + bought };
    check.expect(holds, || format!("{after} are sold: {before} before and {bought} in this run"));
    check
}

/// From above only: holds expire on their own. Of no use where others hold as well, or where the generator was killed.
pub fn held_is_what_was_held(asked: &Asked, found: &Found) -> Check {
    let mut check = Check::new("no more is held than this run holds");
    if asked.run.shared || !asked.is_whole {
        return check;
    }
    let bought: std::collections::BTreeSet<_> = asked.paid.values().map(|paid| paid.hold).collect();
    let live = asked.held.iter().filter(|held| !asked.released.contains(&held.hold) && !bought.contains(&held.hold));
    let ours: u32 = live.flat_map(|held| &held.items).map(|item| item.quantity).sum();
    let most = asked.run.before.totals.held + ours + asked.units_unknown;
    let held = found.after.totals.held;
    check.expect(held <= most, || format!("{held} are held, of at most {most}"));
    check
}

pub fn seats_bought_are_sold(found: &Found, arena: &Arena) -> Check {
    let mut check = Check::new("every seat that was bought shows as sold");
    let seen = states(&found.after);
    let paid = found.listed.values().filter(|(_, order)| order.status == OrderStatus::Paid);
    for (id, order) in paid.map(|(_, order)| (order.id, order)) {
        for seat in order.items.iter().filter_map(|item| item.seat.as_deref()) {
            let state = arena.state(&seen, seat);
            check.expect(state == Some('s'), || format!("seat {seat} of order {id} shows as {state:?}"));
        }
    }
    check
}
