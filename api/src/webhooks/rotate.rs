use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use wire::WebhookIssued;

use super::own;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;
use crate::time;
use crate::webhook::{self, Secret};

/// Both secrets sign for so long, so that the receiver may change over in between.
const OLD_GOOD_FOR: Duration = Duration::from_secs(24 * 3_600);

/// Gives a webhook another secret
///
/// Shown this once. The one before signs beside it for 24 hours; a third one ends it at once.
#[utoipa::path(post, path = "/webhooks/{id}/rotate-secret", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook")), security(("bearer" = [])),
    responses((status = 200, description = "The webhook and its new secret", body = WebhookIssued), Written))]
pub async fn rotate(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    remembered(&state, origin.key, async {
        own(&state, caller, id).await?;
        let (now, secret) = (state.now(), Secret::random());
        let sealed = secret.sealed(&state.seals, id).map_err(super::defect)?;
        let entry = source.entry(&caller, Action::WebhookRotate).object(id).row(now);
        let rotated = state.store.webhook_rotate(id, &sealed, time::plus(now, OLD_GOOD_FOR), &entry).await?;
        let webhook = webhook::shown(&rotated.ok_or(ApiError::NotFound(Noun::Webhook))?);
        Ok(Json(WebhookIssued { webhook, secret: secret.into_text() }).into_response())
    })
    .await
}
