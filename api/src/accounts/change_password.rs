use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use secrecy::SecretString;
use wire::{ChangePasswordRequest, FieldError};

use super::check;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::idempotency::{Write, remembered};
use crate::mail::Letter;
use crate::problems::Written;
use crate::state::AppState;

/// Changes the caller's password
///
/// Needs the present one. All other logins of the account end, and its owner is told by mail.
#[utoipa::path(put, path = "/me/password", tag = "accounts", security(("bearer" = [])),
    request_body = ChangePasswordRequest, responses((status = 204, description = "Changed"), Written))]
pub async fn change_password(
    State(state): State<AppState>,
    source: Source,
    write: Write<ChangePasswordRequest>,
) -> Result<Response, ApiError> {
    let caller = write.caller;
    remembered(&state, write.origin.key, async {
        let ChangePasswordRequest { current_password, new_password } = write.body;
        let fault =
            check::password(&new_password).map(|fault| FieldError { field: "new_password".to_owned(), ..fault });
        check::all([fault])?;
        let user = state.store.user_find(caller.user).await?.ok_or(ApiError::NotFound(Noun::User))?;
        let present = user.password_hash.0;
        if !state.passwords.verify(SecretString::from(current_password), Some(present.clone())).await? {
            return Err(wrong());
        }
        let hash = state.passwords.hash(SecretString::from(new_password)).await?;
        let now = state.now();
        let mail = state.mail.compose(&user.email, &Letter::PasswordChanged {}, now)?;
        let entry = source.entry(&caller, Action::PasswordChange).object(caller.user).once_for(write.origin.key);
        let entry = entry.row(now);
        let changed = state.store.password_change(caller.user, &present, &hash, caller.session, &mail, &entry).await?;
        // Another change was faster: what was sent is not the present one any more.
        let ended = changed.ok_or_else(wrong)?;
        state.mail.queued();
        for session in ended {
            state.standings.end(session, now);
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}

fn wrong() -> ApiError {
    ApiError::invalid("current_password", "WRONG", "not the account's password")
}
