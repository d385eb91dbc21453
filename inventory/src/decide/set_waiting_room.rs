use crate::line::Line;
use crate::{Change, Inventory, LineChange, Rejection, RoomSettings, TimeUs};

use super::Decision;

pub(super) fn decide(inventory: &Inventory, now: TimeUs, settings: &RoomSettings, key: [u8; 32]) -> Decision {
    // The room of a cancelled event can still be closed.
    if settings.active {
        inventory.must_not_be_cancelled()?;
    }
    settings.check().map_err(|problem| Rejection::RoomInvalid { problem })?;
    let line = inventory.line.as_deref();
    let is_on = line.is_some_and(|line| line.settings.active);
    if let Some(line) = line.filter(|_| is_on && settings.active) {
        must_not_be_frozen(line, now, settings)?;
    }
    let begins = line.is_none() || (settings.active && !is_on);
    Ok(Change::Line(LineChange::RoomSet { settings: Box::new(settings.clone()), key: begins.then_some(key) }))
}

/// Who has joined under a promise gets what was promised.
fn must_not_be_frozen(line: &Line, now: TimeUs, settings: &RoomSettings) -> Result<(), Rejection> {
    let was = &line.settings;
    let has_begun = was.has_pre_queue(now) || line.closed.is_some() || line.opened.is_some();
    if !has_begun {
        return Ok(());
    }
    if settings.pre_queue_from != was.pre_queue_from {
        return Err(Rejection::RoomFrozen { field: "pre_queue_from" });
    }
    if settings.beacon != was.beacon {
        return Err(Rejection::RoomFrozen { field: "beacon" });
    }
    let is_over = line.closed.is_some() || line.opened.is_some();
    let is_allowed = match (was.opens_at, settings.opens_at) {
        (Some(_), Some(at)) => !is_over && at >= now,
        (None, _) | (_, None) => false,
    };
    if settings.opens_at != was.opens_at && !is_allowed {
        return Err(Rejection::RoomFrozen { field: "opens_at" });
    }
    Ok(())
}
