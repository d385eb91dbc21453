use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, UserId};
use persistence::StaffRole;
use serde_json::json;

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::event_access;
use crate::extract::{Empty, PathIds};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Takes somebody's role at the event away
///
/// At once. For the event's organizer and admins.
#[utoipa::path(delete, path = "/events/{id}/staff/{user_id}", tag = "staff",
    params(("id" = Uuid, Path, description = "Event"), ("user_id" = Uuid, Path, description = "Member of staff")),
    security(("bearer" = [])),
    responses((status = 204, description = "The account has no role at the event any more"), Written))]
pub async fn remove(
    State(state): State<AppState>,
    PathIds(event, user): PathIds,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let answer = async {
        let user = UserId::from_uuid(user);
        let before = state.store.staff_role(event, user).await?.map(StaffRole::name);
        let entry = source.entry(&caller, Action::StaffRemove).event(event).object(user);
        let entry = entry.removed(&json!({"role": before})).row(state.now());
        if state.store.staff_delete(event, user, Some(&entry)).await? {
            Ok(StatusCode::NO_CONTENT.into_response())
        } else {
            Err(ApiError::NotFound(Noun::StaffMember))
        }
    };
    remembered(&state, origin.key, answer).await
}
