use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use wire::ParkedWork;

use super::view;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Tries work again that was given up
///
/// At once, and then as often as before. Given up again, it has another id. For admins.
#[utoipa::path(post, path = "/admin/outbox/{id}/retry", tag = "mails", security(("bearer" = [])),
    params(("id" = Uuid, Path)), responses((status = 200, description = "The work, as it was given up",
        body = ParkedWork), Written))]
pub async fn retry(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let admin = write.caller.admin()?.0;
    remembered(&state, write.origin.key, async {
        let now = state.now();
        let work = state.store.outbox_find_parked(id).await?.ok_or(ApiError::NotFound(Noun::Outbox))?;
        let entry = source.entry(&admin, Action::OutboxRetry).event(work.event_id).object(id).row(now);
        if state.store.outbox_retry(id, now, &entry).await? {
            Ok(Json(view(work)).into_response())
        } else {
            Err(ApiError::NotFound(Noun::Outbox))
        }
    })
    .await
}
