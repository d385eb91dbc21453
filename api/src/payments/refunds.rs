use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Page, PaymentRefund, PaymentRefundStatus};

use super::view;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{Cursor, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RefundQuery {
    /// Only those of this status. `failed`: they wait for an admin.
    status: Option<PaymentRefundStatus>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Refunds at payment providers, newest first
///
/// Money for an order that this server does not know is listed as `failed` with reason `order_unknown`: it may be that of
/// another server with the same account at the provider, so it is refunded when an admin says so (`retry`). For admins.
#[utoipa::path(get, path = "/admin/payment-refunds", tag = "payments", security(("bearer" = [])), params(RefundQuery),
    responses((status = 200, description = "One page of refunds", body = Page<PaymentRefund>), Read))]
pub async fn refunds(
    State(state): State<AppState>,
    _: Admin,
    Query(query): Query<RefundQuery>,
) -> Result<Json<Page<PaymentRefund>>, ApiError> {
    let limit = query.limit.get();
    let status = query.status.map(view::stored);
    let refunds = state.store.refund_list(status, query.cursor.map(|Cursor(id)| id), limit + 1).await?;
    Ok(Json(page(refunds, limit, |refund| refund.id, view::refund)))
}
