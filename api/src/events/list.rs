use axum::Json;
use axum::extract::State;
use persistence::Audience;
use wire::{Event, EventStatus, Page, Role};

use super::filters::{self, Asked, ListQuery};
use super::{cursor, view};
use crate::auth::Caller;
use crate::error::{ApiError, Unauthorized};
use crate::event_access::Viewer;
use crate::extract::Query;
use crate::field_errors::FieldErrors;
use crate::problems::Read;
use crate::state::AppState;

/// Finds events
///
/// Published ones that are not over, newest first, unless filters or `sort` say otherwise. Pages follow each other by
/// `next_cursor`: an event that is there all the time comes exactly once. Whether something is left of an event is as of
/// this moment.
#[utoipa::path(get, path = "/events", tag = "events", params(ListQuery), security((), ("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Event>), Read,
        (status = 422, description = "Filters that cannot be right, each named", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn list(
    State(state): State<AppState>,
    Viewer(viewer): Viewer,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Event>>, ApiError> {
    let mut errors = FieldErrors::default();
    let sees_drafts = viewer.as_ref().is_some_and(|viewer| viewer.role >= Role::Organizer);
    let audience = audience(filters::is_true(&mut errors, "mine", query.mine.as_deref()), viewer)?;
    let given = query.cursor.clone();
    let Asked { mut query, limit, is_nothing } = filters::parse(query, audience, errors)?;
    query.after = given.map(|text| cursor::parse(&query, &text).map_err(ApiError::Malformed)).transpose()?;
    if is_nothing {
        return Ok(Json(Page { items: Vec::new(), next_cursor: None }));
    }
    let now = state.now();
    // The surplus one tells that there is a next page.
    let mut found = state.event_pages.find(&state.store, &query, now, limit + 1).await?;
    let has_more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let last = found.last().filter(|_| has_more);
    let next_cursor = last.map(|last| cursor::render(&query, &last.cursor));
    let mut items: Vec<Event> = found.into_iter().map(|it| view::listed(it, now)).collect();
    // Drafts of an account that is no organizer any more are for admins alone.
    items.retain(|event| sees_drafts || event.status != EventStatus::Draft);
    Ok(Json(Page { items, next_cursor }))
}

fn audience(is_mine: bool, viewer: Option<Caller>) -> Result<Audience, ApiError> {
    match (is_mine, viewer) {
        (false, _) => Ok(Audience::Public),
        (true, Some(viewer)) if viewer.is_admin() => Ok(Audience::Admin),
        (true, Some(viewer)) => Ok(Audience::Organizer(viewer.user)),
        (true, None) => Err(ApiError::Unauthorized(Unauthorized::TokenMissing)),
    }
}
