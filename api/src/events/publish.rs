use axum::Json;
use axum::extract::State;
use inventory::EventId;
use serde_json::json;
use wire::Event;

use super::{life, view};
use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::event_access;
use crate::extract::{Empty, PathId};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

/// Puts an event on sale
///
/// Within its sale windows, and until it is over. It needs a seat map and a tier; the seat map cannot change afterwards.
#[utoipa::path(post, path = "/events/{id}/publish", tag = "events", params(("id" = Uuid, Path, description = "Event")),
    security(("bearer" = [])),
    responses((status = 200, description = "The event as it is now", body = Event), Written))]
pub async fn publish(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Json<Event>, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(id)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let asker = event_access::asker(caller.user, origin);
    let done = if life::can_be_published(&event, state.now()) {
        handle.publish(asker).await?
    } else {
        event_access::recalled(&state, &handle, asker, ApiError::EventEnded).await?
    };
    let entry = source.entry(&caller, Action::EventPublish).event(event.id).object(event.id).once_per(done.lsn);
    let shown = view::changed(&state, &handle).await?;
    audit_log::write(&state, entry.change(&json!({"status": event.status.name()}), &json!({"status": shown.status})))
        .await;
    Ok(Json(shown))
}
