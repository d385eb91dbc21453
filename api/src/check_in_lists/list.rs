use axum::Json;
use axum::extract::State;
use inventory::EventId;
use wire::{CheckInList, Page};

use crate::auth::Caller;
use crate::check_in_list;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists the check-in lists of an event
///
/// The oldest first. For the event's organizer, its door staff and admins.
#[utoipa::path(get, path = "/events/{id}/check-in-lists", tag = "gate",
    params(("id" = Uuid, Path, description = "Event"), PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<CheckInList>), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<CheckInList>>, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::Scan).await?;
    let after = query.cursor.map(|cursor| cursor.0);
    let limit = query.limit.get();
    let lists = state.store.check_in_list_list(event.id, after, limit + 1).await?;
    Ok(Json(page(lists, limit, |list| list.id, check_in_list::render)))
}
