use axum::extract::State;
use http::StatusCode;
use inventory::{EventId, UserId};

use crate::audit_log::{self, Action, Source};
use crate::error::ApiError;
use crate::event_access;
use crate::extract::{Empty, PathIds};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

/// Takes somebody off a waitlist
///
/// For the event's organizer and admins. An offer that was not ordered goes to the next; one that was is his until it runs
/// out (`HOLD_HAS_ORDER`).
#[utoipa::path(delete, path = "/events/{id}/waitlist/entries/{user_id}", tag = "waitlist",
    params(("id" = Uuid, Path, description = "Event"), ("user_id" = Uuid, Path, description = "Who waits")),
    security(("bearer" = [])),
    responses((status = 204, description = "He does not wait any more"), Written))]
pub async fn remove(
    State(state): State<AppState>,
    PathIds(event, user): PathIds,
    source: Source,
    write: Write<Empty>,
) -> Result<StatusCode, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?.id;
    let handle = event_access::handle(&state, event).await?;
    let asker = event_access::asker(caller.user, origin);
    let done = handle.remove_from_waitlist(asker, UserId::from_uuid(user)).await?;
    let entry = source.entry(&caller, Action::WaitlistRemove).event(event).object(user).once_per(done.lsn);
    audit_log::write(&state, entry).await;
    Ok(StatusCode::NO_CONTENT)
}
