use axum::Json;
use axum::extract::State;
use http::StatusCode;
use inventory::limits::PRICE_MINOR_MAX;
use inventory::{Currency, Rejection};
use persistence::{NewWithdrawal, WithdrawalRefusal};
use wire::{Money, Withdrawal, WithdrawalRequest};

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict};
use crate::field_errors::FieldErrors;
use crate::idempotency::Write;
use crate::problems::Written;
use crate::state::AppState;
use crate::{auth, ids, wallet_view};

/// Undecided ones of one account.
const PENDING_MAX: u32 = 20;

/// Asks for money of the wallet to be paid out
///
/// It leaves the wallet at once, and comes back if an admin rejects the withdrawal.
#[utoipa::path(post, path = "/withdrawals", tag = "wallet", request_body = WithdrawalRequest, security(("bearer" = [])),
    responses((status = 201, description = "The withdrawal, to be decided", body = Withdrawal), Written))]
pub async fn request(
    State(state): State<AppState>,
    source: Source,
    write: Write<WithdrawalRequest>,
) -> Result<(StatusCode, Json<Withdrawal>), ApiError> {
    let Write { caller, origin, body: WithdrawalRequest { amount }, claim: _claim } = write;
    auth::require_confirmed(&state, caller.user).await?;
    check(&amount)?;
    let now = state.now();
    let id = ids::mint(now);
    let entry = source.entry(&caller, Action::WithdrawalRequest).object(id).made(&amount).row(now);
    let new = NewWithdrawal {
        id,
        user: caller.user,
        amount_minor: amount.amount_minor,
        currency: amount.currency,
        now,
        request_key: origin.key.map(|key| key.key),
        pending_max: PENDING_MAX,
    };
    match state.store.withdrawal_insert(&new, &entry).await? {
        Ok(made) => Ok((StatusCode::CREATED, Json(wallet_view::withdrawal(made)))),
        Err(WithdrawalRefusal::Funds { .. }) => Err(ApiError::Conflict(Conflict::FundsInsufficient)),
        Err(WithdrawalRefusal::TooMany) => Err(ApiError::Conflict(Conflict::WithdrawalsTooMany)),
        Err(WithdrawalRefusal::KeyReused) => Err(Rejection::KeyReused.into()),
    }
}

fn check(amount: &Money) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if !(1..=PRICE_MINOR_MAX).contains(&amount.amount_minor) {
        errors.add("amount.amount_minor", "OUT_OF_RANGE", format!("1 to {PRICE_MINOR_MAX}"));
    }
    if Currency::new(&amount.currency).is_none() {
        errors.add("amount.currency", "CURRENCY", "three capital letters, as `EUR`");
    }
    errors.none()
}
