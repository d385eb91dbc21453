use axum::Json;
use axum::extract::State;
use inventory::EventId;
use wire::{SeatMapCopy, SeatMapSize};

use super::put;
use crate::audit_log::Source;
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::seat_map_format::{self, Drawn, examples};
use crate::state::AppState;
use crate::{event_access, venue_access};

/// Takes a venue's seat map
///
/// Or an example. The event gets a copy: what becomes of the original does not touch it.
#[utoipa::path(post, path = "/events/{id}/seat-map/copy", tag = "events", request_body = SeatMapCopy,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "What the event has now", body = SeatMapSize), Written))]
pub async fn copy(
    State(state): State<AppState>,
    PathId(event): PathId,
    source: Source,
    write: Write<SeatMapCopy>,
) -> Result<Json<SeatMapSize>, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let drawn = original(&state, caller, body).await?;
    put::set(&state, caller, origin, &source, &event, drawn).await.map(Json)
}

async fn original(state: &AppState, caller: Caller, body: SeatMapCopy) -> Result<Drawn, ApiError> {
    match body {
        SeatMapCopy { venue_id: Some(venue), seat_map: Some(name), example: None } => {
            let venue = venue_access::own(state, caller, venue).await?;
            let map = state.store.venue_seat_map_find(venue.id, &name).await?;
            let map = map.ok_or(ApiError::NotFound(Noun::VenueSeatMap))?;
            let map = serde_json::from_str(&map).map_err(|error| ApiError::Defect(error.to_string().into()))?;
            seat_map_format::read(map).await
        }
        SeatMapCopy { venue_id: None, seat_map: None, example: Some(name) } => {
            let map = examples::find(&name);
            let map = map.ok_or_else(|| ApiError::invalid("example", "UNKNOWN", "a name of /seat-map-examples"))?;
            Ok(seat_map_format::understand(map)?)
        }
        SeatMapCopy { .. } => {
            let mut errors = FieldErrors::default();
            errors.add("", "EXACTLY_ONE", "either `venue_id` with `seat_map`, or `example` alone");
            Err(errors.into())
        }
    }
}
