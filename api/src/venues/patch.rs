use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use wire::{Venue, VenuePatch};

use super::{spec, view};
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::venue_access;

/// Changes a venue
///
/// What is absent stays; `null` takes the coordinates away. Events that took a map of it are not touched.
#[utoipa::path(patch, path = "/venues/{id}", tag = "venues", request_body = VenuePatch,
    params(("id" = Uuid, Path, description = "Venue")), security(("bearer" = [])),
    responses((status = 200, description = "The venue as it is now", body = Venue), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<VenuePatch>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    let venue = venue_access::own(&state, caller, id).await?.id;
    let answer = async {
        let entry = source.entry(&caller, Action::VenueUpdate).object(venue);
        let entry = |before: persistence::Venue, after: &persistence::Venue| {
            let is_change = before != *after;
            let entry = entry.change(&view::venue(before), &view::venue(after.clone()));
            is_change.then(|| entry.row(state.now()))
        };
        let changed = state.store.venue_update(venue, &spec::check(body)?, entry).await?;
        Ok(Json(view::venue(changed.ok_or(ApiError::NotFound(Noun::Venue))?)).into_response())
    };
    remembered(&state, origin.key, answer).await
}
