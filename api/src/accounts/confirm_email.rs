use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use wire::ConfirmEmailRequest;

use crate::audit_log::{Action, Source};
use crate::auth::OneTimeToken;
use crate::error::ApiError;
use crate::idempotency::{AnonymousWrite, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Confirms an account's e-mail address
///
/// By the token of the mail that registering sent. Good for 24 hours, once.
#[utoipa::path(post, path = "/auth/confirm-email", tag = "accounts", request_body = ConfirmEmailRequest,
    responses((status = 204, description = "Confirmed"), Written))]
pub async fn confirm_email(
    State(state): State<AppState>,
    source: Source,
    write: AnonymousWrite<ConfirmEmailRequest>,
) -> Result<Response, ApiError> {
    remembered(&state, write.key, async {
        let token = OneTimeToken::parse(&write.body.token).ok_or(ApiError::LinkInvalid)?;
        let now = state.now();
        let entry = source.anonymous_entry(Action::EmailConfirm).once_for(write.key);
        let entry = |user| Some(entry.object(user).row(now));
        state.store.email_confirm(token.hash(), now, entry).await?.ok_or(ApiError::LinkInvalid)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}
