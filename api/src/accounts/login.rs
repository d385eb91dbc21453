use axum::Json;
use axum::extract::State;
use secrecy::SecretString;
use wire::{LoginRequest, Problem, Tokens};

use super::session;
use crate::audit_log::{Action, Incident, Source};
use crate::error::{ApiError, Unauthorized};
use crate::extract::Body;
use crate::state::AppState;

/// Starts a login. Says neither whether the address or the password was wrong, nor by the time it takes.
#[utoipa::path(post, path = "/auth/login", tag = "accounts", request_body = LoginRequest, responses(
    (status = 200, description = "Tokens", body = Tokens),
    (status = 401, description = "CREDENTIALS_WRONG, or SECOND_FACTOR_REQUIRED with a challenge", body = Problem),
    (status = 503, description = "LOGIN_BUSY", body = Problem),
))]
pub async fn login(
    State(state): State<AppState>,
    source: Source,
    Body(body): Body<LoginRequest>,
) -> Result<Json<Tokens>, ApiError> {
    let user = state.store.user_find_by_email(&body.email).await?;
    let hash = user.as_ref().map(|user| user.password_hash.0.clone());
    let is_right = state.passwords.verify(SecretString::from(body.password), hash).await?;
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
