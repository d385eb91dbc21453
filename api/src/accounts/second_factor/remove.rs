use axum::extract::State;
use http::StatusCode;
use wire::{Problem, SecondFactorRemove};

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun, Unauthorized};
use crate::idempotency::Write;
use crate::mail::Letter;
use crate::notice;
use crate::proof;
use crate::second_factor::check::{self, Code};
use crate::state::AppState;

/// Switches the second factor off, for whoever has both the password and a code. A mail tells the owner.
#[utoipa::path(delete, path = "/me/second-factor", tag = "accounts", security(("bearer" = [])),
    request_body = SecondFactorRemove, responses(
    (status = 204, description = "Off"),
    (status = 401, description = "CREDENTIALS_WRONG or SECOND_FACTOR_WRONG", body = Problem),
    (status = 409, description = "SECOND_FACTOR_OFF", body = Problem),
    (status = 429, description = "RATE_LIMITED", body = Problem),
))]
pub async fn remove(
    State(state): State<AppState>,
    source: Source,
    write: Write<SecondFactorRemove>,
) -> Result<StatusCode, ApiError> {
    let user = write.caller.user;
    let code = Code::parse(&write.body.code)?;
    let owner = state.store.user_find(user).await?.ok_or(ApiError::NotFound(Noun::User))?;
    if !proof::is_password(&state, &owner.email, Some(&owner), write.body.password, &source).await? {
        return Err(ApiError::Unauthorized(Unauthorized::CredentialsWrong));
    }
    check::check(&state, user, &code, &source).await?;
    let now = state.now();
    let entry = source.entry(&write.caller, Action::SecondFactorOff).object(user).row(now);
    let mail = notice::compose(&state, &owner, &Letter::SecondFactorOff {}, &source, now).await?;
    if !state.store.second_factor_delete(user, mail.as_ref(), Some(&entry)).await? {
        return Err(ApiError::Conflict(Conflict::SecondFactorOff));
    }
    if mail.is_some() {
        state.mail.queued();
    }
    tracing::info!(%user, "user {user} has no second factor any more");
    Ok(StatusCode::NO_CONTENT)
}
