use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::UserId;
use serde_json::json;
use wire::{Problem, User, UserPatch};

use super::view;
use crate::audit_log::{Action, Source};
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
    source: Source,
    write: Write<UserPatch>,
) -> Result<Response, ApiError> {
    let admin = write.caller.admin()?.0;
    let id = UserId::from_uuid(id);
    if admin.user == id {
        return Err(ApiError::Conflict(Conflict::OwnAccount));
    }
    remembered(&state, write.origin.key, async {
        let before = state.store.user_find(id).await?.ok_or(ApiError::NotFound(Noun::User))?;
        let before = view::user(&before);
        let entry = || source.entry(&admin, Action::UserUpdate).object(id);
        if let Some(role) = write.body.role.filter(|role| *role != before.role) {
            let entry = entry().change(&json!({"role": before.role}), &json!({"role": role})).row(state.now());
            state.store.user_set_role(id, roles::stored_role(role), Some(&entry)).await?;
        }
        if let Some(status) = write.body.status.filter(|status| *status != before.status) {
            let entry = entry().change(&json!({"status": before.status}), &json!({"status": status})).row(state.now());
            state.store.user_set_status(id, roles::stored_status(status), Some(&entry)).await?;
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
