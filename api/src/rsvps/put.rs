use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::EventId;
use wire::{Rsvp, RsvpPut};

use super::view;
use crate::error::{ApiError, Conflict};
use crate::event_access;
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::rsvp_answer;
use crate::state::AppState;

/// Says whether the caller comes
///
/// Replaces an earlier answer. `RSVP_FULL`: as many as may say yes already do; any other answer is taken.
#[utoipa::path(put, path = "/events/{id}/rsvp", tag = "audience", request_body = RsvpPut,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The answer", body = Rsvp), Written))]
pub async fn put(
    State(state): State<AppState>,
    PathId(event): PathId,
    write: Write<RsvpPut>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = EventId::from_uuid(event);
    let answer = async {
        view::open(&state, caller, event).await?;
        if !state.store.rsvp_put(event, caller.user, Some(rsvp_answer::stored(body.answer)), state.now()).await? {
            return Err(ApiError::Conflict(Conflict::RsvpFull));
        }
        let rsvp = view::of(&state, event, caller.user).await.map_err(event_access::after_change)?;
        Ok(Json(rsvp).into_response())
    };
    remembered(&state, origin.key, answer).await
}
