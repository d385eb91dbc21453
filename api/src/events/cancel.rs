use axum::Json;
use axum::extract::State;
use inventory::EventId;
use serde_json::json;
use wire::Event;

use super::view;
use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::extract::{Empty, PathId};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{cancelling, event_access};

/// Cancels an event
///
/// For good: nothing is sold or admitted afterwards. Whoever has bought gets everything back: see
/// `GET /events/{id}/cancellation`.
#[utoipa::path(post, path = "/events/{id}/cancel", tag = "events", params(("id" = Uuid, Path, description = "Event")),
    security(("bearer" = [])),
    responses((status = 200, description = "The event as it is now", body = Event), Written))]
pub async fn cancel(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Json<Event>, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(id)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let done = handle.cancel_event(event_access::asker(caller.user, origin)).await?;
    let entry = source.entry(&caller, Action::EventCancel).event(event.id).object(event.id).once_per(done.lsn);
    cancelling::start(&state, event.id).await;
    let shown = view::changed(&state, &handle).await?;
    audit_log::write(&state, entry.change(&json!({"status": event.status.name()}), &json!({"status": shown.status})))
        .await;
    Ok(Json(shown))
}
