use axum::Json;
use axum::extract::State;
use inventory::EventId;
use wire::SeatMap;

use super::spec;
use crate::error::{ApiError, Noun};
use crate::event_access::{self, Viewer};
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;

/// Shows the seat map
#[utoipa::path(get, path = "/events/{id}/seat-map", tag = "events", params(("id" = Uuid, Path, description = "Event")),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The map", body = SeatMap), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(event): PathId,
    Viewer(viewer): Viewer,
) -> Result<Json<SeatMap>, ApiError> {
    let event = event_access::visible(&state, viewer, EventId::from_uuid(event)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let map = handle.layout().seat_map().ok_or(ApiError::NotFound(Noun::SeatMap))?;
    Ok(Json(spec::render(map)))
}
