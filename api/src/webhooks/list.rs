use axum::Json;
use axum::extract::State;
use wire::{Page, Webhook};

use crate::auth::Organizer;
use crate::error::ApiError;
use crate::extract::{Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;
use crate::webhook;

/// Lists the caller's webhooks
///
/// Newest first, without their secrets.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", params(PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Webhook>), Read,
        (status = 403, description = "ROLE_REQUIRED", body = wire::Problem,
            content_type = "application/problem+json")))]
pub async fn list(
    State(state): State<AppState>,
    Organizer(caller): Organizer,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<Webhook>>, ApiError> {
    let limit = query.limit.get();
    let webhooks = state.store.webhook_list(caller.user, query.cursor.map(|cursor| cursor.0), limit + 1).await?;
    Ok(Json(page(webhooks, limit, |webhook| webhook.id, |webhook| webhook::shown(&webhook))))
}
