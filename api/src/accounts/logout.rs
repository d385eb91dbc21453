use axum::extract::State;
use http::StatusCode;
use wire::LogoutRequest;

use crate::auth::{Caller, RefreshToken};
use crate::error::ApiError;
use crate::extract::Body;
use crate::state::AppState;

/// Ends a login: its refresh token and, on this node, its access tokens. Again: the same answer.
#[utoipa::path(post, path = "/auth/logout", tag = "accounts", request_body = LogoutRequest, responses(
    (status = 204, description = "Ended, or unknown"),
))]
pub async fn logout(
    State(state): State<AppState>,
    caller: Result<Caller, ApiError>,
    Body(body): Body<LogoutRequest>,
) -> Result<StatusCode, ApiError> {
    let now = state.now();
    if let Some(token) = RefreshToken::parse(&body.refresh_token) {
        state.store.refresh_revoke(token.hash(), now).await?;
    }
    // The caller's own access token, if he sent one that is still good.
    if let Ok(caller) = caller {
        state.standings.end(caller.session, now);
    }
    Ok(StatusCode::NO_CONTENT)
}
