//! The judge of a waiting room. Its tests plant what each check is there to find.

use std::collections::BTreeSet;
use std::time::Instant;

use super::proof::{self, Order};
use super::record::Record;
use super::squat::most_at_once;
use super::waiter::{End, Told};
use crate::audit::Check;

/// Of what was sold, to those who are not bots.
const HONEST_SHARE_MIN: f64 = 0.9;
/// Purchases per second in a storm, against those before the first.
const STORM_SHARE_MIN: f64 = 0.9;
/// With fewer before the first storm, the comparison says nothing.
pub const PURCHASES_MIN: u64 = 100;
/// Of the house, bought at the end: so little is left that somebody may rightly have been told that nothing is. What
/// others held at that moment may have come back.
const SOLD_OUT_SHARE: f64 = 0.9;
/// Of a stretch that the rate is measured over.
pub const STRETCH_S_MIN: f64 = 10.0;
const RATE_ERROR_MAX: f64 = 0.01;
/// Between a call and the frame that tells of it.
const FRAME_DELAY_S: f64 = 0.3;
/// What may be called at once after a pause.
const BURST_S: f64 = 1.0;
/// A number that is shown may be older than those who have left since.
const SHOPPERS_SLACK: u32 = 1;

pub fn judge(record: &Record) -> Vec<Check> {
    vec![
        everybody_has_one_place(record),
        a_restart_keeps_places(record),
        numbers_follow_arrival(record),
        ranks_are_as_proven(record),
        nobody_is_let_in_before_another(record),
        the_called_get_in(record),
        sockets_tell_the_turn(record),
        calls_keep_to_the_rate(record),
        the_rate_is_used(record),
        shoppers_are_few_enough(record),
        promises_are_kept(record),
        nobody_gets_past(record),
        hoarders_keep_to_the_limit(record),
        honest_buyers_get_theirs(record),
        squatters_hold_little_and_not_for_long(record),
        storms_stop_no_purchase(record),
    ]
}

fn everybody_has_one_place(record: &Record) -> Check {
    let mut check = Check::new("every account that joined has one number, and no two the same");
    let mut numbers: BTreeSet<u32> = record.places_of_bots.iter().copied().collect();
    for waited in &record.waiters {
        match waited.seen.number {
            Some(number) => check.expect(numbers.insert(number), || format!("number {number} was given twice")),
            None => check.expect(false, || format!("waiter {} has no number", waited.index)),
        }
    }
    check
}

fn a_restart_keeps_places(record: &Record) -> Check {
    let mut check = Check::new("a restart keeps every place");
    if let Some(restart) = &record.restart {
        check.expect(restart.lost == 0, || format!("{} of {} are lost", restart.lost, restart.places));
        check.expect(restart.changed == 0, || format!("{} have another number", restart.changed));
        check.expect(restart.doubled == 0, || format!("{} have the number of another", restart.doubled));
        check.looked_at = restart.places;
    }
    check
}

/// Whoever joined after another had his answer has the higher number.
fn numbers_follow_arrival(record: &Record) -> Check {
    let mut check = Check::new("numbers follow the order of arrival");
    let mut moments: Vec<(Instant, bool, u32)> = Vec::new();
    for seen in record.waiters.iter().map(|waited| &waited.seen) {
        if let (Some((asked, answered)), Some(number)) = (seen.joined, seen.number) {
            moments.extend([(asked, false, number), (answered, true, number)]);
        }
    }
    for (number, highest_before) in sweep(moments) {
        check.expect(highest_before.is_none_or(|before| before < number), || {
            format!("number {number} was given after {}", highest_before.unwrap_or_default())
        });
    }
    check
}

/// For each moment of asking, the highest value that had been answered by then. `bool`: whether it is an answer.
fn sweep(mut moments: Vec<(Instant, bool, u32)>) -> Vec<(u32, Option<u32>)> {
    moments.sort_unstable();
    let mut highest = None;
    let mut found = Vec::new();
    for (_, is_answer, value) in moments {
        if is_answer {
            highest = highest.max(Some(value));
        } else {
            found.push((value, highest));
        }
    }
    found
}

