use axum::Json;
use axum::extract::State;
use inventory::UserId;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Page, Problem, User};

use super::view;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{Cursor, PAGE_DEFAULT, PAGE_MAX, Query, page};
use crate::state::AppState;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct UserQuery {
    /// 1 to 200. Default 50.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// All accounts, oldest first. For admins.
#[utoipa::path(get, path = "/users", tag = "accounts", security(("bearer" = [])), params(UserQuery), responses(
    (status = 200, description = "One page of accounts", body = Page<User>),
    (status = 403, description = "ROLE_REQUIRED", body = Problem),
))]
pub async fn list(
    State(state): State<AppState>,
    _: Admin,
    Query(query): Query<UserQuery>,
) -> Result<Json<Page<User>>, ApiError> {
    let limit = query.limit.unwrap_or(PAGE_DEFAULT).clamp(1, PAGE_MAX);
    let after = query.cursor.map(|Cursor(id)| UserId::from_uuid(id));
    let users = state.store.user_list(after, limit + 1).await?;
    Ok(Json(page(users, limit, |user| user.id.uuid(), |user| view::user(&user))))
}
