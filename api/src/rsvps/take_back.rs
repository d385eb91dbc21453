use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::EventId;

use super::view;
use crate::error::ApiError;
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Takes the caller's answer back
#[utoipa::path(delete, path = "/events/{id}/rsvp", tag = "audience",
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 204, description = "There is no answer, or no more"), Written))]
pub async fn take_back(
    State(state): State<AppState>,
    PathId(event): PathId,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: _, claim: _claim } = write;
    let event = EventId::from_uuid(event);
    let answer = async {
        view::open(&state, caller, event).await?;
        state.store.rsvp_put(event, caller.user, None, state.now()).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    remembered(&state, origin.key, answer).await
}
