use axum::Json;
use axum::extract::State;
use inventory::EventId;
use wire::{Event, Page};

use crate::error::{ApiError, Malformed};
use crate::event_access::Viewer;
use crate::events::view;
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::series_access;
use crate::state::AppState;

/// Lists the sessions of a series
///
/// The published ones in the order in which they begin; all of them for those who run it.
#[utoipa::path(get, path = "/series/{id}/sessions", tag = "series",
    params(("id" = Uuid, Path, description = "Series"), PageQuery), security((), ("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Event>), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(id): PathId,
    Viewer(viewer): Viewer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Event>>, ApiError> {
    let (series, is_public) = series_access::visible(&state, viewer, id).await?;
    let after = match query.cursor {
        Some(cursor) => {
            let last = state.store.event_find_any(EventId::from_uuid(cursor.0)).await?;
            Some(last.ok_or(ApiError::Malformed(Malformed::Cursor))?)
        }
        None => None,
    };
    let limit = query.limit.get();
    let sessions = state.store.series_sessions(series.id, is_public, after.as_ref(), limit + 1).await?;
    let now = state.now();
    Ok(Json(page(sessions, limit, |event| event.id.uuid(), |event| view::brief(event, now))))
}
