use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, Origin, UserId};
use persistence::EventStatus;
use wire::{Event, EventCreate};

use super::{spec, view};
use crate::error::ApiError;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::{ids, time};

/// Creates a draft
///
/// For organizers. Nobody else sees it before it is published.
#[utoipa::path(post, path = "/events", tag = "events", request_body = EventCreate, security(("bearer" = [])),
    responses((status = 201, description = "The draft", body = Event), Written))]
pub async fn create(State(state): State<AppState>, write: Write<EventCreate>) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    caller.organizer()?;
    let answer = async {
        let id = EventId::from_uuid(ids::mint(state.now()));
        let event = create_draft(&state, id, caller.user, origin, body).await?;
        Ok((StatusCode::CREATED, Json(view::brief(event))).into_response())
    };
    remembered(&state, origin.key, answer).await
}

/// The policy first, then the row: an event that can be found has its rules. The same key finds the event that it made
/// before, even when nobody learnt of it.
///
/// # Errors
/// The fields at fault; the engine or the store is not available.
pub async fn create_draft(
    state: &AppState,
    id: EventId,
    organizer: UserId,
    origin: Origin,
    body: EventCreate,
) -> Result<persistence::Event, ApiError> {
    let now = state.now();
    let policy = spec::policy(now, &body)?;
    let handle = state.directory.open(id).await?;
    handle.set_policy(engine::Caller { user: organizer, request: origin.request, key: None }, policy).await?;
    let event = persistence::Event {
        id,
        organizer_id: organizer,
        title: body.title,
        description: body.description,
        location: body.location,
        timezone: body.timezone.unwrap_or_else(|| spec::TIMEZONE_DEFAULT.to_owned()),
        starts_at: time::time_us(body.starts_at),
        ends_at: body.ends_at.map(time::time_us),
        currency: body.currency,
        status: EventStatus::Draft,
        created_at: now,
        request_key: origin.key.map(|key| key.key),
        images: Vec::new(),
    };
    Ok(state.store.event_insert(&event).await?)
}
