use axum::Json;
use axum::extract::State;
use inventory::EventId;
use persistence::AuditFilter;
use wire::{AuditEntry, Page};

use crate::audit_log;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access;
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists an event's audit log
///
/// Who changed what about the event, newest first. For its organizer. Purchases are not in it: they are orders. From where
/// somebody did it is told to admins, and to everybody of himself.
#[utoipa::path(get, path = "/events/{id}/audit-log", tag = "audit log",
    params(("id" = Uuid, Path, description = "Event"), PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<AuditEntry>), Read))]
pub async fn list_of_event(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<AuditEntry>>, ApiError> {
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let filter = AuditFilter { event: Some(event), ..AuditFilter::default() };
    let limit = query.limit.get();
    let entries = state.store.audit_list(&filter, query.cursor.map(|cursor| cursor.0), limit + 1).await?;
    let show = |entry: persistence::AuditEntry| {
        let is_told = caller.is_admin() || entry.actor_id == Some(caller.user);
        let shown = audit_log::shown(entry);
        if is_told { shown } else { AuditEntry { ip: None, user_agent: None, ..shown } }
    };
    Ok(Json(page(entries, limit, |entry| entry.id, show)))
}
