use axum::Json;
use axum::extract::State;
use inventory::EventId;
use wire::{Page, StaffPost};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists the caller's roles at events
///
/// Those that others gave him; the newest events first.
#[utoipa::path(get, path = "/me/staff-roles", tag = "staff", params(PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<StaffPost>), Read))]
pub async fn mine(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<StaffPost>>, ApiError> {
    let after = query.cursor.map(|cursor| EventId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let posts = state.store.staff_list_of_user(caller.user, after, limit + 1).await?;
    Ok(Json(page(posts, limit, |post| post.event_id.uuid(), view::post)))
}
