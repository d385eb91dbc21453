use axum::extract::State;
use http::StatusCode;
use persistence::PasswordChange;
use secrecy::SecretString;
use wire::{ChangePasswordRequest, FieldError};

use super::{check, session};
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::idempotency::Write;
use crate::mail::Letter;
use crate::problems::Written;
use crate::state::AppState;
use crate::{notice, proof};

/// Changes the caller's password
///
/// Needs the present one. All other logins of the account end, and its owner is told by mail. API keys stay unless
/// `revoke_api_keys` says otherwise. Under the same idempotency key again it is decided anew: no answer is kept that a
/// password could be guessed from.
#[utoipa::path(put, path = "/me/password", tag = "accounts", security(("bearer" = [])),
    request_body = ChangePasswordRequest, responses((status = 204, description = "Changed"), Written))]
pub async fn change_password(
    State(state): State<AppState>,
    source: Source,
    write: Write<ChangePasswordRequest>,
) -> Result<StatusCode, ApiError> {
    let Write { caller, origin: _, body, claim: _claim } = write;
    let ChangePasswordRequest { current_password, new_password, revoke_api_keys } = body;
    let fault = check::password(&new_password).map(|fault| FieldError { field: "new_password".to_owned(), ..fault });
    check::all([fault])?;
    let user = state.store.user_find(caller.user).await?.ok_or(ApiError::NotFound(Noun::User))?;
    if !proof::is_password(&state, &user.email, Some(&user), current_password, &source).await? {
        return Err(wrong());
    }
    let hash = state.passwords.hash(SecretString::from(new_password)).await?;
    let now = state.now();
    let api_keys_left = if revoke_api_keys { 0 } else { state.store.api_key_count(caller.user).await? };
    let mail = notice::compose(&state, &user, &Letter::PasswordChanged { api_keys_left }, &source, now).await?;
    let change = PasswordChange { password_hash: &hash, mail: mail.as_ref(), drops_api_keys: revoke_api_keys };
    let entry = source.entry(&caller, Action::PasswordChange).object(caller.user).row(now);
    let present = &user.password_hash.0;
    let changed = state.store.password_change(caller.user, present, &change, caller.session, &entry).await?;
    // Another change was faster: what was sent is not the present one any more.
    let ended = changed.ok_or_else(wrong)?;
    if mail.is_some() {
        state.mail.queued();
    }
    session::ended(&state, caller.user, ended, now);
    Ok(StatusCode::NO_CONTENT)
}

fn wrong() -> ApiError {
    ApiError::invalid("current_password", "WRONG", "not the account's password")
}
