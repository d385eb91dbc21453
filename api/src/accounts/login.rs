use axum::Json;
use axum::extract::State;
use wire::{LoginRequest, Problem, Tokens};

use super::session;
use crate::audit_log::{Action, Incident, Source};
use crate::error::{ApiError, Unauthorized};
use crate::extract::Body;
use crate::proof;
use crate::state::AppState;

/// Starts a login. Says neither whether the address or the password was wrong, nor by the time it takes. Ten wrong ones
/// in a quarter of an hour, from one network address, and no more are looked at.
#[utoipa::path(post, path = "/auth/login", tag = "accounts", request_body = LoginRequest, responses(
    (status = 200, description = "Tokens", body = Tokens),
    (status = 401, description = "CREDENTIALS_WRONG, or SECOND_FACTOR_REQUIRED with a challenge", body = Problem),
    (status = 429, description = "RATE_LIMITED: too many wrong passwords", body = Problem),
    (status = 503, description = "LOGIN_BUSY", body = Problem),
))]
pub async fn login(
    State(state): State<AppState>,
    source: Source,
    Body(body): Body<LoginRequest>,
) -> Result<Json<Tokens>, ApiError> {
    // Before the store is asked: a flood of refusals costs those who buy next to nothing.
    state.passwords.check_room()?;
    let user = state.store.user_find_by_email(&body.email).await?;
    let is_right = proof::is_password(&state, &body.email, user.as_ref(), body.password, &source).await?;
    let account = user.as_ref().map(|user| user.id);
    let Some(user) = user.filter(|_| is_right) else {
        let refused = ApiError::Unauthorized(Unauthorized::CredentialsWrong);
        let incident =
            Incident { action: Action::LoginFailed, code: refused.code(), account, path: "/api/v1/auth/login" };
        state.security.note(incident, source, state.now());
        return Err(refused);
    };
    session::begin(&state, &user, &source).await.map(Json)
}
