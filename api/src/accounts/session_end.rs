use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use wire::{Problem, SessionsEnd};

use super::session;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::state::AppState;

/// Ends one of the caller's logins: its refresh token and its access tokens. Again: the same answer.
#[utoipa::path(delete, path = "/me/sessions/{id}", tag = "accounts", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Session")), responses(
    (status = 204, description = "Ended"),
    (status = 404, description = "SESSION_NOT_FOUND", body = Problem),
))]
pub async fn session_end(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    remembered(&state, write.origin.key, async {
        let entry = source.entry(&write.caller, Action::SessionEnd);
        if session::end(&state, write.caller.user, id, entry).await? {
            Ok(StatusCode::NO_CONTENT.into_response())
        } else {
            Err(ApiError::NotFound(Noun::Session))
        }
    })
    .await
}

/// Ends all of the caller's logins, the one that asks included unless it says otherwise.
#[utoipa::path(delete, path = "/me/sessions", tag = "accounts", security(("bearer" = [])), request_body = SessionsEnd,
    responses(
    (status = 204, description = "Ended"),
    (status = 401, description = "TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED", body = Problem),
))]
pub async fn sessions_end(
    State(state): State<AppState>,
    source: Source,
    write: Write<SessionsEnd>,
) -> Result<Response, ApiError> {
    remembered(&state, write.origin.key, async {
        let except = write.body.keep_current.then_some(write.caller.session);
        let entry = source.entry(&write.caller, Action::SessionEndAll);
        session::end_all(&state, write.caller.user, except, entry.made(&write.body)).await?;
        Ok(StatusCode::NO_CONTENT.into_response())
    })
    .await
}
