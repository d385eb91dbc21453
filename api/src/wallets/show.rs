use axum::Json;
use axum::extract::State;
use wire::{Money, Wallet, WalletBalance};

use crate::auth::Caller;
use crate::error::ApiError;
use crate::problems::Read;
use crate::state::AppState;

/// Shows the account's wallet
#[utoipa::path(get, path = "/me/wallet", tag = "wallet", security(("bearer" = [])),
    responses((status = 200, description = "Its balances by currency", body = Wallet), Read))]
pub async fn show(State(state): State<AppState>, caller: Caller) -> Result<Json<Wallet>, ApiError> {
    let found = state.store.wallet_balances(caller.user).await?;
    let balances = found.into_iter().map(|balance| WalletBalance {
        available: Money { amount_minor: balance.balance_minor, currency: balance.currency.clone() },
        reserved: Money { amount_minor: balance.reserved_minor, currency: balance.currency },
    });
    Ok(Json(Wallet { balances: balances.collect() }))
}
