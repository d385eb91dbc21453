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

/// Its tiers under their ids in a copy of the event. `None` when all of them are gone: without a tier it would let in every
/// ticket.
pub fn tiers_in(list: &persistence::CheckInList, new_id: impl Fn(TierId) -> Option<TierId>) -> Option<String> {
    let kept = tiers(list).filter_map(|tier| new_id(TierId::from_uuid(tier))).map(|tier| tier.to_string());
    let kept = kept.collect::<Vec<_>>().join(" ");
    let lets_in_none = kept.is_empty() && !list.tiers.is_empty();
    (!lets_in_none).then_some(kept)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copied_list_never_lets_in_more_than_it_did() {
        let (kept, gone, new) = (TierId::from_bytes([1; 16]), TierId::from_bytes([2; 16]), TierId::from_bytes([3; 16]));
        let list = |tiers: &[TierId]| persistence::CheckInList {
            id: Uuid::nil(),
            event_id: EventId::from_bytes([1; 16]),
            name: "West".to_owned(),
            gate: None,
            tiers: tiers.iter().map(TierId::to_string).collect::<Vec<_>>().join(" "),
            sections: "A B".to_owned(),
            created_at: inventory::TimeUs(1),
        };
        let copied = |tiers: &[TierId]| tiers_in(&list(tiers), |id| (id == kept).then_some(new));
        assert_eq!(copied(&[kept, gone]), Some(new.to_string()));
        assert_eq!((copied(&[gone]), copied(&[])), (None, Some(String::new())));
    }
}
