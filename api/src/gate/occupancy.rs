use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use inventory::EventId;
use wire::Occupancy;

use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::{conditional, occupancy};

/// Shows who is inside
///
/// At this moment, in all, by tier and by check-in list. Costs the same whatever the size of the event: ask every second if
/// you like, with `If-None-Match`, or have it told by `GET …/live?occupancy=true`. For the event's organizer, its door staff, its scanners and admins.
#[utoipa::path(get, path = "/events/{id}/gate/occupancy", tag = "gate",
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "Who is inside", body = Occupancy),
        (status = 304, description = "As the caller has it"), Read))]
pub async fn occupancy(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::Scan).await?.id;
    let handle = event_access::handle(&state, event).await?;
    conditional::json(&headers, &occupancy::of(&state, &handle, event).await?)
}
