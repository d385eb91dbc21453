use axum::Json;
use axum::extract::State;
use inventory::EventId;
use wire::Rsvp;

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access;
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;

/// Shows the caller's answer
///
/// And how many say yes.
#[utoipa::path(get, path = "/events/{id}/rsvp", tag = "audience", params(("id" = Uuid, Path, description = "Event")),
    security(("bearer" = [])),
    responses((status = 200, description = "The answer, if there is one", body = Rsvp), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
) -> Result<Json<Rsvp>, ApiError> {
    let event = event_access::visible(&state, Some(caller), EventId::from_uuid(event)).await?;
    Ok(Json(view::of(&state, event.id, caller.user).await?))
}
