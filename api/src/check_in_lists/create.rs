use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::EventId;
use wire::{CheckInList, CheckInListCreate};

use super::spec;
use crate::audit_log::{Action, Source};
use crate::check_in_list::{self, LISTS_MAX};
use crate::error::{ApiError, Conflict};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, ids};

/// Makes a check-in list
///
/// Of tickets that a gate lets in: those of some tiers, of some sections and areas, or of both. A scan that names the list
/// refuses every other ticket as `product`. At most 100 of an event. For the event's organizer and admins.
#[utoipa::path(post, path = "/events/{id}/check-in-lists", tag = "gate", request_body = CheckInListCreate,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 201, description = "The list", body = CheckInList), Written))]
pub async fn create(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<CheckInListCreate>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let answer = async {
        let layout = event_access::handle(&state, event).await?.layout();
        let spec = spec::check(&layout, &body.name, body.gate.as_deref(), &body.tiers, &body.sections)?;
        let now = state.now();
        let list = persistence::CheckInList {
            id: ids::mint(now),
            event_id: event,
            name: spec.name,
            gate: spec.gate,
            tiers: spec.tiers,
            sections: spec.sections,
            created_at: now,
        };
        let shown = check_in_list::render(list.clone());
        let entry = source.entry(&caller, Action::CheckInListCreate).event(event).object(list.id);
        let entry = entry.made(&shown).row(now);
        if !state.store.check_in_list_insert(&list, LISTS_MAX, Some(&entry)).await? {
            return Err(ApiError::Conflict(Conflict::CheckInListsTooMany));
        }
        Ok((StatusCode::CREATED, Json(shown)).into_response())
    };
    remembered(&state, origin.key, answer).await
}
