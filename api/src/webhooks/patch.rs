use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use wire::{Webhook, WebhookPatch};

use super::{own, spec};
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::webhook;

/// Changes a webhook
///
/// What is absent stays. Switched on, it is sent what waits for it at once.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", request_body = WebhookPatch,
    params(("id" = Uuid, Path, description = "Webhook")), security(("bearer" = [])),
    responses((status = 200, description = "The webhook as it is now", body = Webhook), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<WebhookPatch>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    remembered(&state, origin.key, async {
        let before = own(&state, caller, id).await?;
        let allow_private = state.config.jobs.webhook_allow_private;
        let checked = spec::check(body.url.as_deref(), body.types.as_deref(), allow_private)?;
        let patch = persistence::WebhookPatch { is_active: body.active, ..checked };
        let entry = source.entry(&caller, Action::WebhookUpdate).object(id);
        let entry = |after: &persistence::Webhook| {
            entry.change(&webhook::shown(&before), &webhook::shown(after)).row(state.now())
        };
        let changed = state.store.webhook_update(id, &patch, entry).await?;
        Ok(Json(webhook::shown(&changed.ok_or(ApiError::NotFound(Noun::Webhook))?)).into_response())
    })
    .await
}
