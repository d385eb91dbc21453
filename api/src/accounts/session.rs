use persistence::User;
use uuid::Uuid;
use wire::Tokens;

use super::view;
use crate::auth::RefreshToken;
use crate::error::ApiError;
use crate::state::AppState;

/// The pair of tokens of a login.
pub fn tokens(state: &AppState, user: &User, session: Uuid, refresh: &RefreshToken) -> Result<Tokens, ApiError> {
    let shown = view::user(user);
    let access_token = state
        .tokens
        .issue(user.id, shown.role, shown.status, session, state.now())
        .map_err(|error| ApiError::Defect(format!("an access token cannot be signed: {error}").into()))?;
    Ok(Tokens {
        access_token,
        refresh_token: refresh.text(),
        token_type: "Bearer".to_owned(),
        expires_in: state.tokens.ttl().as_secs(),
        user: shown,
    })
}
