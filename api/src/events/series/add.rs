use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, Origin};
use persistence::{Event, EventCopies, Series};
use wire::{SeriesSessions, SessionsAdd};

use super::making::{Maker, session_key};
use super::shared::Shared;
use super::{SESSIONS_MAX, dates, view as series_view};
use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::events::copying::Original;
use crate::events::view;
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::time_zone::Zone;
use crate::{event_access, series_access};

/// Adds sessions to a series
///
/// Drafts with the words of the series, and the seats, tiers and rules of its first session or of the template that is
/// named. All of them are made, or none. A series has at most 500.
#[utoipa::path(post, path = "/series/{id}/sessions", tag = "series", request_body = SessionsAdd,
    params(("id" = Uuid, Path, description = "Series")), security(("bearer" = [])),
    responses((status = 201, description = "The series, and the sessions that are new", body = SeriesSessions), Written))]
pub async fn add(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<SessionsAdd>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let series = series_access::own(&state, caller, id).await?;
    let answer = async {
        let sessions = Box::pin(added(&state, caller, origin, &source, &series, body)).await?;
        let now = state.now();
        let sessions = sessions.into_iter().map(|session| view::brief(session, now)).collect();
        let shown = SeriesSessions { series: series_view::changed(&state, series.id).await?, sessions };
        Ok((StatusCode::CREATED, Json(shown)).into_response())
    };
    remembered(&state, origin.key, answer).await
}

async fn added(
    state: &AppState,
    caller: Caller,
    origin: Origin,
    source: &Source,
    series: &Series,
    body: SessionsAdd,
) -> Result<Vec<Event>, ApiError> {
    let before = made_before(state, origin).await?;
    if !before.is_empty() {
        return Ok(before);
    }
    let shared = Shared::read(&series.words)?;
    let zone =
        Zone::find(&shared.timezone).ok_or_else(|| ApiError::Defect("a series in a zone that is none".into()))?;
    let dates = dates::read(state.now(), &zone, body.sessions, body.repeat)?;
    let template = template(state, caller, series, body.template).await?;
    let original = Original::read(state, template).await?;
    let source_event = original.event.id;
    let maker = Maker { state, caller, origin, source, series: series.id, shared: &shared };
    let (copies, mut entries) = maker.make(original, &dates).await?;
    let facts = serde_json::json!({"sessions": copies.len()});
    let entry = source.entry(&caller, Action::SeriesAddSessions).object(series.id).event(source_event).made(&facts);
    entries.push(entry.row(state.now()));
    let step = EventCopies { source: source_event, copies: &copies, entries: &entries };
    state.store.series_add(series.id, step, SESSIONS_MAX).await??;
    let stored = made_before(state, origin).await.map_err(|_| ApiError::OutcomeUnknown)?;
    if !stored.is_empty() {
        return Ok(stored);
    }
    let mut stored = Vec::with_capacity(copies.len());
    for copy in copies {
        stored.extend(state.store.event_find(copy.id).await.map_err(event_access::after_change)?);
    }
    Ok(stored)
}

/// Sessions that the request has made, the last time that it was sent.
async fn made_before(state: &AppState, origin: Origin) -> Result<Vec<Event>, ApiError> {
    let mut made = Vec::new();
    for number in 0..dates::SESSIONS_PER_CALL_MAX {
        let Some(key) = session_key(origin.key, number) else { break };
        let Some(session) = state.store.event_find_by_request(key).await? else { break };
        made.push(session);
    }
    Ok(made)
}

async fn template(
    state: &AppState,
    caller: Caller,
    series: &Series,
    named: Option<uuid::Uuid>,
) -> Result<Event, ApiError> {
    let Some(id) = named else {
        let first = state.store.series_sessions(series.id, false, None, 1).await?.pop();
        return first.ok_or_else(|| ApiError::invalid("template", "REQUIRED", "the series has no session to copy"));
    };
    let template = event_access::own(state, caller, EventId::from_uuid(id)).await?;
    if template.organizer_id != series.organizer_id {
        return Err(ApiError::invalid("template", "FOREIGN", "an event of the series' organizer"));
    }
    Ok(template)
}
