use crate::line::Line;
use crate::{Admission, Change, Entry, Inventory, LineChange, Rejection, TimeUs, UserId};

use super::Decision;

/// Whoever is inside already is not asked about here: [`Inventory::repeat`] answers him.
pub(super) fn decide(inventory: &Inventory, now: TimeUs, user: UserId, entry: Entry) -> Decision {
    let line = inventory.active_line()?;
    let admission = match entry {
        Entry::Place { round, number } => by_place(inventory.line_of(round)?, now, number)?,
        Entry::Priority { pass, uses_max, until } => {
            if until <= now {
                return Err(Rejection::PassExpired);
            }
            if !line.passes.is_good(&pass, user, uses_max) {
                return Err(Rejection::PassSpent);
            }
            Admission::Priority { pass, until }
        }
    };
    let until = now.plus_us(line.settings.session_us);
    Ok(Change::Line(LineChange::SessionStarted { user, admission, serial: line.sessions.serial + 1, until }))
}

fn by_place(line: &Line, now: TimeUs, number: u32) -> Result<Admission, Rejection> {
    let rank = line.rank(number).ok_or(Rejection::LineNotOpen)?;
    let called = line.calls.called;
    if rank >= called && !line.calls.gone.contains(&rank) {
        return Err(Rejection::PlaceNotCalled { rank, called });
    }
    if rank >= called || !line.calls.is_expected(now, rank) {
        return Err(Rejection::PlaceLapsed);
    }
    Ok(Admission::Place { number, rank })
}
