use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use super::shared::Shared;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::series_access;
use crate::state::AppState;

/// Deletes a series
///
/// Its sessions go on, each as an event by itself.
#[utoipa::path(delete, path = "/series/{id}", tag = "series", params(("id" = Uuid, Path, description = "Series")),
    security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), Written))]
pub async fn delete(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let answer = async {
        let series = series_access::own(&state, caller, id).await?;
        let title = Shared::read(&series.words)?.title;
        let entry = source.entry(&caller, Action::SeriesDelete).object(series.id).removed(&json!({"title": title}));
        if state.store.series_delete(series.id, &entry.row(state.now())).await? {
            Ok(StatusCode::NO_CONTENT.into_response())
        } else {
            Err(ApiError::NotFound(Noun::Series))
        }
    };
    remembered(&state, origin.key, answer).await
}
