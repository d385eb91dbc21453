use axum::Json;
use axum::extract::State;
use wire::Series;

use super::view;
use crate::error::ApiError;
use crate::event_access::Viewer;
use crate::extract::PathId;
use crate::problems::Read;
use crate::series_access;
use crate::state::AppState;

/// Shows a series
///
/// Public as soon as one of its sessions is published.
#[utoipa::path(get, path = "/series/{id}", tag = "series", params(("id" = Uuid, Path, description = "Series")),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The series", body = Series), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(id): PathId,
    Viewer(viewer): Viewer,
) -> Result<Json<Series>, ApiError> {
    let (summary, _) = series_access::visible(&state, viewer, id).await?;
    view::series(summary).map(Json)
}
