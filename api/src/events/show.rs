use axum::Json;
use axum::extract::State;
use inventory::{EventId, TimeUs};
use persistence::FeedbackTotals;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Event, FeedbackSummary};

use super::{life, view};
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::event_access::{self, Viewer};
use crate::extract::{IdOrSlug, PathIdOrSlug, Query};
use crate::problems::Read;
use crate::state::AppState;
use crate::tier_view::Sight;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShowQuery {
    /// Shows the hidden tiers that it opens.
    access_code: Option<String>,
}

/// Shows an event
///
/// With its tiers and rules. Found by its slug as well.
#[utoipa::path(get, path = "/events/{id}", tag = "events",
    params(("id" = String, Path, description = "Event: its id or its slug"), ShowQuery), security((), ("bearer" = [])),
    responses((status = 200, description = "The event", body = Event), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathIdOrSlug(event): PathIdOrSlug,
    Viewer(viewer): Viewer,
    Query(query): Query<ShowQuery>,
) -> Result<Json<Event>, ApiError> {
    let event = found(&state, viewer, event).await?;
    let handle = state.directory.open(event.id).await?;
    let runs = viewer.is_some_and(|viewer| event_access::runs(viewer, &event));
    let sight = Sight::of(&state, &handle, runs, query.access_code.as_deref()).await?;
    let now = state.now();
    let feedback = feedback(&state, &event, now).await?;
    Ok(Json(Event { feedback, ..view::full(event, &handle.layout(), &sight, now) }))
}

/// Nobody can say anything before it begins: while it is on sale the store is not asked.
async fn feedback(
    state: &AppState,
    event: &persistence::Event,
    now: TimeUs,
) -> Result<Option<FeedbackSummary>, ApiError> {
    if !life::has_started(event, now) {
        return Ok(None);
    }
    let FeedbackTotals { count, sum } = state.store.feedback_totals(event.id).await?;
    let average = (count > 0).then(|| f64::from(sum) / f64::from(count));
    Ok(Some(FeedbackSummary { count, average }))
}

async fn found(state: &AppState, viewer: Option<Caller>, event: IdOrSlug) -> Result<persistence::Event, ApiError> {
    let id = match event {
        IdOrSlug::Id(id) => EventId::from_uuid(id),
        // Postgres stores no NUL, so that no slug has one; asked for one it would fail.
        IdOrSlug::Slug(slug) if slug.contains('\0') => return Err(ApiError::NotFound(Noun::Event)),
        IdOrSlug::Slug(slug) => {
            let event = state.store.event_find_by_slug(&slug).await?.ok_or(ApiError::NotFound(Noun::Event))?;
            event.id
        }
    };
    match event_access::visible(state, viewer, id).await {
        // Deleted, perhaps.
        Err(ApiError::NotFound(Noun::Event)) if viewer.is_some_and(|viewer| viewer.is_admin()) => {
            state.store.event_find_any(id).await?.ok_or(ApiError::NotFound(Noun::Event))
        }
        found => found,
    }
}
