use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use wire::Mail;

use super::view;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Tries a mail again that was given up
///
/// At once, and then as often as a new one. For admins.
#[utoipa::path(post, path = "/admin/mails/{id}/retry", tag = "mails", security(("bearer" = [])),
    params(("id" = Uuid, Path)), responses((status = 200, description = "The mail, queued", body = Mail), Written))]
pub async fn retry(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let admin = write.caller.admin()?.0;
    remembered(&state, write.origin.key, async {
        let now = state.now();
        let entry = source.entry(&admin, Action::MailRetry).object(id).row(now);
        let is_failed = state.mail.retry(id, now, &entry).await?;
        let mail = state.store.mail_find(id).await?.ok_or(ApiError::NotFound(Noun::Mail))?;
        if is_failed {
            Ok(Json(view::mail(mail)).into_response())
        } else {
            Err(ApiError::Conflict(Conflict::MailNotFailed))
        }
    })
    .await
}
