use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::UserId;

use super::erase;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Erases somebody's account
///
/// As its owner could: name, address, logins and keys go, orders and tickets stay, without a person. For admins, about
/// others.
#[utoipa::path(delete, path = "/users/{id}", tag = "accounts", params(("id" = Uuid, Path, description = "Account")),
    security(("bearer" = [])), responses((status = 204, description = "Erased"), Written))]
pub async fn remove(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let admin = caller.admin()?.0;
    let id = UserId::from_uuid(id);
    if admin.user == id {
        return Err(ApiError::Conflict(Conflict::OwnAccount));
    }
    let answer = async {
        erase::finish(&state, id, source.entry(&admin, Action::UserErase)).await?;
        tracing::info!(user = %id, admin = %admin.user, "user {id} was erased by {}", admin.user);
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    remembered(&state, origin.key, answer).await
}
