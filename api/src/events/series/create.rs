use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::{EventId, Origin};
use persistence::{Event, EventCopies, EventStatus, Series};
use serde_json::json;
use wire::{SeriesCreate, SeriesSessions};

use super::making::Maker;
use super::shared::Shared;
use super::{SESSIONS_MAX, dates, view as series_view};
use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Conflict};
use crate::events::copying::{Date, Original};
use crate::events::view;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::time_zone::Zone;
use crate::{event_access, ids};

/// Makes a series of an event
///
/// For its organizer. Each date becomes a session: an event of its own that is cloned from the template, a draft. A date that
/// is the template's makes the template that session. All sessions are made, or none.
#[utoipa::path(post, path = "/series", tag = "series", request_body = SeriesCreate, security(("bearer" = [])),
    responses((status = 201, description = "The series with its sessions", body = SeriesSessions), Written))]
pub async fn create(
    State(state): State<AppState>,
    source: Source,
    write: Write<SeriesCreate>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    caller.organizer()?;
    let template = event_access::own(&state, caller, EventId::from_uuid(body.template)).await?;
    let answer = async {
        let series = Box::pin(made(&state, caller, origin, &source, template, body)).await?;
        let limit = u32::try_from(SESSIONS_MAX).unwrap_or(u32::MAX);
        let sessions = state.store.series_sessions(series.id, false, None, limit).await;
        let sessions = sessions.map_err(event_access::after_change)?;
        let now = state.now();
        let sessions = sessions.into_iter().map(|session| view::brief(session, now)).collect();
        let shown = SeriesSessions { series: series_view::changed(&state, series.id).await?, sessions };
        Ok((StatusCode::CREATED, Json(shown)).into_response())
    };
    remembered(&state, origin.key, answer).await
}

async fn made(
    state: &AppState,
    caller: Caller,
    origin: Origin,
    source: &Source,
    template: Event,
    body: SeriesCreate,
) -> Result<Series, ApiError> {
    let request_key = origin.key.map(|key| key.key);
    if let Some(key) = request_key
        && let Some(made) = state.store.series_find_by_request(key).await?
    {
        return Ok(made);
    }
    if template.series_id.is_some() {
        return Err(ApiError::Conflict(Conflict::EventInSeries));
    }
    let now = state.now();
    let mut dates = dates::read(now, &Zone::of(&template), body.sessions, body.repeat)?;
    let joins = joins(&template, &mut dates)?;
    let shared = Shared::of(&template);
    let series = Series {
        id: ids::mint(now),
        organizer_id: template.organizer_id,
        words: shared.text()?,
        created_at: now,
        request_key,
    };
    let original = Original::read(state, template).await?;
    let template = original.event.id;
    let maker = Maker { state, caller, origin, source, series: series.id, shared: &shared };
    let (copies, mut entries) = maker.make(original, &dates).await?;
    let sessions = copies.len() + usize::from(joins);
    let facts = json!({"title": shared.title, "template": template.uuid(), "sessions": sessions});
    let entry = source.entry(&caller, Action::SeriesCreate).object(series.id).made(&facts);
    let entry = if joins { entry.event(template) } else { entry };
    entries.push(entry.row(now));
    let copies = EventCopies { source: template, copies: &copies, entries: &entries };
    Ok(state.store.series_create(&series, joins.then_some(template), copies).await??)
}

/// Whether the template is a session itself. Its own date is then taken from the others.
fn joins(template: &Event, dates: &mut Vec<Date>) -> Result<bool, ApiError> {
    if template.status == EventStatus::Cancelled {
        return Ok(false);
    }
    let Some(at) = dates.iter().position(|date| date.starts_at == template.starts_at) else { return Ok(false) };
    if dates[at].ends_at.is_some() && dates[at].ends_at != template.ends_at {
        let field = format!("sessions[{at}].ends_at");
        return Err(ApiError::invalid(
            field,
            "UNEXPECTED",
            "this date is the template's own, which ends at another time",
        ));
    }
    dates.remove(at);
    Ok(true)
}
