use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, Origin};
use persistence::EventCopies;
use serde_json::json;
use wire::{Event, EventClone};

use super::copying::Original;
use super::{spec, view, words};
use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Conflict};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::{event_access, time};

/// Clones an event
///
/// A draft at another time, with the seats and areas of the original and what is withheld of them, its tiers with their
/// refund steps, access and discount codes, rules, check-in lists, the cut-off for naming attendees, waitlist and waiting room
/// with nobody in them, words and pictures. Nothing of what was sold or used: codes begin at zero. Nobody's role at the
/// event, no scanner and no priority pass. Every time that the original names (sale windows, price steps, refunds, doors, the
/// waitlist, the waiting room) keeps its distance to the start by the venue's clock: a sale that began at 10:00 does so
/// again. A beacon of the waiting room has to be named anew.
#[utoipa::path(post, path = "/events/{id}/clone", tag = "events", request_body = EventClone,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 201, description = "The draft", body = Event), Written))]
pub async fn clone(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<EventClone>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let original = event_access::own(&state, caller, EventId::from_uuid(id)).await?;
    let answer = async {
        let event = Box::pin(copied(&state, caller, origin, &source, original, body)).await?;
        Ok((StatusCode::CREATED, Json(view::brief(event, state.now()))).into_response())
    };
    remembered(&state, origin.key, answer).await
}

async fn copied(
    state: &AppState,
    caller: Caller,
    origin: Origin,
    source: &Source,
    original: persistence::Event,
    body: EventClone,
) -> Result<persistence::Event, ApiError> {
    let request_key = origin.key.map(|key| key.key);
    if let Some(key) = request_key
        && let Some(made) = state.store.event_find_by_request(key).await?
    {
        return Ok(made);
    }
    let now = state.now();
    let (title, date) = spec::cloned(now, &body)?;
    let original = Original::read(state, original).await?;
    let mut copy = original.draft(now, date, request_key);
    if let Some(title) = title {
        copy.slug = words::slug(&title);
        copy.title = title;
    }
    if state.store.event_title_is_taken(copy.organizer_id, copy.starts_at, &copy.title, request_key).await? {
        return Err(ApiError::Conflict(Conflict::EventTitleTaken));
    }
    state.store.event_copies_begin(std::slice::from_ref(&copy)).await?;
    original.write(state, &mut copy, origin, caller.user).await?;
    let facts =
        json!({"original": original.event.id.uuid(), "title": copy.title, "starts_at": time::utc(copy.starts_at)});
    let entry = source.entry(&caller, Action::EventClone).event(copy.id).object(copy.id).made(&facts).row(now);
    let copies = EventCopies { source: original.event.id, copies: &[copy], entries: &[entry] };
    Ok(state.store.event_copy_finish(copies).await?)
}
