use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::{EventId, Rejection};
use persistence::{AuditEntry, EventStatus};
use wire::{Event, EventPatch, FieldError};

use super::words::Words;
use super::{life, spec, view};
use crate::audit_log::{Action, Entry, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::tier_view::Sight;
use crate::{event_access, time};

/// Changes an event
///
/// What is absent stays. Not once it is cancelled or over. Date, place and time zone stand fast once anything is sold, the
/// currency from the start.
#[utoipa::path(patch, path = "/events/{id}", tag = "events", request_body = EventPatch,
    params(("id" = Uuid, Path, description = "Event")), security(("bearer" = [])),
    responses((status = 200, description = "The event as it is now", body = Event), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<EventPatch>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let answer = async {
        let id = EventId::from_uuid(id);
        let entry = source.entry(&caller, Action::EventUpdate).event(id).object(id);
        Ok(Json(Box::pin(change(&state, caller, id, body, entry)).await?).into_response())
    };
    remembered(&state, origin.key, answer).await
}

async fn change(
    state: &AppState,
    caller: Caller,
    id: EventId,
    patch: EventPatch,
    entry: Entry,
) -> Result<Event, ApiError> {
    let event = event_access::own(state, caller, id).await?;
    let handle = event_access::handle(state, id).await?;
    let asker = engine::Caller { user: caller.user, request: None, key: None };
    let (now, layout_before) = (state.now(), handle.layout());
    let shown = |event| view::full(event, &handle.layout(), &Sight::ALL, now);
    // Made when the rules have been changed: the layout afterwards is the event's own.
    let entry = |before, after: &persistence::Event| {
        let before = view::full(before, &layout_before, &Sight::ALL, now);
        Some(entry.change(&before, &shown(after.clone())).row(now))
    };
    change_event(state, &handle, asker, event, &patch, entry).await.map(shown)
}

/// Rules first: they can be refused. The words that follow cannot, but for a sale or a title between the two. With the
/// `entry` that is made of the event before and after.
///
/// # Errors
/// The fields at fault, or that stand fast; the core's refusal.
pub async fn change_event(
    state: &AppState,
    handle: &engine::EventHandle,
    asker: engine::Caller,
    event: persistence::Event,
    patch: &EventPatch,
    entry: impl FnOnce(persistence::Event, &persistence::Event) -> Option<AuditEntry> + Send,
) -> Result<persistence::Event, ApiError> {
    let now = state.now();
    if event.status == EventStatus::Cancelled {
        return Err(Rejection::EventCancelled.into());
    }
    if event.status == EventStatus::Published && life::has_ended(&event, now) {
        return Err(ApiError::EventEnded);
    }
    let (words, rules) = spec::patched(now, &event, patch)?;
    let words = as_stored(words, patch);
    if patch.currency.as_ref().is_some_and(|currency| *currency != event.currency) {
        return Err(ApiError::Frozen(vec![frozen("currency", "prices are in it; make a new event")]));
    }
    let frozen = frozen_when_sold(&event, &words);
    if !frozen.is_empty() && state.store.event_is_sold(event.id).await? {
        return Err(ApiError::Frozen(frozen));
    }
    if let Some(rules) = rules {
        handle.patch_policy(asker, rules).await?;
    }
    let words = persistence::EventPatch { only_unsold: !frozen.is_empty(), ..words };
    let updated = state.store.event_update_audited(event.id, &words, now, entry).await;
    match updated.map_err(event_access::after_change)? {
        Some(event) => Ok(event),
        None if frozen.is_empty() => Err(ApiError::NotFound(Noun::Event)),
        None => Err(ApiError::Frozen(frozen)),
    }
}

pub fn as_stored(words: Words, patch: &EventPatch) -> persistence::EventPatch {
    persistence::EventPatch {
        title: words.title,
        description: words.description,
        organization: words.organization,
        rating: words.rating,
        location: words.location,
        address: words.address,
        city: words.city,
        country: words.country,
        latitude_e6: words.coordinates.map(|(latitude, _)| latitude),
        longitude_e6: words.coordinates.map(|(_, longitude)| longitude),
        category: words.category,
        tags: words.tags,
        timezone: words.timezone,
        starts_at: patch.starts_at.map(time::time_us),
        ends_at: patch.ends_at.map(time::time_us),
        only_unsold: false,
    }
}

fn frozen_when_sold(event: &persistence::Event, patch: &persistence::EventPatch) -> Vec<FieldError> {
    let moved = patch.moves(event).into_iter();
    moved.map(|field| frozen(field, "stands fast once anything is sold; cancel the event, or make a new one")).collect()
}

fn frozen(field: &str, message: &str) -> FieldError {
    FieldError { field: field.to_owned(), code: "FROZEN".to_owned(), message: message.to_owned() }
}
