use axum::Json;
use axum::extract::State;
use inventory::{Answer, EventId, HoldId};
use wire::HoldExtended;

use crate::error::ApiError;
use crate::extract::{Empty, PathIds};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, time};

/// Extends a hold
///
/// By its full time again, up to 30 minutes after it was placed.
#[utoipa::path(post, path = "/events/{id}/holds/{hold_id}/extend", tag = "holds",
    params(("id" = Uuid, Path, description = "Event"), ("hold_id" = Uuid, Path, description = "Hold")),
    security(("bearer" = [])),
    responses((status = 200, description = "When it expires now", body = HoldExtended), Written))]
pub async fn extend(
    State(state): State<AppState>,
    PathIds(event, hold): PathIds,
    write: Write<Empty>,
) -> Result<Json<HoldExtended>, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let handle = event_access::handle(&state, EventId::from_uuid(event)).await?;
    let asker = event_access::asker(caller.user, origin);
    let done = handle.extend_hold(asker, HoldId::from_uuid(hold)).await?;
    match done.answer {
        Answer::HoldExtended { hold, expires_at } => Ok(Json(HoldExtended {
            id: hold.uuid(),
            event_id: event,
            expires_at: time::utc(expires_at),
            seq: done.lsn.0,
        })),
        other => Err(event_access::unexpected("an extension", &other)),
    }
}
