use axum::Json;
use axum::extract::State;
use persistence::NewSecondFactor;
use serde_json::json;
use wire::{Problem, RecoveryCodes, SecondFactorConfirm};

use crate::accounts::session;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::idempotency::Write;
use crate::mail::Letter;
use crate::notice;
use crate::second_factor::check::{self, Code};
use crate::second_factor::recovery::{self, RecoveryCode};
use crate::second_factor::totp;
use crate::state::AppState;

/// Switches the second factor on, by a first code of the app. Answers ten codes for the day the app is lost, once.
///
/// All other logins of the account end, and its owner is told by mail. The answer is a secret: it is not kept for the idempotency key.
#[utoipa::path(post, path = "/me/second-factor/confirm", tag = "accounts", security(("bearer" = [])),
    request_body = SecondFactorConfirm, responses(
    (status = 200, description = "Every login asks for a code from now on", body = RecoveryCodes),
    (status = 401, description = "SECOND_FACTOR_WRONG", body = Problem),
    (status = 409, description = "SECOND_FACTOR_ON or SECOND_FACTOR_OFF", body = Problem),
    (status = 422, description = "VALIDATION_FAILED", body = Problem),
    (status = 429, description = "RATE_LIMITED", body = Problem),
))]
pub async fn confirm(
    State(state): State<AppState>,
    source: Source,
    write: Write<SecondFactorConfirm>,
) -> Result<Json<RecoveryCodes>, ApiError> {
    let user = write.caller.user;
    let Code::Totp(given) = Code::parse(&write.body.code)? else {
        return Err(ApiError::invalid("code", "FORMAT", "the six digits that the app shows"));
    };
    let waiting = state.store.second_factor_find(user).await?;
    let waiting = waiting.ok_or(ApiError::Conflict(Conflict::SecondFactorOff))?;
    if waiting.confirmed_at.is_some() {
        return Err(ApiError::Conflict(Conflict::SecondFactorOn));
    }
    let guess = check::guess(&state, user).await?;
    let now = state.now();
    let secret = check::secret(&state, user, &waiting)?;
    let Some(step) = totp::steps(&secret, given, now).next() else {
        return Err(check::wrong(&state, user, guess, &source).await);
    };
    let codes: Vec<RecoveryCode> = (0..recovery::CODES).map(|_| RecoveryCode::mint()).collect();
    let hashes: Vec<[u8; 32]> = codes.iter().map(|code| code.hash(user)).collect();
    let owner = state.store.user_find(user).await?.ok_or(ApiError::NotFound(Noun::User))?;
    let mail = notice::compose(&state, &owner, &Letter::SecondFactorOn {}, &source, now).await?;
    let factor = NewSecondFactor {
        secret: &waiting.secret,
        step,
        codes: &hashes,
        session: write.caller.session,
        mail: mail.as_ref(),
    };
    let entry = source.entry(&write.caller, Action::SecondFactorOn).object(user);
    let entry = entry.made(&json!({"recovery_codes_made": recovery::CODES})).row(now);
    let ended = state.store.second_factor_confirm(user, &factor, now, Some(&entry)).await?;
    let ended = ended.ok_or(ApiError::Conflict(Conflict::SecondFactorOn))?;
    if mail.is_some() {
        state.mail.queued();
    }
    session::ended(&state, user, ended, now);
    tracing::info!(%user, "user {user} has a second factor now");
    Ok(Json(RecoveryCodes { recovery_codes: codes.iter().map(RecoveryCode::text).collect() }))
}
