use axum::Json;
use axum::extract::State;
use inventory::UserId;
use wire::User;

use super::view;
use crate::auth::Admin;
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;

/// Shows an account
///
/// For admins.
#[utoipa::path(get, path = "/users/{id}", tag = "accounts", params(("id" = Uuid, Path, description = "Account")),
    security(("bearer" = [])), responses((status = 200, description = "The account", body = User), Read))]
pub async fn show(State(state): State<AppState>, _: Admin, PathId(id): PathId) -> Result<Json<User>, ApiError> {
    let user = state.store.user_find(UserId::from_uuid(id)).await?.ok_or(ApiError::NotFound(Noun::User))?;
    Ok(Json(view::for_admins(&user)))
}
