use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::{EventId, UserId};
use wire::{StaffMember, StaffPatch};

use super::view;
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
    write: Write<StaffPatch>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let user = UserId::from_uuid(user);
    let answer = async {
        let unknown = ApiError::NotFound(Noun::StaffMember);
        if !state.store.staff_set_role(event, user, view::stored(body.role)).await? {
            return Err(unknown);
        }
        let member = state.store.staff_find(event, user).await.map_err(event_access::after_change)?;
        Ok(Json(view::member(member.ok_or(unknown)?)).into_response())
    };
    remembered(&state, origin.key, answer).await
}
