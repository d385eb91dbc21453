use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::{EventId, Rejection};
use persistence::EventStatus;
use wire::{Event, EventPatch};

use super::{spec, view};
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::tier_view::Sight;
use crate::{event_access, time};

/// Changes an event
///
/// What is absent stays. Not once it is cancelled.
#[utoipa::path(patch, path = "/events/{id}", tag = "events", request_body = EventPatch,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The event as it is now", body = Event), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathId(id): PathId,
    write: Write<EventPatch>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let answer = async {
        let event = change(&state, caller, EventId::from_uuid(id), body).await?;
        Ok(Json(event).into_response())
    };
    remembered(&state, origin.key, answer).await
}

/// Rules first: they can be refused. The words that follow cannot.
async fn change(state: &AppState, caller: Caller, id: EventId, patch: EventPatch) -> Result<Event, ApiError> {
    let event = event_access::own(state, caller, id).await?;
    if event.status == EventStatus::Cancelled {
        return Err(Rejection::EventCancelled.into());
    }
    let handle = event_access::handle(state, id).await?;
    if let Some(rules) = spec::patched_rules(&event, &patch)? {
        let asker = engine::Caller { user: caller.user, request: None, key: None };
        handle.patch_policy(asker, rules).await?;
    }
    let words = persistence::EventPatch {
        title: patch.title,
        description: patch.description,
        location: patch.location,
        timezone: patch.timezone,
        starts_at: patch.starts_at.map(time::time_us),
        ends_at: patch.ends_at.map(time::time_us),
    };
    let event = state.store.event_update(id, &words).await.map_err(event_access::after_change)?;
    let event = event.ok_or(ApiError::NotFound(Noun::Event))?;
    Ok(view::full(event, &handle.layout(), &Sight::new(true, None)))
}
