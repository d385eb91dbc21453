use axum::Json;
use axum::extract::State;
use inventory::{EventId, TicketId};
use wire::{GateRefusal, Page};

use super::shown;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;
use crate::time;

/// Lists scans that were refused
///
/// The latest first, a second or two after they were. The newest 10,000 of an event are kept, for 30 days; when thousands
/// are refused at once, some are not written down. For the event's organizer, its door staff and admins.
#[utoipa::path(get, path = "/events/{id}/gate/refusals", tag = "gate",
    params(("id" = Uuid, Path, description = "Event"), PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<GateRefusal>), Read))]
pub async fn refusals(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<GateRefusal>>, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::Scan).await?.id;
    let limit = query.limit.get();
    let after = query.cursor.map(|cursor| cursor.0);
    let refusals = state.store.gate_refusal_list(event, after, limit + 1).await?;
    Ok(Json(page(refusals, limit, |refusal| refusal.id, render)))
}

fn render(refusal: persistence::GateRefusal) -> GateRefusal {
    GateRefusal {
        id: refusal.id,
        ticket_id: refusal.ticket_id.map(TicketId::uuid),
        direction: shown::stored(refusal.direction),
        reason: refusal.reason,
        list: refusal.list_id,
        scanner_id: refusal.scanner_id,
        user_id: refusal.user_id.uuid(),
        refused_at: time::utc(refusal.refused_at),
    }
}
