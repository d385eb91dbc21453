use axum::Json;
use axum::extract::State;
use persistence::Rotation;
use wire::{Problem, RefreshRequest, Tokens};

use super::session;
use crate::audit_log::{Action, Incident, Source};
use crate::auth::RefreshToken;
use crate::error::{ApiError, Unauthorized};
use crate::extract::Body;
use crate::state::AppState;
use crate::time;

/// New tokens for a refresh token, which is thereby used up. One that comes back later was copied: its login ends.
#[utoipa::path(post, path = "/auth/refresh", tag = "accounts", request_body = RefreshRequest, responses(
    (status = 200, description = "Tokens", body = Tokens),
    (status = 401, description = "REFRESH_TOKEN_INVALID", body = Problem),
))]
pub async fn refresh(
    State(state): State<AppState>,
    source: Source,
    Body(body): Body<RefreshRequest>,
) -> Result<Json<Tokens>, ApiError> {
    let invalid = ApiError::Unauthorized(Unauthorized::RefreshTokenInvalid);
    let now = state.now();
    let device = source.device();
    let note = |action, account| {
        let incident = Incident { action, code: invalid.code(), account, path: "/api/v1/auth/refresh" };
        state.security.note(incident, source, now);
    };
    let Some(parent) = RefreshToken::parse(&body.refresh_token) else {
        note(Action::TokenRefused, None);
        return Err(invalid);
    };
    // Judged before the token is used up: once the account is restored, its owner goes on with it.
    let owner = match state.store.refresh_owner(parent.hash()).await? {
        Some((user, _)) => state.store.user_find(user).await?,
        None => None,
    };
    if let Some(user) = &owner {
        session::check_may_sign_in(&state, user)?;
    }
    let child = state.refresh_tokens.child(&parent);
    let expires_at = time::plus(now, state.config.auth.refresh_ttl);
    let family = match state.store.refresh_rotate(parent.hash(), child.hash(), now, expires_at, &device).await? {
        Rotation::Rotated { family, .. } | Rotation::Grace { family, .. } => family,
        Rotation::Reused { user, family } => {
            state.standings.end(family, now);
            note(Action::RefreshReused, Some(user));
            return Err(invalid);
        }
        Rotation::Expired | Rotation::Unknown => {
            note(Action::TokenRefused, None);
            return Err(invalid);
        }
    };
    let Some(user) = owner else { return Err(invalid) };
    session::tokens(&state, &user, family, &child).map(Json)
}
