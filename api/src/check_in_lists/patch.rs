use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::EventId;
use uuid::Uuid;
use wire::{CheckInList, CheckInListPatch};

use super::spec;
use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::extract::PathIds;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::{check_in_list, event_access};

/// Changes a check-in list
///
/// What is absent stays. The next scan is by the list as it is then. For the event's organizer and admins.
#[utoipa::path(patch, path = "/events/{id}/check-in-lists/{list_id}", tag = "gate", request_body = CheckInListPatch,
    params(("id" = Uuid, Path, description = "Event"), ("list_id" = Uuid, Path, description = "Check-in list")),
    security(("bearer" = [])),
    responses((status = 200, description = "The list as it is now", body = CheckInList), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathIds(event, list): PathIds,
    source: Source,
    write: Write<CheckInListPatch>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let answer = async {
        let changed = changed(&state, caller, event, list, body, &source).await?;
        Ok(Json(changed).into_response())
    };
    remembered(&state, origin.key, answer).await
}

async fn changed(
    state: &AppState,
    caller: Caller,
    event: EventId,
    list: Uuid,
    patch: CheckInListPatch,
    source: &Source,
) -> Result<CheckInList, ApiError> {
    let unknown = || ApiError::NotFound(Noun::CheckInList);
    let stored = state.store.check_in_list_find(event, list).await?.ok_or_else(unknown)?;
    let before = check_in_list::render(stored.clone());
    let gate = patch.gate.map_or_else(|| before.gate.clone(), |gate| Some(gate).filter(|gate| !gate.trim().is_empty()));
    let layout = event_access::handle(state, event).await?.layout();
    let name = patch.name.as_deref().unwrap_or(&before.name);
    // A tier that was deleted since stays out unless it is named anew.
    let known = |tier: &Uuid| layout.tier(inventory::TierId::from_uuid(*tier)).is_some();
    let kept: Vec<Uuid> = before.tiers.iter().copied().filter(known).collect();
    let tiers = patch.tiers.unwrap_or_else(|| if kept.is_empty() { before.tiers.clone() } else { kept });
    let sections = patch.sections.as_ref().unwrap_or(&before.sections);
    let spec = spec::check(&layout, name, gate.as_deref(), &tiers, sections)?;
    let after = persistence::CheckInList {
        name: spec.name,
        gate: spec.gate,
        tiers: spec.tiers,
        sections: spec.sections,
        ..stored
    };
    let shown = check_in_list::render(after.clone());
    let entry = source.entry(&caller, Action::CheckInListUpdate).event(event).object(list);
    let entry = entry.change(&before, &shown).row(state.now());
    let is_change = before != shown;
    if !state.store.check_in_list_update(&after, is_change.then_some(&entry)).await? {
        return Err(unknown());
    }
    Ok(shown)
}
