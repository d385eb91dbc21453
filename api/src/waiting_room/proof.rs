use axum::Json;
use axum::extract::State;
use inventory::{EventId, LineView};
use wire::{QUEUE_ALGORITHM, QueueClosing, QueueOpening, QueueProof};

use crate::error::{ApiError, Noun};
use crate::event_access::{self, Viewer};
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::{hex, time};

/// Proves the order of a waiting room
///
/// The commitment from the moment on at which the room is switched on; how many places are shuffled once the pre-queue
/// of a room with a beacon is closed; the key once the line is open. `usher verify-queue`, or twenty lines of your own,
/// recompute every rank from it.
#[utoipa::path(get, path = "/events/{id}/waiting-room/proof", tag = "waiting room",
    params(("id" = Uuid, Path, description = "Event")), security((), ("bearer" = [])),
    responses((status = 200, description = "All that is needed to recompute every rank", body = QueueProof), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(event): PathId,
    Viewer(viewer): Viewer,
) -> Result<Json<QueueProof>, ApiError> {
    let event = event_access::visible(&state, viewer, EventId::from_uuid(event)).await?.id;
    let handle = event_access::handle(&state, event).await?;
    render(event, &handle.line())
}

/// # Errors
/// There never was a waiting room.
pub fn render(event: EventId, line: &LineView) -> Result<Json<QueueProof>, ApiError> {
    let commitment = line.commitment.as_ref().ok_or(ApiError::NotFound(Noun::WaitingRoom))?;
    let opened = line.opened.as_ref().map(|opened| QueueOpening {
        opened_at: time::utc(opened.at),
        key: hex::encode(&opened.key),
        beacon_value: opened.beacon_value.clone(),
        shuffled: opened.shuffled,
    });
    let closed = line.closed.map(|closed| QueueClosing { at: time::utc(closed.at), shuffled: closed.shuffled });
    Ok(Json(QueueProof {
        event_id: event.uuid(),
        algorithm: QUEUE_ALGORITHM.to_owned(),
        commitment: hex::encode(&commitment.hash),
        committed_at: time::utc(commitment.at),
        beacon: commitment.beacon.clone(),
        closed,
        opened,
    }))
}
