use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::EventId;
use serde_json::json;

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::{Empty, PathIds};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::series_access;
use crate::state::AppState;

/// Takes a session out of its series
///
/// It goes on as an event by itself, with all that was sold of it. Delete the event to have it gone.
#[utoipa::path(delete, path = "/series/{id}/sessions/{event_id}", tag = "series",
    params(("id" = Uuid, Path, description = "Series"), ("event_id" = Uuid, Path, description = "Session")),
    security(("bearer" = [])),
    responses((status = 204, description = "It is an event by itself"), Written))]
pub async fn leave(
    State(state): State<AppState>,
    PathIds(series, event): PathIds,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let series = series_access::own(&state, caller, series).await?;
    let event = EventId::from_uuid(event);
    let entry = source.entry(&caller, Action::SeriesRemoveSession).object(series.id).event(event);
    let entry = entry.removed(&json!({"session": event.uuid()})).row(state.now());
    let answer = async {
        if state.store.series_leave(series.id, event, Some(&entry)).await? {
            Ok(StatusCode::NO_CONTENT.into_response())
        } else {
            Err(ApiError::NotFound(Noun::Event))
        }
    };
    remembered(&state, origin.key, answer).await
}
