use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, Rejection};
use persistence::EventStatus;
use serde_json::json;

use super::life;
use crate::audit_log::{Action, Entry, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::event_access;
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Deletes an event
///
/// Not while places of it are held or paid for, nor once it is under way. What was published is cancelled with it. It is
/// gone for all but admins.
#[utoipa::path(delete, path = "/events/{id}", tag = "events", params(("id" = Uuid, Path, description = "Event")),
    security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), Written))]
pub async fn delete(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let answer = async {
        let event = event_access::own(&state, caller, EventId::from_uuid(id)).await?;
        let asker = engine::Caller { user: caller.user, request: origin.request, key: None };
        let entry = source.entry(&caller, Action::EventDelete).event(event.id).object(event.id);
        let entry = entry.removed(&json!({"title": event.title, "status": event.status.name()}));
        remove(&state, asker, event, entry).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    remembered(&state, origin.key, answer).await
}

/// Cancels first, unless something is held or sold: then nothing can be, nor put on sale, while it goes.
async fn remove(
    state: &AppState,
    asker: engine::Caller,
    event: persistence::Event,
    entry: Entry,
) -> Result<(), ApiError> {
    let now = state.now();
    if event.status == EventStatus::Published && life::has_started(&event, now) {
        return Err(ApiError::Conflict(Conflict::EventStarted));
    }
    let handle = event_access::handle(state, event.id).await?;
    match handle.cancel_unsold_event(asker).await.map_err(ApiError::from) {
        Ok(_) | Err(ApiError::Rejected(Rejection::EventCancelled, _)) => {}
        Err(other) => return Err(other),
    }
    let entry = entry.row(now);
    if state.store.event_delete(event.id, now, Some(&entry)).await.map_err(event_access::after_change)? {
        return Ok(());
    }
    match state.store.event_find(event.id).await.map_err(event_access::after_change)? {
        Some(_) => Err(ApiError::Conflict(Conflict::EventSold)),
        None => Err(ApiError::NotFound(Noun::Event)),
    }
}
