use axum::Json;
use axum::extract::State;
use persistence::SeriesFilter;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Page, Series};

use super::view;
use crate::error::{ApiError, Unauthorized};
use crate::event_access::Viewer;
use crate::extract::{Cursor, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SeriesQuery {
    /// The caller's own series, unpublished ones included; all of them for an admin.
    #[serde(default)]
    mine: bool,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Lists series
///
/// Those with a published session, newest first.
#[utoipa::path(get, path = "/series", tag = "series", params(SeriesQuery), security((), ("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Series>), Read))]
pub async fn list(
    State(state): State<AppState>,
    Viewer(viewer): Viewer,
    Query(query): Query<SeriesQuery>,
) -> Result<Json<Page<Series>>, ApiError> {
    let filter = match (query.mine, viewer) {
        (false, _) => SeriesFilter::Published,
        (true, Some(viewer)) if viewer.is_admin() => SeriesFilter::All,
        (true, Some(viewer)) => SeriesFilter::Organizer(viewer.user),
        (true, None) => return Err(ApiError::Unauthorized(Unauthorized::TokenMissing)),
    };
    let limit = query.limit.get();
    let found = state.store.series_list(filter, query.cursor.map(|cursor| cursor.0), limit + 1).await?;
    let Page { items, next_cursor } = page(found, limit, |series| series.id, view::series);
    Ok(Json(Page { items: items.into_iter().collect::<Result<_, _>>()?, next_cursor }))
}
