use axum::extract::State;
use http::StatusCode;
use wire::LogoutRequest;

use super::session;
use crate::audit_log::{Action, Source};
use crate::auth::{Caller, RefreshToken};
use crate::error::ApiError;
use crate::extract::Body;
use crate::state::AppState;

/// Ends a login, or all logins of the account: refresh tokens and access tokens. Again: the same answer.
#[utoipa::path(post, path = "/auth/logout", tag = "accounts", request_body = LogoutRequest, responses(
    (status = 204, description = "Ended, or unknown"),
))]
pub async fn logout(
    State(state): State<AppState>,
    source: Source,
    caller: Result<Caller, ApiError>,
    Body(body): Body<LogoutRequest>,
) -> Result<StatusCode, ApiError> {
    let named = match RefreshToken::parse(&body.refresh_token) {
        Some(token) => state.store.refresh_owner(token.hash()).await?,
        None => None,
    };
    // The caller's own access token, if he sent one that is still good.
    let caller = caller.ok();
    let entry = |user, action| match &caller {
        Some(caller) if caller.user == user => source.entry(caller, action),
        _ => source.anonymous_entry(action),
    };
    let own = caller.as_ref().map(|caller| (caller.user, caller.session));
    for (user, login) in named.into_iter().chain(own) {
        session::end(&state, user, login, entry(user, Action::SessionEnd)).await?;
        if body.all {
            session::end_all(&state, user, None, entry(user, Action::SessionEndAll)).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
