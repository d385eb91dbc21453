use crate::line::PLACE;
use crate::{CallLimit, Change, Inventory, LineChange, Rejection, TimeUs};

use super::Decision;

pub(super) fn decide(inventory: &Inventory, now: TimeUs, round: u32, joined: u32, rate_per_min: u32) -> Decision {
    let line = inventory.line_of(round)?;
    if line.opened.is_none() {
        return Err(Rejection::LineNotOpen);
    }
    let nobody = |limited_by| Err(Rejection::NobodyToCall { limited_by });
    if line.settings.paused {
        return nobody(CallLimit::Paused);
    }
    let joined = joined.max(line.calls.joined);
    if joined == line.calls.called {
        return nobody(CallLimit::Demand);
    }
    let rate_per_min = rate_per_min.min(line.settings.rate_per_min);
    let credit = line.calls.credit(now, rate_per_min);
    let affordable = u32::try_from(credit / PLACE).unwrap_or(u32::MAX);
    let slots = line.slots(now);
    let reach = line.calls.reach(affordable.min(slots), joined);
    // Ranks that were given up are passed over even when nobody may come.
    if reach.called == line.calls.called {
        return nobody(if affordable == 0 { CallLimit::Rate } else { CallLimit::Shoppers });
    }
    Ok(Change::Line(LineChange::PlacesCalled {
        joined,
        called: reach.called,
        rate_per_min,
        carry: credit - u64::from(reach.waiting) * PLACE,
        until: line.calls.due(now, line.settings.claim_within_us),
    }))
}
