use std::borrow::Cow;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, UserId};
use persistence::EventStatus;
use wire::{Feedback, FeedbackPost};

use super::render;
use crate::auth::Caller;
use crate::error::{ApiError, Conflict, Forbidden};
use crate::event_access;
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

const RATING_MAX: u32 = 5;
const TEXT_CHARS_MAX: usize = 4_000;

/// Rates an event
///
/// Once it has started, by those who hold a ticket. Again: replaces what the account said before.
#[utoipa::path(post, path = "/events/{id}/feedback", tag = "audience", request_body = FeedbackPost,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 201, description = "The account's first", body = Feedback),
        (status = 200, description = "Replaced", body = Feedback), Written))]
pub async fn post(
    State(state): State<AppState>,
    PathId(event): PathId,
    write: Write<FeedbackPost>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let event = EventId::from_uuid(event);
    let answer = async {
        check(&body)?;
        may_rate(&state, caller, event).await?;
        let is_first = state.store.feedback_put(event, caller.user, body.rating, &body.text, state.now()).await?;
        let kept = kept(&state, event, caller.user).await?;
        let status = if is_first { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, Json(kept)).into_response())
    };
    remembered(&state, origin.key, answer).await
}

fn check(body: &FeedbackPost) -> Result<(), ApiError> {
    let mut errors = FieldErrors::default();
    if !(1..=RATING_MAX).contains(&body.rating) {
        errors.add("rating", "OUT_OF_RANGE", format!("1 to {RATING_MAX}"));
    }
    if body.text.chars().count() > TEXT_CHARS_MAX {
        errors.add("text", "LENGTH", format!("at most {TEXT_CHARS_MAX} characters"));
    }
    Ok(errors.none()?)
}

/// A cancelled event was not attended by anybody: it is like one that never starts.
async fn may_rate(state: &AppState, caller: Caller, event: EventId) -> Result<(), ApiError> {
    let event = event_access::visible(state, Some(caller), event).await?;
    if event.status != EventStatus::Published || event.starts_at > state.now() {
        return Err(ApiError::Conflict(Conflict::EventNotStarted));
    }
    if !state.store.guest_holds_ticket(event.id, caller.user).await? {
        return Err(ApiError::Forbidden(Forbidden::TicketRequired));
    }
    Ok(())
}

async fn kept(state: &AppState, event: EventId, user: UserId) -> Result<Feedback, ApiError> {
    let kept = state.store.feedback_find(event, user).await.map_err(event_access::after_change)?;
    kept.map(render).ok_or(ApiError::Defect(Cow::Borrowed("feedback was kept and is not there")))
}
