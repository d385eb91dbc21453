//! The judge of a watched booking.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::Relaxed;

use wire::Availability;

use super::Run;
use super::tally::{Phase, Shard};
use super::watcher::Role;
use crate::audit::Check;

/// Of deltas per second and socket while seats change faster than that. 5 % are the seconds at the ends.
const DELTAS_PER_S_MIN: f64 = 4.0 * 0.95;
/// Below, some periods have no change to tell of.
const BUSY_SEATS_PER_S: f64 = 200.0;

/// While the sockets are open.
pub(super) fn of_sockets(run: &Run<'_>, now: &Availability) -> Vec<Check> {
    let seen = run.crowd.tally.sum();
    vec![
        all_are_open(run),
        nothing_is_missed(&seen),
        nothing_is_early(&seen),
        frames_are_true(run),
        screens_show_the_truth(run, now),
        deltas_are_frequent(run, &seen),
        the_stalled_are_closed(run, &seen),
        nobody_else_is_closed(&seen),
    ]
}

fn all_are_open(run: &Run<'_>) -> Check {
    let mut check = Check::new("every socket is open at the end");
    let (open, wanted) = (run.crowd.tally.open.load(Relaxed), run.watchers.len() as u64);
    check.looked_at = wanted.saturating_sub(1);
    check.expect(open == wanted, || format!("{open} of {wanted}"));
    check
}

fn nothing_is_missed(seen: &Shard) -> Check {
    let mut check = Check::new("every delta follows the state before it: no gap, never backwards");
    let deltas: u64 = seen.seconds.iter().map(|second| second.deltas).sum();
    check.expect(seen.gaps == 0, || format!("{} deltas after a gap", seen.gaps));
    check.expect(seen.backwards == 0, || format!("{} frames older than what was there", seen.backwards));
    check.expect(deltas > 0 || seen.seconds.is_empty(), || "no delta came".to_owned());
    check.looked_at = deltas;
    check
}

fn nothing_is_early(seen: &Shard) -> Check {
    // That nothing is told before it is durable cannot be seen from outside: the date is the server's word, given when it
    // hears of the commit. It is the engine's tests that hold it.
    let mut check = Check::new("no delta is dated after its arrival");
    check.expect(seen.early == 0, || format!("{} deltas are dated after their arrival", seen.early));
    check.looked_at = seen.seconds.iter().map(|second| second.deltas).sum();
    check
}

fn frames_are_true(run: &Run<'_>) -> Check {
    let mut check = Check::new("frames read in full are whole, and their counts add up");
    for watcher in &run.watchers {
        let Role::Sampled(board) = &watcher.role else { continue };
        let board = board.lock().unwrap_or_else(PoisonError::into_inner);
        check.expect(board.faults.is_empty(), || format!("socket {}: {}", watcher.number, board.faults.join("; ")));
    }
    check
}

/// I9 as a client can see it.
fn screens_show_the_truth(run: &Run<'_>, now: &Availability) -> Check {
    let mut check = Check::new("when all is quiet, snapshot and deltas make the state that the server answers with");
    for watcher in run.watchers.iter().filter(|one| matches!(one.role, Role::Sampled(_))) {
        let difference = watcher.difference(now);
        check.expect(difference.is_none(), || {
            format!("socket {}: {}", watcher.number, difference.clone().unwrap_or_default())
        });
    }
    check
}

fn deltas_are_frequent(run: &Run<'_>, seen: &Shard) -> Check {
    let mut check = Check::new("while seats change, each socket gets at least 4 deltas per second");
    let Some(watched) = run.bookings.iter().find(|line| line.phase == "watched") else { return check };
    if watched.seats_per_s >= BUSY_SEATS_PER_S && !run.watchers.is_empty() {
        let rate = seen.delivery(Phase::Booking).len() as f64 / watched.took_s / run.watchers.len() as f64;
        check.expect(rate >= DELTAS_PER_S_MIN, || format!("{rate:.2} per second"));
        check.looked_at = seen.delivery(Phase::Booking).len();
    }
    check
}

fn the_stalled_are_closed(run: &Run<'_>, seen: &Shard) -> Check {
    let within = run.stalled_for().as_secs_f64();
    let mut check = Check::new(&format!("a socket that does not read is closed within {within:.0} s"));
    check.expect(seen.stalled_open == 0, || format!("{} are still open", seen.stalled_open));
    check.looked_at = seen.stalled_open + seen.stalled_closed;
    check
}

fn nobody_else_is_closed(seen: &Shard) -> Check {
    let mut check = Check::new("the server closes no socket that reads");
    for (reason, count) in seen.closes.iter().filter(|(reason, _)| *reason != "closed while stalled") {
        check.expect(false, || format!("{count} by {reason}"));
    }
    check.looked_at = seen.first.len();
    check
}

pub(super) fn bookings_are_answered(run: &Run<'_>) -> Check {
    let mut check = Check::new("every booking is answered as the contract says, and none refused");
    for line in &run.bookings {
        check.looked_at += line.holds + line.releases;
        check.expect(line.refused + line.unsent == 0, || {
            format!("{}: {} refused, {} unsent", line.phase, line.refused, line.unsent)
        });
        check.expect(line.holds > 0, || format!("{}: no hold", line.phase));
        line.violations.iter().for_each(|violation| check.expect(false, || violation.clone()));
    }
    check
}
