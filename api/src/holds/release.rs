use axum::extract::State;
use http::StatusCode;
use inventory::{EventId, HoldId};

use crate::error::ApiError;
use crate::event_access;
use crate::extract::{Empty, PathIds};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

/// Gives a hold back
///
/// Again for the same hold: 204 too.
#[utoipa::path(delete, path = "/events/{id}/holds/{hold_id}", tag = "holds",
    params(("id" = Uuid, Path, description = "Event"), ("hold_id" = Uuid, Path, description = "Hold")),
    security(("bearer" = [])),
    responses((status = 204, description = "Its places are free"), Written))]
pub async fn release(
    State(state): State<AppState>,
    PathIds(event, hold): PathIds,
    write: Write<Empty>,
) -> Result<StatusCode, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let handle = event_access::handle(&state, EventId::from_uuid(event)).await?;
    handle.release_hold(event_access::asker(caller.user, origin), HoldId::from_uuid(hold)).await?;
    Ok(StatusCode::NO_CONTENT)
}
