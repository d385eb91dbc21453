use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::EventId;

use crate::error::{ApiError, Conflict};
use crate::event_access;
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Deletes a draft
///
/// Once published, an event can only be cancelled.
#[utoipa::path(delete, path = "/events/{id}", tag = "events", params(("id" = Uuid, Path, description = "Event")),
    security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), Written))]
pub async fn delete(
    State(state): State<AppState>,
    PathId(id): PathId,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let answer = async {
        let event = event_access::own(&state, caller, EventId::from_uuid(id)).await?;
        if state.store.event_delete(event.id).await? {
            Ok(StatusCode::NO_CONTENT.into_response())
        } else {
            Err(ApiError::Conflict(Conflict::EventNotDraft))
        }
    };
    remembered(&state, origin.key, answer).await
}
