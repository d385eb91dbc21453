use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use inventory::{EventId, Rejection};
use wire::{WaitlistEntry, WaitlistJoin};

use super::{show, wish};
use crate::error::ApiError;
use crate::event_access;
use crate::extract::PathId;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;

/// Joins a waitlist
///
/// For what cannot be held now, or is kept for those who wait already; what can be held is refused
/// (`WAITLIST_NOT_NEEDED`). One entry per account and event. What is freed is held for those who wait, in their order:
/// whoever it does not fit is passed over. Who joins for what fits nobody before him has his offer at once. No session of a
/// waiting room is needed. Nobody waits for an event that is over (`EVENT_ENDED`).
#[utoipa::path(post, path = "/events/{id}/waitlist", tag = "waitlist", request_body = WaitlistJoin,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 201, description = "The entry, with an offer if there is one", body = WaitlistEntry), Written))]
pub async fn join(
    State(state): State<AppState>,
    PathId(event): PathId,
    write: Write<WaitlistJoin>,
) -> Result<(StatusCode, Json<WaitlistEntry>), ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let handle = event_access::handle(&state, EventId::from_uuid(event)).await?;
    let asker = event_access::asker(caller.user, origin);
    let wish = match wish::parse(&body, &handle.layout()) {
        Ok(wish) => event_access::must_not_be_over(&state, handle.event()).await.map(|()| wish),
        Err(refusal) => Err(refusal),
    };
    let is_fit = wish.is_ok();
    let joined = match wish {
        Ok(wish) => handle.join_waitlist(asker, wish).await.map_err(ApiError::from),
        Err(refusal) => event_access::recalled(&state, &handle, asker, refusal).await,
    };
    match joined {
        Ok(_) => {}
        Err(refused) if !is_fit || matches!(refused, ApiError::Rejected(Rejection::EventNotPublished, _)) => {
            return Err(event_access::unless_hidden(&state, caller, handle.event(), refused).await);
        }
        Err(ApiError::Rejected(rejection, _)) => return Err(wish::refused(rejection)),
        Err(other) => return Err(other),
    }
    // An offer of the same turn is known as soon as the event has been looked at. What is unknown now has happened.
    handle.waitlist().await.map_err(|_| ApiError::OutcomeUnknown)?;
    let entry = show::entry(&state, handle.event(), caller.user).await.map_err(event_access::after_change)?;
    let entry = entry.ok_or(ApiError::Defect(Cow::Borrowed("an entry that was made has no row")))?;
    Ok((StatusCode::CREATED, Json(entry)))
}
