use axum::Json;
use axum::extract::State;
use inventory::EventId;
use persistence::EventFilter;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Event, Page};

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
pub struct ListQuery {
    /// The caller's own events, drafts included; all events for an admin.
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

/// Lists events
///
/// Published ones, newest first.
#[utoipa::path(get, path = "/events", tag = "events", params(ListQuery), security((), ("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Event>), Read))]
pub async fn list(
    State(state): State<AppState>,
    Viewer(viewer): Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Event>>, ApiError> {
    let filter = match (query.mine, viewer) {
        (false, _) => EventFilter::Published,
        (true, Some(viewer)) if viewer.is_admin() => EventFilter::All,
        (true, Some(viewer)) => EventFilter::Organizer(viewer.user),
        (true, None) => return Err(ApiError::Unauthorized(Unauthorized::TokenMissing)),
    };
    let after = query.cursor.map(|cursor| EventId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let events = state.store.event_list(filter, after, limit + 1).await?;
    let now = state.now();
    Ok(Json(page(events, limit, |event| event.id.uuid(), |event| view::brief(event, now))))
}
