use axum::Json;
use axum::extract::State;
use inventory::{EventId, Phase, TierSpec};
use serde::Deserialize;
use utoipa::IntoParams;
use wire::Availability;

use crate::availability_view;
use crate::error::ApiError;
use crate::event_access::{self, Viewer};
use crate::extract::{PathId, Query};
use crate::problems::Read;
use crate::state::AppState;
use crate::tier_view::Sight;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AvailabilityQuery {
    /// Adds a letter for every seat.
    #[serde(default)]
    seats: bool,
    /// Only this section or area.
    section: Option<String>,
    /// Counts the hidden tiers that it opens.
    access_code: Option<String>,
}

/// Counts what is left
///
/// Read from the event itself: nothing older than the last durable change, nothing newer.
#[utoipa::path(get, path = "/events/{id}/availability", tag = "events",
    params(("id" = Uuid, Path, description = "Event"), AvailabilityQuery), security((), ("bearer" = [])),
    responses((status = 200, description = "Counts at one moment", body = Availability), Read,
        (status = 422, description = "There is no such section", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn availability(
    State(state): State<AppState>,
    PathId(id): PathId,
    Viewer(viewer): Viewer,
    Query(query): Query<AvailabilityQuery>,
) -> Result<Json<Availability>, ApiError> {
    let id = EventId::from_uuid(id);
    let handle = event_access::handle(&state, id).await?;
    let layout = handle.layout();
    if let Some(section) = &query.section
        && layout.section(section).is_none()
        && layout.area(section).is_none()
    {
        event_access::visible(&state, viewer, id).await?;
        return Err(ApiError::invalid("section", "UNKNOWN", "the event has no such section or area"));
    }
    let (now, rows) = if query.seats {
        let (now, rows) = handle.seats(query.section.clone()).await?;
        (now, Some(rows))
    } else {
        (handle.availability().await?, None)
    };
    // The store is asked only where it decides something: drafts and hidden tiers are for those who run the event, and what
    // is cancelled may be deleted.
    let has_secrets = now.phase != Phase::Published || layout.tiers().iter().any(TierSpec::is_hidden);
    let runs = if has_secrets {
        let event = event_access::visible(&state, viewer, id).await?;
        viewer.is_some_and(|viewer| event_access::runs(viewer, &event))
    } else {
        false
    };
    let sight = Sight::of(&state, &handle, runs, query.access_code.as_deref()).await?;
    let shows = |tier: &TierSpec| sight.shows(tier);
    Ok(Json(availability_view::render(now, rows, query.section.as_deref(), &layout, shows)))
}
