use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::{EventId, UserId};
use persistence::StaffRole;
use serde_json::json;
use wire::{StaffMember, StaffPatch};

use super::view;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::event_access;
use crate::extract::PathIds;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Changes somebody's role at the event
///
/// At once. For the event's organizer and admins.
#[utoipa::path(patch, path = "/events/{id}/staff/{user_id}", tag = "staff", request_body = StaffPatch,
    params(("id" = Uuid, Path, description = "Event"), ("user_id" = Uuid, Path, description = "Member of staff")),
    security(("bearer" = [])),
    responses((status = 200, description = "The member of staff", body = StaffMember), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathIds(event, user): PathIds,
    source: Source,
    write: Write<StaffPatch>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let user = UserId::from_uuid(user);
    let answer = async {
        let unknown = ApiError::NotFound(Noun::StaffMember);
        let role = view::stored(body.role);
        let before = state.store.staff_role(event, user).await?.map(StaffRole::name);
        let entry = source.entry(&caller, Action::StaffUpdate).event(event).object(user);
        let entry = entry.change(&json!({"role": before}), &json!({"role": role.name()})).row(state.now());
        if !state.store.staff_set_role(event, user, role, Some(&entry)).await? {
            return Err(unknown);
        }
        let member = state.store.staff_find(event, user).await.map_err(event_access::after_change)?;
        Ok(Json(view::member(member.ok_or(unknown)?)).into_response())
    };
    remembered(&state, origin.key, answer).await
}
