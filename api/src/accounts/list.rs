use axum::Json;
use axum::extract::State;
use inventory::UserId;
use persistence::{UserFilter, UserSort};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use wire::{Page, Problem, Role, User, UserStatus};

use super::view;
use crate::auth::{Admin, roles};
use crate::error::ApiError;
use crate::extract::{Cursor, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;

const SEARCH_CHARS_MAX: usize = 200;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// How words of the name or the e-mail address begin, in any case: all of them.
    search: Option<String>,
    /// Default `oldest`. Of one sort, pages follow each other.
    sort: Option<Sort>,
    role: Option<Role>,
    status: Option<UserStatus>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserSort)]
pub enum Sort {
    Oldest,
    Newest,
    Name,
    Email,
}

/// Lists accounts
///
/// For admins.
#[utoipa::path(get, path = "/users", tag = "accounts", security(("bearer" = [])), params(UserQuery),
    responses((status = 200, description = "One page", body = Page<User>), Read,
        (status = 422, description = "What is searched for is too long", body = Problem,
            content_type = "application/problem+json")))]
pub async fn list(
    State(state): State<AppState>,
    _: Admin,
    Query(query): Query<UserQuery>,
) -> Result<Json<Page<User>>, ApiError> {
    let search = query.search.map(|search| search.trim().to_owned()).filter(|search| !search.is_empty());
    if search.as_ref().is_some_and(|search| search.chars().count() > SEARCH_CHARS_MAX) {
        return Err(ApiError::invalid("search", "LENGTH", format!("at most {SEARCH_CHARS_MAX} characters")));
    }
    let filter =
        UserFilter { search, role: query.role.map(roles::stored_role), status: query.status.map(roles::stored_status) };
    let after = query.cursor.map(|Cursor(id)| UserId::from_uuid(id));
    let limit = query.limit.get();
    let users = state.store.user_list(&filter, sort(query.sort), after, limit + 1).await?;
    Ok(Json(page(users, limit, |user| user.id.uuid(), |user| view::for_admins(&user))))
}

fn sort(wanted: Option<Sort>) -> UserSort {
    match wanted {
        None | Some(Sort::Oldest) => UserSort::Oldest,
        Some(Sort::Newest) => UserSort::Newest,
        Some(Sort::Name) => UserSort::Name,
        Some(Sort::Email) => UserSort::Email,
    }
}
