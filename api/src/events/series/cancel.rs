use axum::Json;
use axum::extract::State;
use wire::SessionOutcomes;

use super::each::{self, Asker, Fate};
use crate::audit_log::Source;
use crate::error::ApiError;
use crate::extract::{Empty, PathId};
use crate::idempotency::Write;
use crate::problems::Written;
use crate::series_access;
use crate::state::AppState;

/// Cancels a series
///
/// Every session of it, for good, drafts as well.
#[utoipa::path(post, path = "/series/{id}/cancel", tag = "series", params(("id" = Uuid, Path, description = "Series")),
    security(("bearer" = [])),
    responses((status = 200, description = "What became of every session", body = SessionOutcomes), Written))]
pub async fn cancel(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Json<SessionOutcomes>, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let series = series_access::own(&state, caller, id).await?;
    let asker = Asker { state, caller, origin, source };
    each::each(&asker, series.id, Fate::Cancelled).await.map(Json)
}
