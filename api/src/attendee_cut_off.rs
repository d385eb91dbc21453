//! Until when holders may name who comes with their tickets: the organizer's word, or until the event starts.

use inventory::TimeUs;
use persistence::{Event, StoreError};

use crate::state::AppState;

/// In minutes.
pub const MAX: u32 = 365 * 24 * 60;

/// Minutes before the event starts, and when that is.
///
/// # Errors
/// The store is not available.
pub async fn of(state: &AppState, event: &Event) -> Result<(u32, TimeUs), StoreError> {
    let minutes_before = state.store.attendee_cut_off(event.id).await?;
    Ok((minutes_before, at(event, minutes_before)))
}

pub fn at(event: &Event, minutes_before: u32) -> TimeUs {
    event.starts_at.plus_us(-i64::from(minutes_before) * 60 * 1_000_000)
}
