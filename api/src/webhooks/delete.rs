use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::own;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::webhook;

/// Deletes a webhook
///
/// With its log. What is being sent at this moment may still arrive.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook")), security(("bearer" = [])),
    responses((status = 204, description = "It is gone"), Written))]
pub async fn delete(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    remembered(&state, origin.key, async {
        let webhook = own(&state, caller, id).await?;
        let entry = source.entry(&caller, Action::WebhookDelete).object(id);
        let entry = entry.removed(&webhook::shown(&webhook)).row(state.now());
        if state.store.webhook_delete(id, &entry).await? {
            Ok(StatusCode::NO_CONTENT.into_response())
        } else {
            Err(ApiError::NotFound(Noun::Webhook))
        }
    })
    .await
}
