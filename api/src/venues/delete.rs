use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::view;
use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::venue_access;

/// Deletes a venue
///
/// With its seat maps. Events that took a map of it keep their copy.
#[utoipa::path(delete, path = "/venues/{id}", tag = "venues", params(("id" = Uuid, Path, description = "Venue")),
    security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), Written))]
pub async fn delete(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    remembered(&state, origin.key, gone(&state, caller, id, &source)).await
}

async fn gone(state: &AppState, caller: Caller, id: uuid::Uuid, source: &Source) -> Result<Response, ApiError> {
    let venue = venue_access::own(state, caller, id).await?;
    let id = venue.id;
    let entry = source.entry(&caller, Action::VenueDelete).object(id).removed(&view::venue(venue)).row(state.now());
    if state.store.venue_delete(id, Some(&entry)).await? {
        Ok(StatusCode::NO_CONTENT.into_response())
    } else {
        Err(ApiError::NotFound(Noun::Venue))
    }
}