fn ranks_are_as_proven(record: &Record) -> Check {
    let mut check = Check::new("every rank is the one that follows from the published proof");
    let (before, after) = &record.proofs;
    match proof::check_commitment(before, after) {
        Ok(()) => check.expect(true, String::new),
        Err(error) => check.expect(false, || format!("{error:#}")),
    }
    let order = match Order::of(after) {
        Ok(order) => order,
        Err(error) => {
            check.expect(false, || format!("{error:#}"));
            return check;
        }
    };
    let mut ranks = BTreeSet::new();
    for waited in &record.waiters {
        let (Some(number), Some(rank)) = (waited.seen.number, waited.seen.rank) else { continue };
        let proven = order.rank(number);
        check.expect(rank == proven, || format!("number {number} has rank {rank}, and {proven} by the proof"));
        check.expect(ranks.insert(rank), || format!("rank {rank} twice"));
        let is_shuffled = after.opened.as_ref().is_some_and(|opened| number < opened.shuffled);
        check.expect(is_shuffled == waited.is_early, || {
            format!("waiter {} with number {number} came early: {}", waited.index, waited.is_early)
        });
    }
    check
}

/// An inversion: told to wait after somebody behind him was known to be inside.
pub fn nobody_is_let_in_before_another(record: &Record) -> Check {
    let mut check = Check::new("no inversion: nobody waits while a later rank is inside");
    let moment = |told: &Told| (if told.is_admitted { told.answered } else { told.asked }, told.is_admitted, told.rank);
    for (rank, highest_inside) in sweep(record.log.told.iter().map(moment).collect()) {
        check.expect(highest_inside.is_none_or(|inside| inside < rank), || {
            format!("rank {rank} waits and {} is inside", highest_inside.unwrap_or_default())
        });
    }
    check
}

fn the_called_get_in(record: &Record) -> Check {
    let mut check = Check::new("whoever is called and comes is let in, and buys if he wants to and places are left");
    let is_sold_out = record.units_bought() as f64 >= f64::from(record.capacity) * SOLD_OUT_SHARE;
    for waited in &record.waiters {
        let Some(end) = waited.seen.end else { continue };
        let is_due = matches!(end, End::Bought | End::Left) || end == End::SoldOut && is_sold_out;
        check.expect(is_due, || format!("waiter {}: {end:?}", waited.index));
    }
    check
}

fn sockets_tell_the_turn(record: &Record) -> Check {
    let mut check = Check::new("who follows his place on a socket is told when it is his turn");
    let (told, untold) = (record.turns_told, record.turns_untold);
    check.expect(untold == 0, || format!("{untold} of {} were not", told + untold));
    check.looked_at = told + untold;
    check
}

fn calls_keep_to_the_rate(record: &Record) -> Check {
    let mut check = Check::new("no more are called than the rate allows, over any time");
    let most = f64::from(record.settings.rate_per_minute.unwrap_or(u32::MAX)) / 60.0;
    let allowed = (most * (BURST_S + FRAME_DELAY_S)).max(1.0) + 1.0;
    // How far the calls are ahead of the rate, against where they were least so.
    let (mut ahead, mut least) = (0.0f64, 0.0f64);
    for pair in record.history.0.windows(2) {
        let rate = f64::from(pair[0].room.rate_per_minute.max(pair[1].room.rate_per_minute)) / 60.0;
        let seconds = (pair[1].at - pair[0].at).as_secs_f64();
        let (was, is) = (pair[0].room.called, pair[1].room.called);
        check.expect(is >= was, || format!("{was} were called, and later {is}"));
        check.expect(rate <= most * 1.001, || format!("{rate:.1} per second where {most:.1} are allowed"));
        ahead += f64::from(is) - f64::from(was) - rate * seconds;
        check.expect(ahead - least <= allowed, || format!("{:.0} more than the rate allows", ahead - least));
        least = least.min(ahead);
    }
    check
}

fn the_rate_is_used(record: &Record) -> Check {
    let mut check = Check::new("where only the rate limits for 10 s and more, it is met within 1 %");
    for stretch in record.history.stretches().iter().filter(|stretch| stretch.seconds >= STRETCH_S_MIN) {
        let per_s = f64::from(stretch.rate_per_minute) / 60.0;
        // Places are called one by one: none more or less than that over the whole stretch.
        let allowed = RATE_ERROR_MAX + 1.0 / (per_s * stretch.seconds);
        check.expect(stretch.error() <= allowed, || {
            format!("{:.1} per second for {:.1} s, where {per_s:.1} are due", stretch.slope_per_s, stretch.seconds)
        });
    }
    check
}

