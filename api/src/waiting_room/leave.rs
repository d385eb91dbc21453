use axum::extract::State;
use http::StatusCode;
use inventory::{EventId, Rejection};

use crate::error::{ApiError, Busy};
use crate::event_access;
use crate::extract::{Empty, PathId};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

/// Leaves
///
/// Gives up the place and ends the session; whoever is next comes in at once. Again, or without a place: 204 too.
#[utoipa::path(delete, path = "/events/{id}/waiting-room", tag = "waiting room",
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 204, description = "The account has no place"), Written))]
pub async fn leave(
    State(state): State<AppState>,
    PathId(event): PathId,
    write: Write<Empty>,
) -> Result<StatusCode, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = EventId::from_uuid(event);
    let handle = event_access::handle(&state, event).await?;
    let line = handle.line();
    if !line.is_active {
        return Ok(StatusCode::NO_CONTENT);
    }
    let place = state.store.waiting_place_find(event, line.round, caller.user).await?;
    let number = place.map(|place| place.number);
    let asker = engine::Caller { key: None, ..event_access::asker(caller.user, origin) };
    // The event first: without the row nobody would know which number was given up.
    match handle.leave_line(asker, line.round, number).await {
        Ok(_) => {}
        Err(engine::SubmitError::Rejected(Rejection::RoomOff)) => return Ok(StatusCode::NO_CONTENT),
        Err(engine::SubmitError::Rejected(Rejection::LineBeganAnew)) => return Err(ApiError::Busy(Busy::Line)),
        Err(error) => return Err(error.into()),
    }
    if let Some(number) = number {
        let deleted = state.store.waiting_place_delete(event, line.round, caller.user, number).await;
        deleted.map_err(event_access::after_change)?;
    }
    Ok(StatusCode::NO_CONTENT)
}
