use axum::Json;
use axum::extract::State;
use wire::{ApiKey, Page};

use crate::api_key_view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists the account's API keys
///
/// Newest first, without the keys themselves.
#[utoipa::path(get, path = "/me/api-keys", tag = "api keys", params(PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<ApiKey>), Read))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ApiKey>>, ApiError> {
    let after = query.cursor.map(|cursor| cursor.0);
    let limit = query.limit.get();
    let keys = state.store.api_key_list(caller.user, after, limit + 1).await?;
    Ok(Json(page(keys, limit, |key| key.id, api_key_view::render)))
}
