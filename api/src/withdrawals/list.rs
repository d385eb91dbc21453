use axum::Json;
use axum::extract::State;
use persistence::WithdrawalFilter;
use serde::Deserialize;
use utoipa::IntoParams;
use wire::{Page, Withdrawal, WithdrawalStatus};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Cursor, Query, page};
use crate::page_limit::PageLimit;
use crate::problems::Read;
use crate::state::AppState;
use crate::wallet_view;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WithdrawalQuery {
    /// Only those of this status.
    status: Option<WithdrawalStatus>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
    /// Items per page: 1 to 200. Default 50.
    #[serde(default)]
    #[param(value_type = Option<u32>)]
    limit: PageLimit,
}

/// Lists withdrawals
///
/// The caller's own, newest first; to admins everybody's.
#[utoipa::path(get, path = "/withdrawals", tag = "wallet", params(WithdrawalQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<Withdrawal>), Read))]
pub async fn list(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<WithdrawalQuery>,
) -> Result<Json<Page<Withdrawal>>, ApiError> {
    let limit = query.limit.get();
    let is_for_all = caller.is_admin() && caller.active().is_ok();
    let user = (!is_for_all).then_some(caller.user);
    let filter = WithdrawalFilter { user, status: query.status.map(wallet_view::stored) };
    let found = state.store.withdrawal_list(filter, query.cursor.map(|Cursor(id)| id), limit + 1).await?;
    Ok(Json(page(found, limit, |withdrawal| withdrawal.id, wallet_view::withdrawal)))
}
