use axum::Json;
use axum::extract::State;
use inventory::EventId;
use inventory::limits::BEACON_BYTES_MAX;
use wire::{OpenRequest, QueueProof};

use super::proof;
use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::event_access;
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

/// Opens the line
///
/// With the value of the beacon that the settings name, once it is known, exactly as its source publishes it: everybody
/// compares. A line without a beacon opens by itself. The
/// answer is the proof, with the key.
#[utoipa::path(post, path = "/events/{id}/waiting-room/open", tag = "waiting room", request_body = OpenRequest,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The proof of the order", body = QueueProof), Written))]
pub async fn open(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<OpenRequest>,
) -> Result<Json<QueueProof>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    if body.beacon_value.as_ref().is_some_and(|value| !(1..=BEACON_BYTES_MAX).contains(&value.len())) {
        return Err(ApiError::invalid("beacon_value", "LENGTH", format!("1 to {BEACON_BYTES_MAX} bytes")));
    }
    let handle = event_access::handle(&state, event).await?;
    let entry = source.entry(&caller, Action::LineOpen).event(event).object(event).made(&body);
    let entry = entry.once_per(state.keepers.open(event, origin, body.beacon_value).await?.lsn);
    audit_log::write(&state, entry).await;
    proof::render(event, &handle.line())
}
