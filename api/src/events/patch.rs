use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::{EventId, Layout, Rejection};
use persistence::EventStatus;
use wire::{Event, EventPatch, FieldError};

use super::words::Words;
use super::{life, spec, view};
use crate::audit_log::{self, Action, Entry, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::field_errors::field_error;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::tier_view::Sight;
use crate::{event_access, time};

/// Changes an event
///
/// What is absent stays; `null` takes away what an event can do without. Not once it is cancelled or over. Date, place and time zone stand fast once anything is sold, the
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
    let event = change_event(state, &handle, asker, event, &patch, entry).await?;
    Ok(view::full(event, &handle.layout(), &Sight::ALL, state.now()))
}

/// Words first: a title or a sale may refuse them, and then nothing has changed. The rules that follow were checked, and
/// are refused by a cancellation between the two alone. Each of the two has its entry in the audit log, since they may part.
///
/// # Errors
/// The fields at fault, or that stand fast; the title is taken; the event was cancelled. Outcome unknown when words have
/// changed and rules may not have.
async fn change_event(
    state: &AppState,
    handle: &engine::EventHandle,
    asker: engine::Caller,
    event: persistence::Event,
    patch: &EventPatch,
    entry: Entry,
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
    let words = persistence::EventPatch { only_unsold: !frozen.is_empty(), ..words };
    let is_worded = words != persistence::EventPatch { only_unsold: words.only_unsold, ..Default::default() };
    let layout = handle.layout();
    let shown = |event: &persistence::Event, layout: &Layout| view::full(event.clone(), layout, &Sight::ALL, now);
    let of_words = |before: persistence::Event, after: &persistence::Event| {
        let entry = entry.clone().change(&shown(&before, &layout), &shown(after, &layout));
        (is_worded || rules.is_none()).then(|| entry.row(now))
    };
    let changed = match state.store.event_update_audited(event.id, &words, now, of_words).await? {
        Some(event) => event,
        None if frozen.is_empty() => return Err(ApiError::NotFound(Noun::Event)),
        None => return Err(ApiError::Frozen(frozen)),
    };
    if let Some(rules) = rules {
        let done = match handle.patch_policy(asker, rules).await {
            Ok(done) => done,
            Err(_) if is_worded => return Err(ApiError::OutcomeUnknown),
            Err(refused) => return Err(refused.into()),
        };
        let before = if is_worded { &changed } else { &event };
        let entry = entry.change(&shown(before, &layout), &shown(&changed, &handle.layout()));
        audit_log::write(state, entry.once_per(done.lsn)).await;
    }
    Ok(changed)
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
        coordinates: words.coordinates,
        category: words.category,
        tags: words.tags,
        timezone: words.timezone,
        starts_at: patch.starts_at.map(time::time_us),
        ends_at: patch.ends_at.map(|at| at.map(time::time_us)),
        only_unsold: false,
    }
}

fn frozen_when_sold(event: &persistence::Event, patch: &persistence::EventPatch) -> Vec<FieldError> {
    let moved = patch.moves(event).into_iter();
    moved.map(|field| frozen(field, "stands fast once anything is sold; cancel the event, or make a new one")).collect()
}

fn frozen(field: &str, message: &str) -> FieldError {
    field_error(field, "FROZEN", message)
}
