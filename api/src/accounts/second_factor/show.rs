use axum::Json;
use axum::extract::State;
use wire::{Problem, SecondFactor};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::second_factor::check;
use crate::state::AppState;

/// Whether the caller's logins ask for a second factor.
#[utoipa::path(get, path = "/me/second-factor", tag = "accounts", security(("bearer" = [])), responses(
    (status = 200, description = "On or off", body = SecondFactor),
    (status = 401, description = "TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED", body = Problem),
))]
pub async fn show(State(state): State<AppState>, caller: Caller) -> Result<Json<SecondFactor>, ApiError> {
    let is_on = check::is_on(&state, caller.user).await?;
    let recovery_codes_left = state.store.recovery_code_count(caller.user).await?;
    Ok(Json(SecondFactor { is_on, recovery_codes_left }))
}
