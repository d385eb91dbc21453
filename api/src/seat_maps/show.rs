use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use inventory::EventId;
use wire::SeatMap;

use crate::error::{ApiError, Noun};
use crate::event_access::{self, Viewer};
use crate::extract::PathId;
use crate::problems::Read;
use crate::seat_map_format;
use crate::state::AppState;

/// Shows the seat map
///
/// With the positions, outlines and words that it was drawn with.
#[utoipa::path(get, path = "/events/{id}/seat-map", tag = "events", params(("id" = Uuid, Path, description = "Event")),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The map", body = SeatMap), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(event): PathId,
    Viewer(viewer): Viewer,
) -> Result<Response, ApiError> {
    let event = event_access::visible(&state, viewer, EventId::from_uuid(event)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let map = handle.layout().seat_map().ok_or(ApiError::NotFound(Noun::SeatMap))?;
    let drawn = state.store.seat_map_drawing_find(event.id).await?;
    let map = match drawn {
        // Of this map, and not of one before.
        Some(drawn) if drawn.map_digest == seat_map_format::digest(&map) => drawn.drawing,
        _ => serde_json::to_string(&seat_map_format::render(map))
            .map_err(|error| ApiError::Defect(error.to_string().into()))?,
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], map).into_response())
}
