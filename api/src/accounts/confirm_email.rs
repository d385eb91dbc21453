use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use wire::ConfirmEmailRequest;

use super::session;
use crate::audit_log::{Action, Source};
use crate::auth::{Caller, OneTimeToken};
use crate::error::ApiError;
use crate::idempotency::{AnonymousWrite, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Confirms an account's e-mail address
///
/// By the token of the mail that registering sent. Good for 24 hours, once. With the first confirmation end the account's
/// API keys, second factor and logins, but the one that the request is made with: whoever has made the account may have
/// been somebody else.
#[utoipa::path(post, path = "/auth/confirm-email", tag = "accounts", request_body = ConfirmEmailRequest,
    responses((status = 204, description = "Confirmed"), Written))]
pub async fn confirm_email(
    State(state): State<AppState>,
    source: Source,
    caller: Result<Caller, ApiError>,
    write: AnonymousWrite<ConfirmEmailRequest>,
) -> Result<Response, ApiError> {
    remembered(&state, write.key, async {
        let token = OneTimeToken::parse(&write.body.token).ok_or(ApiError::LinkInvalid)?;
        let now = state.now();
        let own = caller.ok().map(|caller| caller.session);
        let entry = source.anonymous_entry(Action::EmailConfirm);
        let entry = |user| Some(entry.object(user).row(now));
        let confirmed = state.store.email_confirm(token.hash(), own, now, entry).await?;
        let (user, ended) = confirmed.ok_or(ApiError::LinkInvalid)?;
        session::ended(&state, user, ended, now);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}
