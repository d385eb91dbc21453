use axum::extract::State;
use http::StatusCode;
use inventory::EventId;

use crate::error::ApiError;
use crate::event_access;
use crate::extract::{Empty, PathId};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

/// Leaves a waitlist
///
/// An offer is given back: its places go to the next. Again, or without an entry: 204 too. An offer that was ordered is
/// given up by cancelling the order (`HOLD_HAS_ORDER`).
#[utoipa::path(delete, path = "/events/{id}/waitlist", tag = "waitlist",
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 204, description = "The account does not wait"), Written))]
pub async fn leave(
    State(state): State<AppState>,
    PathId(event): PathId,
    write: Write<Empty>,
) -> Result<StatusCode, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = event_access::visible(&state, Some(caller), EventId::from_uuid(event)).await?.id;
    let handle = event_access::handle(&state, event).await?;
    let asker = engine::Caller { key: None, ..event_access::asker(caller.user, origin) };
    handle.leave_waitlist(asker).await?;
    Ok(StatusCode::NO_CONTENT)
}
