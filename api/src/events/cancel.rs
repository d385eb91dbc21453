use axum::Json;
use axum::extract::State;
use inventory::EventId;
use wire::Event;

use super::view;
use crate::error::ApiError;
use crate::event_access;
use crate::extract::{Empty, PathId};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

/// Cancels an event
///
/// For good: nothing is sold or admitted afterwards.
#[utoipa::path(post, path = "/events/{id}/cancel", tag = "events", params(("id" = Uuid, Path, description = "Event")),
    security(("bearer" = [])),
    responses((status = 200, description = "The event as it is now", body = Event), Written))]
pub async fn cancel(
    State(state): State<AppState>,
    PathId(id): PathId,
    write: Write<Empty>,
) -> Result<Json<Event>, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(id)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    handle.cancel_event(event_access::asker(caller.user, origin)).await?;
    view::changed(&state, &handle).await.map(Json)
}
