use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use persistence::Webhook;
use wire::{WebhookCreate, WebhookIssued};

use super::spec;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict};
use crate::idempotency::{Write, remembered};
use crate::ids;
use crate::problems::Written;
use crate::state::AppState;
use crate::webhook::{self, Secret};

/// Of one account.
const WEBHOOKS_MAX: u32 = 10;

/// Adds a webhook
///
/// For organizers: an address that is told what happens to their events from now on. What is sent is signed with the
/// secret, which is shown this once. At most 10. See docs/webhooks.md.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = WebhookCreate, security(("bearer" = [])),
    responses((status = 201, description = "The webhook", body = WebhookIssued), Written))]
pub async fn create(
    State(state): State<AppState>,
    source: Source,
    write: Write<WebhookCreate>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body, claim: _claim } = write;
    caller.organizer()?;
    // Kept encrypted for its key: a repetition shows the same secret again.
    remembered(&state, origin.key, async {
        let checked = spec::check(Some(&body.url), Some(&body.types), state.config.jobs.webhook_allow_private)?;
        let (now, secret) = (state.now(), Secret::random());
        let id = ids::mint(now);
        let webhook = Webhook {
            id,
            owner_id: caller.user,
            url: checked.url.unwrap_or_default(),
            kinds: checked.kinds.unwrap_or_default(),
            secret: secret.sealed(&state.seals, id).map_err(super::defect)?,
            old_secret: None,
            old_secret_until: None,
            is_active: true,
            is_gone: false,
            created_at: now,
        };
        let shown = webhook::shown(&webhook);
        let entry = source.entry(&caller, Action::WebhookCreate).object(id).made(&shown).row(now);
        if !state.store.webhook_insert(&webhook, WEBHOOKS_MAX, &entry).await? {
            return Err(ApiError::Conflict(Conflict::WebhooksTooMany));
        }
        let issued = WebhookIssued { webhook: shown, secret: secret.into_text() };
        Ok((StatusCode::CREATED, Json(issued)).into_response())
    })
    .await
}
