use axum::Json;
use axum::extract::State;
use inventory::{EventId, UserId};
use wire::{Page, StaffMember};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access;
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists the staff of an event
///
/// For the event's organizer and admins.
#[utoipa::path(get, path = "/events/{id}/staff", tag = "staff",
    params(("id" = Uuid, Path, description = "Event"), PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<StaffMember>), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<StaffMember>>, ApiError> {
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let after = query.cursor.map(|cursor| UserId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let members = state.store.staff_list(event.id, after, limit + 1).await?;
    Ok(Json(page(members, limit, |member| member.user_id.uuid(), view::member)))
}
