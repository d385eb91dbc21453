use crate::limits::BEACON_BYTES_MAX;
use crate::{Change, Inventory, LineChange, Rejection, TimeUs};

use super::Decision;

/// How many are shuffled is fixed before the beacon's value can be known: whoever may choose when the line is opened, or
/// who is counted, cannot choose the order.
pub(super) fn decide(
    inventory: &Inventory,
    now: TimeUs,
    round: u32,
    joined: u32,
    beacon_value: Option<&str>,
) -> Decision {
    let line = inventory.line_of(round)?;
    if line.opened.is_some() {
        return Err(Rejection::LineAlreadyOpen);
    }
    if let Some(opens_at) = line.settings.opens_from().filter(|at| now < *at) {
        return Err(Rejection::LineOpensLater { opens_at });
    }
    let is_named = line.settings.beacon.is_some();
    if beacon_value.is_some_and(|value| !is_named || !(1..=BEACON_BYTES_MAX).contains(&value.len())) {
        return Err(Rejection::BeaconInvalid);
    }
    let joined = joined.max(line.calls.joined);
    let shuffled = match line.closed {
        Some(closed) => closed.shuffled,
        // Also when the value is here already: the closing is published by itself, and when it was.
        None if is_named => return Ok(Change::Line(LineChange::PreQueueClosed { joined })),
        None if line.settings.opens_at.is_some() => joined,
        // No pre-queue: first come, first served.
        None => 0,
    };
    if is_named && beacon_value.is_none() {
        return Err(Rejection::BeaconRequired);
    }
    Ok(Change::Line(LineChange::Opened { joined, shuffled, beacon_value: beacon_value.map(str::to_owned) }))
}
