use axum::Json;
use axum::extract::State;
use wire::{Page, WebhookDelivery};

use super::{own, view};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists what a webhook was sent
///
/// And what it will be sent, newest first, for 30 days.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = Uuid, Path, description = "Webhook"), PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<WebhookDelivery>), Read))]
pub async fn deliveries(
    State(state): State<AppState>,
    PathId(id): PathId,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<WebhookDelivery>>, ApiError> {
    let webhook = own(&state, caller, id).await?;
    let (after, limit) = (query.cursor.map(|cursor| cursor.0), query.limit.get());
    let deliveries = state.store.webhook_delivery_list(webhook.id, after, limit + 1).await?;
    Ok(Json(page(deliveries, limit, |delivery| delivery.id, view::delivery)))
}
