use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use persistence::LinkPurpose;
use secrecy::SecretString;
use wire::ResetPasswordRequest;

use super::check;
use crate::audit_log::{Action, Source};
use crate::auth::OneTimeToken;
use crate::error::ApiError;
use crate::idempotency::{AnonymousWrite, remembered};
use crate::mail::Letter;
use crate::problems::Written;
use crate::state::AppState;

/// Chooses a new password by the token of a mail
///
/// Good for one hour, once. All logins of the account end, and its owner is told by mail.
#[utoipa::path(post, path = "/auth/reset-password", tag = "accounts", request_body = ResetPasswordRequest,
    responses((status = 204, description = "Changed: sign in with it"), Written))]
pub async fn reset_password(
    State(state): State<AppState>,
    source: Source,
    write: AnonymousWrite<ResetPasswordRequest>,
) -> Result<Response, ApiError> {
    remembered(&state, write.key, async {
        let ResetPasswordRequest { token, password } = write.body;
        check::all([check::password(&password)])?;
        let token = OneTimeToken::parse(&token).ok_or(ApiError::LinkInvalid)?.hash();
        // Before the work of a hash.
        let user = state.store.link_token_find(token, LinkPurpose::ResetPassword, state.now()).await?;
        let user = state.store.user_find(user.ok_or(ApiError::LinkInvalid)?).await?.ok_or(ApiError::LinkInvalid)?;
        let hash = state.passwords.hash(SecretString::from(password)).await?;
        let now = state.now();
        let mail = state.mail.compose(&user.email, &Letter::PasswordChanged {}, now)?;
        let entry = source.anonymous_entry(Action::PasswordReset).object(user.id).once_for(write.key).row(now);
        let ended = state.store.password_reset(token, &hash, &mail, &entry, now).await?;
        let ended = ended.ok_or(ApiError::LinkInvalid)?;
        state.mail.queued();
        for session in ended {
            state.standings.end(session, now);
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}
