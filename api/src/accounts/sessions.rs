use axum::Json;
use axum::extract::State;
use wire::{Page, Problem, Session};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::page_limit::PageQuery;
use crate::state::AppState;
use crate::time;

/// The caller's logins that are still good, newest first.
#[utoipa::path(get, path = "/me/sessions", tag = "accounts", security(("bearer" = [])), params(PageQuery), responses(
    (status = 200, description = "One page", body = Page<Session>),
    (status = 401, description = "TOKEN_MISSING, TOKEN_INVALID or TOKEN_EXPIRED", body = Problem),
))]
pub async fn sessions(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Session>>, ApiError> {
    let (now, limit) = (state.now(), query.limit.get());
    let idle_since = time::minus(now, state.config.auth.refresh_ttl);
    let after = query.cursor.map(|cursor| cursor.0);
    let found = state.store.session_list(caller.user, after, now, idle_since, limit + 1).await?;
    Ok(Json(page(found, limit, |session| session.id, |session| view::session(session, caller.session))))
}
