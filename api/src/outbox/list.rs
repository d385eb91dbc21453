use axum::Json;
use axum::extract::State;
use wire::{Page, ParkedWork};

use super::view;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Work that was given up
///
/// Mails and news that should have followed from a change and could not be made. Latest first. For admins.
#[utoipa::path(get, path = "/admin/outbox", tag = "mails", security(("bearer" = [])), params(PageQuery), responses(
    (status = 200, description = "One page", body = Page<ParkedWork>), Read))]
pub async fn list(
    State(state): State<AppState>,
    _: Admin,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ParkedWork>>, ApiError> {
    let limit = query.limit.get();
    let parked = state.store.outbox_list_parked(query.cursor.map(|cursor| cursor.0), limit + 1).await?;
    Ok(Json(page(parked, limit, |work| work.parked_id.unwrap_or_default(), view)))
}
