use axum::Json;
use axum::extract::State;
use wire::{Problem, User};

use super::view;
use crate::auth::Caller;
use crate::error::{ApiError, Unauthorized};
use crate::state::AppState;

/// The caller's account.
#[utoipa::path(get, path = "/me", tag = "accounts", security(("bearer" = [])), responses(
    (status = 200, description = "The account", body = User),
    (status = 401, description = "TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED", body = Problem),
))]
pub async fn me(State(state): State<AppState>, caller: Caller) -> Result<Json<User>, ApiError> {
    let user = state.store.user_find(caller.user).await?;
    user.map(|user| Json(view::user(&user))).ok_or(ApiError::Unauthorized(Unauthorized::TokenInvalid))
}
