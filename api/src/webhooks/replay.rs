use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::EventId;
use wire::{WebhookReplay, WebhookReplayed};

use super::own;
use crate::audit_log::{Action, Source};
use crate::error::ApiError;
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Sends again what a webhook was sent
///
/// Of one event, from a number on, in the same order; what is older than 30 days is left out. What comes next waits for it.
#[utoipa::path(post, path = "/webhooks/{id}/replay", tag = "webhooks", request_body = WebhookReplay,
    params(("id" = Uuid, Path, description = "Webhook")), security(("bearer" = [])),
    responses((status = 200, description = "What is sent again", body = WebhookReplayed), Written))]
pub async fn replay(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<WebhookReplay>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    remembered(&state, origin.key, async {
        let webhook = own(&state, caller, id).await?;
        let unknown =
            || ApiError::invalid("from_sequence", "OUT_OF_RANGE", "a number that the webhook was sent of this event");
        if body.from_sequence == 0 {
            return Err(unknown());
        }
        let event = EventId::from_uuid(body.event_id);
        let entry = source.entry(&caller, Action::WebhookReplay).event(event).object(id).row(state.now());
        let last = state.store.webhook_replay(webhook.id, event, body.from_sequence, &entry).await?;
        let to_sequence = last.ok_or_else(unknown)?;
        let WebhookReplay { event_id, from_sequence } = body;
        Ok(Json(WebhookReplayed { event_id, from_sequence, to_sequence }).into_response())
    })
    .await
}
