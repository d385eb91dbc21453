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
    let gone = || ApiError::Unauthorized(Unauthorized::TokenInvalid);
    let user = state.store.user_find(caller.user).await?.ok_or_else(gone)?;
    let reminders = state.store.user_reminders(caller.user).await?.ok_or_else(gone)?;
    Ok(Json(view::own(&user, reminders)))
}
