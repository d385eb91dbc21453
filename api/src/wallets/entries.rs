use axum::Json;
use axum::extract::State;
use wire::{Page, WalletEntry};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::{Cursor, Query, page};
use crate::page_limit::PageQuery;
use crate::problems::Read;
use crate::state::AppState;
use crate::wallet_view;

/// Lists what has moved in the account's wallet
///
/// Newest first.
#[utoipa::path(get, path = "/me/wallet/entries", tag = "wallet", params(PageQuery), security(("bearer" = [])),
    responses((status = 200, description = "One page", body = Page<WalletEntry>), Read))]
pub async fn entries(
    State(state): State<AppState>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<WalletEntry>>, ApiError> {
    let limit = query.limit.get();
    let after = query.cursor.map(|Cursor(id)| id);
    let found = state.store.ledger_of_wallet(caller.user, after, limit + 1).await?;
    Ok(Json(page(found, limit, |entry| entry.id.uuid(), wallet_view::entry)))
}
