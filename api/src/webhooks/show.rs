use axum::Json;
use axum::extract::State;
use wire::Webhook;

use super::own;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;
use crate::webhook;

/// Shows a webhook
///
/// To its owner, without its secret.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path, description = "Webhook")),
    security(("bearer" = [])), responses((status = 200, description = "The webhook", body = Webhook), Read))]
pub async fn show(
    State(state): State<AppState>,
    PathId(id): PathId,
    caller: Caller,
) -> Result<Json<Webhook>, ApiError> {
    Ok(Json(webhook::shown(&own(&state, caller, id).await?)))
}
