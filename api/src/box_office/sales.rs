use axum::Json;
use axum::extract::State;
use inventory::{EventId, OrderId};
use persistence::BoxOfficeSale;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Money, Page};

use super::view;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::event_access::{self, Capability};
use crate::extract::{Cursor, PathId, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;
use crate::time;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SalesQuery {
    /// `true`: only those of which money is to be paid out.
    #[serde(default)]
    refund_due: bool,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Lists what the box office has sold
///
/// Who sold each order, how it was paid and what is still to be paid out of it, newest first.
#[utoipa::path(get, path = "/events/{id}/box-office/orders", tag = "box office",
    params(("id" = Uuid, Path, description = "Event"), SalesQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<wire::BoxOfficeSale>), Read))]
pub async fn sales(
    State(state): State<AppState>,
    PathId(event): PathId,
    caller: Caller,
    Query(query): Query<SalesQuery>,
) -> Result<Json<Page<wire::BoxOfficeSale>>, ApiError> {
    let event = EventId::from_uuid(event);
    event_access::allow(&state, caller, event, Capability::SellAtBoxOffice).await?;
    let after = query.cursor.map(|cursor| OrderId::from_uuid(cursor.0));
    let limit = query.limit.get();
    let sales = state.store.box_office_sales(event, query.refund_due, after, limit + 1).await?;
    Ok(Json(page(sales, limit, |sale| sale.order_id.uuid(), render)))
}

fn render(sale: BoxOfficeSale) -> wire::BoxOfficeSale {
    let money = |amount_minor| Money { amount_minor, currency: sale.currency.clone() };
    wire::BoxOfficeSale {
        order_id: sale.order_id.uuid(),
        sold_by: sale.sold_by.map(inventory::UserId::uuid),
        sold_at: time::utc(sale.sold_at),
        payment: view::payment(sale.tender),
        total: money(sale.total_minor),
        refunded: money(sale.refunded_minor),
        refund_due: money(sale.due_minor),
        reference: sale.reference,
        reason: sale.reason,
    }
}
