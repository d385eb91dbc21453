use axum::Json;
use axum::extract::State;
use inventory::EventId;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::Event;

use super::view;
use crate::error::ApiError;
use crate::event_access::{self, Viewer};
use crate::extract::{PathId, Query};
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
/// With its tiers and rules.
#[utoipa::path(get, path = "/events/{id}", tag = "events", params(("id" = Uuid, Path, description = "Event"), ShowQuery),
    security((), ("bearer" = [])),
    responses((status = 200, description = "The event", body = Event), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(id): PathId,
    Viewer(viewer): Viewer,
    Query(query): Query<ShowQuery>,
) -> Result<Json<Event>, ApiError> {
    let event = event_access::visible(&state, viewer, EventId::from_uuid(id)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let runs = viewer.is_some_and(|viewer| event_access::runs(viewer, &event));
    let sight = Sight::new(runs, query.access_code.as_deref());
    Ok(Json(view::full(event, &handle.layout(), &sight)))
}
