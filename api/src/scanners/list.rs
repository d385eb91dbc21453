use axum::Json;
use axum::extract::State;
use inventory::EventId;
use wire::{Page, Scanner};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access;
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists the scanners of an event
///
/// The oldest first, without their keys. For the event's organizer and admins.
#[utoipa::path(get, path = "/events/{id}/scanners", tag = "gate",
    params(("id" = Uuid, Path, description = "Event"), PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Scanner>), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Scanner>>, ApiError> {
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let after = query.cursor.map(|cursor| cursor.0);
    let limit = query.limit.get();
    let scanners = state.store.scanner_list(event.id, after, limit + 1).await?;
    Ok(Json(page(scanners, limit, |scanner| scanner.id, view::render)))
}
