use axum::Json;
use axum::extract::State;
use inventory::{EventId, Lsn, UserId};
use uuid::Uuid;
use wire::{GateConflict, Page};

use super::shown;
use crate::auth::Caller;
use crate::error::{ApiError, Malformed};
use crate::event_access::{self, Capability};
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;
use crate::time;

/// Lists the conflicts of an event
///
/// Queued scans that contradicted what was known when they were sent, the latest first. None is ever lost: they are written
/// with the change that records them. For the event's organizer, its door staff and admins.
#[utoipa::path(get, path = "/events/{id}/gate/conflicts", tag = "gate",
    params(("id" = Uuid, Path, description = "Event"), PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<GateConflict>), Read))]
pub async fn conflicts(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<GateConflict>>, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::Scan).await?.id;
    let before = query.cursor.map(|cursor| u64::try_from(cursor.0.as_u128()).map(Lsn)).transpose();
    let before = before.map_err(|_| ApiError::Malformed(Malformed::Cursor))?;
    let limit = query.limit.get();
    let conflicts = state.store.gate_conflict_list(event, before, limit + 1).await?;
    Ok(Json(page(conflicts, limit, |conflict| Uuid::from_u128(conflict.lsn.0.into()), render)))
}

fn render(conflict: persistence::GateConflict) -> GateConflict {
    GateConflict {
        seq: conflict.lsn.0,
        ticket_id: conflict.ticket_id.uuid(),
        direction: shown::stored(conflict.direction),
        reason: conflict.reason,
        scanned_at: time::utc(conflict.scanned_at),
        forced: conflict.forced,
        earlier_at: conflict.earlier_at.map(time::utc),
        recorded_at: time::utc(conflict.recorded_at),
        user_id: conflict.user_id.map(UserId::uuid),
    }
}
