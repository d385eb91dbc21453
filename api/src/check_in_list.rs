//! Check-in lists: whom a gate lets in.

use inventory::{EventId, ScanList, TierId};
use uuid::Uuid;

use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::state::AppState;
use crate::time;

/// Of one event.
pub const LISTS_MAX: u32 = 100;

pub fn tiers(list: &persistence::CheckInList) -> impl Iterator<Item = Uuid> + '_ {
    // Only ids are ever written.
    list.tiers.split(' ').filter_map(|id| Uuid::try_parse(id).ok())
}

pub fn sections(list: &persistence::CheckInList) -> impl Iterator<Item = &str> {
    list.sections.split(' ').filter(|id| !id.is_empty())
}

/// As the event's rules read it.
pub fn of(list: &persistence::CheckInList) -> ScanList {
    ScanList {
        tiers: tiers(list).map(TierId::from_uuid).collect(),
        sections: sections(list).map(str::to_owned).collect(),
    }
}

pub fn render(list: persistence::CheckInList) -> wire::CheckInList {
    wire::CheckInList {
        id: list.id,
        tiers: tiers(&list).collect(),
        sections: sections(&list).map(str::to_owned).collect(),
        name: list.name,
        gate: list.gate,
        created_at: time::utc(list.created_at),
    }
}

/// The list that a scan is by: the one that the scanner is bound to, or the one that the scan names. `field` is where it
/// does so.
///
/// # Errors
/// There is no such list; the scanner is bound to another one.
pub async fn named(
    state: &AppState,
    caller: Caller,
    event: EventId,
    named: Option<Uuid>,
    field: &str,
) -> Result<Option<persistence::CheckInList>, ApiError> {
    let bound = caller.scanner.and_then(|scanner| scanner.list);
    if let (Some(bound), Some(named)) = (bound, named)
        && bound != named
    {
        return Err(ApiError::invalid(field, "NOT_ALLOWED", "the scanner is bound to another list"));
    }
    let Some(id) = bound.or(named) else { return Ok(None) };
    let found = state.store.check_in_list_find(event, id).await?;
    found.map(Some).ok_or(ApiError::NotFound(Noun::CheckInList))
}
