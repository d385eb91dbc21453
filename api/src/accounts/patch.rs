use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::UserId;
use wire::{Problem, User, UserPatch};

use super::view;
use crate::auth::{Standing, roles};
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::state::AppState;

/// Changes an account's role or status, at once for its live tokens too. For admins, about others.
#[utoipa::path(patch, path = "/users/{id}", tag = "accounts", security(("bearer" = [])), request_body = UserPatch,
    params(("id" = Uuid, Path)), responses(
    (status = 200, description = "The account", body = User),
    (status = 403, description = "ROLE_REQUIRED", body = Problem),
    (status = 404, description = "USER_NOT_FOUND", body = Problem),
    (status = 409, description = "OWN_ACCOUNT", body = Problem),
))]
pub async fn patch(
    State(state): State<AppState>,
    PathId(id): PathId,
    write: Write<UserPatch>,
) -> Result<Response, ApiError> {
    let admin = write.caller.admin()?.0;
    let id = UserId::from_uuid(id);
    if admin.user == id {
        return Err(ApiError::Conflict(Conflict::OwnAccount));
    }
    remembered(&state, write.origin.key, async {
        if let Some(role) = write.body.role {
            state.store.user_set_role(id, roles::stored_role(role)).await?;
        }
        if let Some(status) = write.body.status {
            state.store.user_set_status(id, roles::stored_status(status)).await?;
        }
        let user = state.store.user_find(id).await?.ok_or(ApiError::NotFound(Noun::User))?;
        let shown = view::user(&user);
        state.standings.change(id, Standing { role: shown.role, status: shown.status }, state.now());
        state.api_keys.forget_of(id);
        tracing::info!(user = %id, admin = %admin.user, "user {id} is now {:?}, {:?}", shown.role, shown.status);
        Ok(Json(shown).into_response())
    })
    .await
}