fn shoppers_are_few_enough(record: &Record) -> Check {
    let mut check = Check::new("no more shoppers are inside than may be");
    let most = record.settings.shoppers_max.unwrap_or(u32::MAX).saturating_add(record.priority_shoppers);
    let most = most.saturating_add(SHOPPERS_SLACK);
    for room in record.history.0.iter().map(|pushed| &pushed.room) {
        check.expect(room.shoppers <= most, || format!("{} inside", room.shoppers));
    }
    let seen = record.log.shoppers_max;
    check.expect(seen <= most, || format!("{seen} inside"));
    check
}

fn promises_are_kept(record: &Record) -> Check {
    let mut check = Check::new("in a steady line 9 of 10 promised waits are right to a tenth and 1.5 s");
    let (_, steady) = record.promises();
    let broken: Vec<String> = steady
        .iter()
        .filter(|kept| !kept.is_honest())
        .map(|kept| format!("waiter {}: {:.1} s promised, {:.1} s waited", kept.index, kept.promised_s, kept.actual_s))
        .collect();
    if broken.len() * 10 > steady.len() {
        broken.into_iter().for_each(|what| check.expect(false, || what));
    }
    check.looked_at = steady.len() as u64;
    check
}

fn nobody_gets_past(record: &Record) -> Check {
    let mut check = Check::new("no bot gets past the line");
    for line in &record.bypass {
        check.expect(line.through == 0, || format!("{}: {} of {}", line.what, line.through, line.tries));
    }
    check.looked_at = record.bypass.iter().map(|line| line.tries).sum();
    check
}

fn hoarders_keep_to_the_limit(record: &Record) -> Check {
    let mut check = Check::new("hoarders get no more than their accounts may have, however many bots they are");
    let (hoarders, (_, bots)) = (record.hoarders(), record.shares());
    let most = hoarders * u64::from(record.units_per_customer_max);
    check.expect(bots <= most, || format!("{bots} units to bots of {hoarders} accounts"));
    check.looked_at = bots;
    check
}

fn squatters_hold_little_and_not_for_long(record: &Record) -> Check {
    let mut check = Check::new("who holds and never buys holds no more than his account may, and not past its time");
    let squats = &record.log.squats;
    let most = most_at_once(squats);
    check.expect(most <= record.units_per_customer_max, || format!("{most} units at once by one account"));
    let late = squats.iter().filter(|squat| squat.is_late).count();
    check.expect(late == 0, || format!("{late} of {} holds were alive a second after their end", squats.len()));
    check.looked_at = squats.len() as u64;
    check
}

fn honest_buyers_get_theirs(record: &Record) -> Check {
    let mut check = Check::new("where bots want more than a tenth of what is sold, honest buyers get 9 of 10 units");
    let (honest, bots) = record.shares();
    let wanted = record.units_wanted_by_bots() as f64;
    // Otherwise they could not get more if nothing were in their way.
    if wanted > (1.0 - HONEST_SHARE_MIN) * (honest + bots) as f64 {
        let share = honest as f64 / (honest + bots).max(1) as f64;
        check.expect(share >= HONEST_SHARE_MIN, || format!("{:.1} % to honest buyers", share * 100.0));
        check.looked_at = honest + bots;
    }
    check
}

fn storms_stop_no_purchase(record: &Record) -> Check {
    let mut check = Check::new("purchases go on in a storm at 9 tenths of their rate before the first");
    let compared = record.storm();
    let (baseline, stormy) = (compared.baseline, compared.stormy);
    if baseline.purchases >= PURCHASES_MIN && stormy.seconds > 0.0 {
        check.expect(compared.share() >= STORM_SHARE_MIN, || {
            let (before, in_storms) = (baseline.per_s(baseline.purchases), stormy.per_s(stormy.purchases));
            format!("{in_storms:.0} per second in storms, {before:.0} before, at {:.1} × the load", compared.overload())
        });
        check.looked_at = baseline.purchases + stormy.purchases;
    }
    check
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
