use axum::Json;
use axum::extract::State;
use inventory::EventId;
use uuid::Uuid;
use wire::{DiscountCode, Page};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access;
use crate::extract::{PathId, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;

/// Lists the event's discount codes
///
/// With how often each was used. The codes themselves are not kept.
#[utoipa::path(get, path = "/events/{id}/discount-codes", tag = "tiers",
    params(("id" = Uuid, Path, description = "Event"), PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<DiscountCode>), Read))]
pub async fn list(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<DiscountCode>>, ApiError> {
    let event = event_access::own(&state, caller, EventId::from_uuid(event)).await?;
    let handle = event_access::handle(&state, event.id).await?;
    let after = query.cursor.map(|cursor| cursor.0.into_bytes());
    let limit = query.limit.get();
    let codes = handle.discount_codes(after, limit as usize + 1).await?;
    let layout = handle.layout();
    let currency = layout.policy().currency;
    let view = |code| view::render(code, currency.code());
    Ok(Json(page(codes, limit, |code| Uuid::from_bytes(code.spec.digest), view)))
}
