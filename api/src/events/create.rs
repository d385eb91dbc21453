use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, Origin, Policy, UserId};
use persistence::{AuditEntry, EventStatus};
use wire::{Event, EventCreate};

use super::{spec, view, words};
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::{ids, time};

/// Creates a draft
///
/// For organizers. Nobody else sees it before it is published. An organizer has one event of a title at a time of start:
/// the same show at another time is another event, and a form sent twice is not.
#[utoipa::path(post, path = "/events", tag = "events", request_body = EventCreate, security(("bearer" = [])),
    responses((status = 201, description = "The draft", body = Event), Written))]
pub async fn create(
    State(state): State<AppState>,
    source: Source,
    write: Write<EventCreate>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    caller.organizer()?;
    let answer = async {
        let id = EventId::from_uuid(ids::mint(state.now()));
        let (event, policy) = drafted(&state, id, caller.user, origin, body)?;
        let now = state.now();
        let entry = source.entry(&caller, Action::EventCreate).event(id).object(id);
        let entry = |stored: &persistence::Event| Some(entry.made(&view::brief(stored.clone(), now)).row(now));
        let event = Box::pin(store_audited(&state, event, policy, origin, entry)).await?;
        Ok((StatusCode::CREATED, Json(view::brief(event, now))).into_response())
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
    let (event, policy) = drafted(state, id, organizer, origin, body)?;
    store_draft(state, event, policy, origin).await
}

fn drafted(
    state: &AppState,
    id: EventId,
    organizer: UserId,
    origin: Origin,
    body: EventCreate,
) -> Result<(persistence::Event, Policy), ApiError> {
    let now = state.now();
    let (words, policy) = spec::created(now, &body)?;
    let event = persistence::Event {
        id,
        organizer_id: organizer,
        slug: words::slug(&body.title),
        title: body.title,
        description: body.description,
        organization: body.organization,
        rating: body.rating,
        location: body.location,
        address: body.address,
        city: body.city,
        country: body.country,
        latitude_e6: words.coordinates.flatten().map(|(latitude, _)| latitude),
        longitude_e6: words.coordinates.flatten().map(|(_, longitude)| longitude),
        category: words.category.unwrap_or_default(),
        tags: words.tags.unwrap_or_default(),
        series_id: None,
        timezone: body.timezone.unwrap_or_else(|| spec::TIMEZONE_DEFAULT.to_owned()),
        starts_at: time::time_us(body.starts_at),
        ends_at: body.ends_at.map(time::time_us),
        currency: body.currency,
        status: EventStatus::Draft,
        revision: 0,
        created_at: now,
        changed_at: now,
        deleted_at: None,
        request_key: origin.key.map(|key| key.key),
        images: Vec::new(),
    };
    Ok((event, policy))
}

/// # Errors
/// The organizer has an event of this title at this time; the engine or the store is not available.
pub async fn store_draft(
    state: &AppState,
    event: persistence::Event,
    policy: Policy,
    origin: Origin,
) -> Result<persistence::Event, ApiError> {
    store_audited(state, event, policy, origin, |_| None).await
}

/// With the `entry` that is made of the stored event.
async fn store_audited(
    state: &AppState,
    event: persistence::Event,
    policy: Policy,
    origin: Origin,
    entry: impl FnOnce(&persistence::Event) -> Option<AuditEntry> + Send,
) -> Result<persistence::Event, ApiError> {
    let persistence::Event { organizer_id, starts_at, request_key, .. } = event;
    // Asked before there is a journal that no event would go with.
    if state.store.event_title_is_taken(organizer_id, starts_at, &event.title, request_key).await? {
        return Err(ApiError::Conflict(Conflict::EventTitleTaken));
    }
    let handle = state.directory.open(event.id).await?;
    handle.set_policy(engine::Caller { user: organizer_id, request: origin.request, key: None }, policy).await?;
    Ok(state.store.event_insert_audited(&event, entry).await?)
}
