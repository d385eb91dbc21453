use axum::Json;
use axum::extract::State;
use wire::Venue;

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::venue_access;

/// Shows a venue
#[utoipa::path(get, path = "/venues/{id}", tag = "venues", params(("id" = Uuid, Path, description = "Venue")),
    security(("bearer" = [])),
    responses((status = 200, description = "The venue", body = Venue), Read,
        (status = 403, description = "ROLE_REQUIRED", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn show(State(state): State<AppState>, PathId(id): PathId, caller: Caller) -> Result<Json<Venue>, ApiError> {
    Ok(Json(view::venue(venue_access::own(&state, caller, id).await?)))
}
