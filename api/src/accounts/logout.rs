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
    let token = RefreshToken::parse(&body.refresh_token).map(|token| token.hash());
    let mut named = None;
    if let Some(token) = token
        && let Some((user, login)) = state.store.refresh_owner(token).await?
    {
        // One that was used or has ended is a copy from somewhere: it says no more for other logins.
        named = Some((user, login, state.store.refresh_is_live(token, state.now()).await?));
    }
    // The caller's own access token, if he sent one that is still good.
    let caller = caller.ok();
    let entry = |user, action| match &caller {
        Some(caller) if caller.user == user => source.entry(caller, action),
        _ => source.anonymous_entry(action),
    };
    let own = caller.as_ref().map(|caller| (caller.user, caller.session, true));
    for (user, login, is_live) in named.into_iter().chain(own) {
        session::end(&state, user, login, entry(user, Action::SessionEnd)).await?;
        if body.all && is_live {
            session::end_all(&state, user, None, entry(user, Action::SessionEndAll)).await?;
        }
    }
    Ok(StatusCode::NO_CONTENT)
}
