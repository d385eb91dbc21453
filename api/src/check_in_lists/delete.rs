use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::EventId;

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::{Empty, PathIds};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::{check_in_list, event_access};

/// Deletes a check-in list
///
/// Not while a scanner is bound to it. For the event's organizer and admins.
#[utoipa::path(delete, path = "/events/{id}/check-in-lists/{list_id}", tag = "gate",
    params(("id" = Uuid, Path, description = "Event"), ("list_id" = Uuid, Path, description = "Check-in list")),
    security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), Written))]
pub async fn delete(
    State(state): State<AppState>,
    PathIds(event, list): PathIds,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let answer = async {
        let stored = state.store.check_in_list_find(event, list).await?;
        let stored = stored.ok_or(ApiError::NotFound(Noun::CheckInList))?;
        let entry = source.entry(&caller, Action::CheckInListDelete).event(event).object(list);
        let entry = entry.removed(&check_in_list::render(stored)).row(state.now());
        if state.store.check_in_list_delete(event, list, Some(&entry)).await? {
            Ok(StatusCode::NO_CONTENT.into_response())
        } else {
            Err(ApiError::Conflict(Conflict::CheckInListInUse))
        }
    };
    remembered(&state, origin.key, answer).await
}
