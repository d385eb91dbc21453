use axum::Json;
use axum::extract::State;
use inventory::{EventId, OrderId};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;
use wire::{ApiScope, Order, Page};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::{Cursor, Query, page};
use crate::order_access;
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Everybody's orders of this event, for those who run it and its box office. With an API key: scope
    /// `reports`, too.
    event: Option<Uuid>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Lists orders
///
/// The caller's own, newest first, without their tickets.
#[utoipa::path(get, path = "/orders", tag = "orders", params(ListQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Order>), Read))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Order>>, ApiError> {
    let after = query.cursor.map(|cursor| OrderId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let orders = match query.event {
        None => state.store.order_list(caller.user, after, limit + 1).await?,
        Some(event) => {
            caller.scoped(ApiScope::Reports)?;
            let event = event_access::allow(&state, caller, EventId::from_uuid(event), Capability::SeeOrders).await?;
            state.store.order_list_of_event(event.id, after, limit + 1).await?
        }
    };
    Ok(Json(page(orders, limit, |order| order.id.uuid(), order_access::brief)))
}
