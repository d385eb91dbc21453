use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use persistence::LinkPurpose;
use secrecy::SecretString;
use wire::ResetPasswordRequest;

use super::{check, session};
use crate::audit_log::{Action, Source};
use crate::auth::OneTimeToken;
use crate::error::ApiError;
use crate::idempotency::{AnonymousWrite, remembered};
use crate::mail::Letter;
use crate::problems::Written;
use crate::state::AppState;

/// Chooses a new password by the token of a mail
///
/// Good for one hour, once. All logins and API keys of the account end, and its owner is told by mail. Its second factor
/// stays, unless nobody had shown before that the address is his.
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
        let mail = state.mail.compose(&user.email, &Letter::PasswordChanged { api_keys_left: 0 }, now)?;
        let entry = source.anonymous_entry(Action::PasswordReset).object(user.id).row(now);
        let ended = state.store.password_reset(token, &hash, &mail, &entry, now).await?;
        let ended = ended.ok_or(ApiError::LinkInvalid)?;
        state.mail.queued();
        session::ended(&state, user.id, ended, now);
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}
