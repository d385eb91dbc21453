use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Revokes an API key
///
/// At once; where several servers share a database, within 5 seconds on the others.
#[utoipa::path(delete, path = "/me/api-keys/{id}", tag = "api keys",
    params(("id" = Uuid, Path, description = "API key")), security(("bearer" = [])),
    responses((status = 204, description = "It opens nothing any more"), Written))]
pub async fn revoke(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let answer = async {
        let entry = source.entry(&caller, Action::ApiKeyRevoke).object(id).row(state.now());
        let revoked = state.store.api_key_delete(id, caller.user, Some(&entry)).await;
        // Also when it is not known whether it was: then the store is asked again.
        state.api_keys.forget(id);
        if revoked? { Ok(StatusCode::NO_CONTENT.into_response()) } else { Err(ApiError::NotFound(Noun::ApiKey)) }
    };
    remembered(&state, origin.key, answer).await
}
