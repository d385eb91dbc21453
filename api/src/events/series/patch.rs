use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::TimeUs;
use persistence::{Event, EventStatus, SeriesChange, SeriesChanged};
use wire::{EventPatch, SeriesPatch, SeriesUpdated, SessionKept};

use super::shared::Shared;
use super::view as series_view;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::events::{life, patch as event_patch, view, words};
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::series_access;
use crate::state::AppState;

/// Changes a series
///
/// And with it every session that may still change so: not those that are over or cancelled, nor, when the place or time zone
/// is another one, those of which something is sold. The answer names them. All other sessions are changed, or, where one
/// refuses a title, none.
#[utoipa::path(patch, path = "/series/{id}", tag = "series", request_body = SeriesPatch,
    params(("id" = Uuid, Path, description = "Series")), security(("bearer" = [])),
    responses((status = 200, description = "The series as it is now, and what became of its sessions",
        body = SeriesUpdated), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<SeriesPatch>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let series = series_access::own(&state, caller, id).await?;
    let answer = async {
        let now = state.now();
        let wanted = checked(body)?;
        // What is kept reads as what was written: a defect is told before anything is changed.
        let before = Shared::read(&series.words)?;
        let after = before.clone().patched(&wanted);
        let entry = source.entry(&caller, Action::SeriesUpdate).object(series.id).change(&before, &after).row(now);
        let session_entry = |before: &Event, after: &Event| {
            let (old, new) = (view::brief(before.clone(), now), view::brief(after.clone(), now));
            let entry = source.entry(&caller, Action::EventUpdate).event(after.id).object(after.id);
            entry.change(&old, &new).row(now)
        };
        let change = SeriesChange {
            series: series.id,
            patch: &wanted,
            now,
            words: &|text| with_patch(text, &wanted),
            is_over: &|event| over(event, now).is_some(),
            entry: &entry,
            session_entry: &session_entry,
        };
        let changed = state.store.series_update(&change).await?.ok_or(ApiError::NotFound(Noun::Series))?;
        Ok(Json(shown(&state, series.id, &wanted, changed, now).await?).into_response())
    };
    remembered(&state, origin.key, answer).await
}

/// # Errors
/// The fields at fault, as an event would name them.
fn checked(patch: SeriesPatch) -> Result<persistence::EventPatch, FieldErrors> {
    let patch = EventPatch {
        title: patch.title,
        description: patch.description,
        organization: patch.organization,
        rating: patch.rating,
        location: patch.location,
        address: patch.address,
        city: patch.city,
        country: patch.country,
        coordinates: patch.coordinates,
        category: patch.category,
        tags: patch.tags,
        timezone: patch.timezone,
        ..EventPatch::default()
    };
    let mut errors = FieldErrors::default();
    let words = words::patched(&mut errors, &patch);
    errors.none()?;
    Ok(event_patch::as_stored(words, &patch))
}

/// Words that nobody can read stay as they are.
fn with_patch(text: &str, patch: &persistence::EventPatch) -> String {
    let patched = Shared::read(text).and_then(|shared| shared.patched(patch).text());
    patched.unwrap_or_else(|_| text.to_owned())
}

/// Why an event does not change any more.
fn over(event: &Event, now: TimeUs) -> Option<ApiError> {
    match event.status {
        EventStatus::Cancelled => Some(inventory::Rejection::EventCancelled.into()),
        EventStatus::Published if life::has_ended(event, now) => Some(ApiError::EventEnded),
        EventStatus::Published | EventStatus::Draft => None,
    }
}

async fn shown(
    state: &AppState,
    series: uuid::Uuid,
    patch: &persistence::EventPatch,
    changed: SeriesChanged,
    now: TimeUs,
) -> Result<SeriesUpdated, ApiError> {
    let kept = |event: &Event, error: &ApiError, fields: Vec<&str>| SessionKept {
        event_id: event.id.uuid(),
        code: error.code().to_owned(),
        fields: fields.into_iter().map(str::to_owned).collect(),
    };
    let frozen = ApiError::Frozen(Vec::new());
    let over = changed.over.iter().filter_map(|event| Some(kept(event, &over(event, now)?, Vec::new())));
    let frozen = changed.frozen.iter().map(|event| kept(event, &frozen, patch.moves(event)));
    Ok(SeriesUpdated {
        series: series_view::changed(state, series).await?,
        changed: changed.changed.iter().map(|event| event.id.uuid()).collect(),
        kept: over.chain(frozen).collect(),
    })
}
