use axum::Json;
use axum::extract::State;
use inventory::{EventId, Origin};
use persistence::Event;
use serde_json::Value;
use wire::{SeatMap, SeatMapSize};

use crate::audit_log::{self, Action, Source};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access;
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::seat_map_format::{self, Drawn};
use crate::state::AppState;

/// Draws the seat map
///
/// Replaces the draft's whole map. With positions, as a seat map editor exports it, or without. Everything that is wrong with
/// it is told at once, each fault with its place.
#[utoipa::path(put, path = "/events/{id}/seat-map", tag = "events", request_body = SeatMap,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "What was understood", body = SeatMapSize), Written))]
pub async fn put(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<Value>,
) -> Result<Json<SeatMapSize>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let drawn = seat_map_format::read(body).await?;
    set(&state, caller, origin, &source, &event, drawn).await.map(Json)
}

/// The map first: it can be refused. A drawing that is lost on the way is set by the same request sent again.
pub async fn set(
    state: &AppState,
    caller: Caller,
    origin: Origin,
    source: &Source,
    event: &Event,
    drawn: Drawn,
) -> Result<SeatMapSize, ApiError> {
    let Drawn { spec, size, drawing } = drawn;
    let handle = event_access::handle(state, event.id).await?;
    let drawing = drawing.map(|drawing| (seat_map_format::digest(&spec), drawing));
    let done = handle.set_seat_map(event_access::asker(caller.user, origin), spec).await?;
    state.store.seat_map_drawing_set(event.id, drawing).await.map_err(event_access::after_change)?;
    let size = SeatMapSize { seq: done.lsn.0, ..size };
    let entry = source.entry(&caller, Action::SeatMapSet).event(event.id).object(event.id).once_per(done.lsn);
    audit_log::write(state, entry.made(&size)).await;
    Ok(size)
}
