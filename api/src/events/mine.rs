use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use inventory::EventId;
use persistence::{EventFilter, StaffRole};
use wire::{EventRole, MyEvent, Page, Role};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists the caller's events
///
/// Those that he organizes, drafts included, and those at which he has a staff role; newest first. A page may have fewer
/// items than its limit and a next page all the same.
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
    let organizes = caller.role >= Role::Organizer;
    let role = |event: &persistence::Event| match roles.get(&event.id) {
        _ if organizes && event.organizer_id == caller.user => Some(EventRole::Organizer),
        Some(StaffRole::Door) => Some(EventRole::Door),
        Some(StaffRole::BoxOffice) => Some(EventRole::BoxOffice),
        // His no more: his account has lost the role.
        None => None,
    };
    let now = state.now();
    let show = |event| role(&event).map(|role| MyEvent { role, event: view::brief(event, now) });
    let Page { items, next_cursor } = page(events, limit, |event| event.id.uuid(), show);
    Ok(Json(Page { items: items.into_iter().flatten().collect(), next_cursor }))
}
