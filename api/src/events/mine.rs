use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use inventory::EventId;
use persistence::{EventFilter, StaffRole};
use wire::{EventRole, MyEvent, Page};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists the caller's events
///
/// Those that he organizes, drafts included, and those at which he has a staff role; newest first.
#[utoipa::path(get, path = "/me/events", tag = "events", params(PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<MyEvent>), Read))]
pub async fn mine(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<MyEvent>>, ApiError> {
    let after = query.cursor.map(|cursor| EventId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let events = state.store.event_list(EventFilter::Member(caller.user), after, limit + 1).await?;
    // The newest roles reach at least as far back as the newest events of either kind.
    let posts = state.store.staff_list_of_user(caller.user, after, limit + 1).await?;
    let roles: HashMap<EventId, StaffRole> = posts.into_iter().map(|post| (post.event_id, post.role)).collect();
    let role = |event: &persistence::Event| match roles.get(&event.id) {
        Some(StaffRole::Door) if event.organizer_id != caller.user => EventRole::Door,
        Some(StaffRole::BoxOffice) if event.organizer_id != caller.user => EventRole::BoxOffice,
        _ => EventRole::Organizer,
    };
    let now = state.now();
    let show = |event| MyEvent { role: role(&event), event: view::brief(event, now) };
    Ok(Json(page(events, limit, |event| event.id.uuid(), show)))
}
