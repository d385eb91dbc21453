use axum::Json;
use axum::extract::State;
use wire::{Page, Venue};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists the caller's venues
///
/// Newest first; all venues for an admin.
#[utoipa::path(get, path = "/venues", tag = "venues", params(PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Venue>), Read,
        (status = 403, description = "ROLE_REQUIRED", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Venue>>, ApiError> {
    caller.organizer()?;
    let owner = (!caller.is_admin()).then_some(caller.user);
    let limit = query.limit.get();
    let venues = state.store.venue_list(owner, query.cursor.map(|cursor| cursor.0), limit + 1).await?;
    Ok(Json(page(venues, limit, |venue| venue.id, view::venue)))
}
