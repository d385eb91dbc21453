use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::EventId;
use wire::{RsvpCount, RsvpLimit};

use super::view;
use crate::audit_log::{Action, Source};
use crate::error::ApiError;
use crate::event_access;
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Limits how many may say yes
///
/// Not below those who do.
#[utoipa::path(put, path = "/events/{id}/rsvps", tag = "audience", request_body = RsvpLimit,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The limit, and how many say yes", body = RsvpCount), Written))]
pub async fn limit(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<RsvpLimit>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let answer = async {
        let entry = source.entry(&caller, Action::RsvpLimit).event(event.id).object(event.id);
        let entry = entry.made(&body).row(state.now());
        if !state.store.rsvp_limit(event.id, body.yes_max, Some(&entry)).await? {
            return Err(ApiError::invalid("yes_max", "OUT_OF_RANGE", "more say yes already"));
        }
        let count = view::count(&state, event.id).await.map_err(event_access::after_change)?;
        Ok(Json(count).into_response())
    };
    remembered(&state, origin.key, answer).await
}
