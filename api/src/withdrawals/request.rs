use axum::Json;
use axum::extract::State;
use http::StatusCode;
use inventory::limits::PRICE_MINOR_MAX;
use inventory::{Currency, Rejection};
use persistence::{NewWithdrawal, Withdrawal as Made, WithdrawalRefusal};
use serde_json::json;
use wire::{Money, Payout, Withdrawal, WithdrawalRequest};

use super::payout;
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
/// It leaves the wallet at once, and comes back if an admin rejects the withdrawal. Where it is paid out to is kept sealed and
/// shown masked.
#[utoipa::path(post, path = "/withdrawals", tag = "wallet", request_body = WithdrawalRequest, security(("bearer" = [])),
    responses((status = 201, description = "The withdrawal, to be decided", body = Withdrawal), Written))]
pub async fn request(
    State(state): State<AppState>,
    source: Source,
    write: Write<WithdrawalRequest>,
) -> Result<(StatusCode, Json<Withdrawal>), ApiError> {
    let Write { caller, origin, body: WithdrawalRequest { amount, payout }, claim: _claim } = write;
    auth::require_confirmed(&state, caller.user).await?;
    let payout = check(&amount, &payout)?;
    let now = state.now();
    let (id, shown) = (ids::mint(now), payout::masked(&payout));
    let made = json!({"amount_minor": amount.amount_minor, "currency": amount.currency, "payout": shown});
    let entry = source.entry(&caller, Action::WithdrawalRequest).object(id).made(&made).row(now);
    let new = NewWithdrawal {
        id,
        user: caller.user,
        amount_minor: amount.amount_minor,
        currency: amount.currency,
        payout: payout::sealed(&state.seals, id, &payout)?,
        payout_iban: shown.iban,
        payout_holder: shown.holder,
        now,
        request_key: origin.key.map(|key| key.key),
        pending_max: PENDING_MAX,
    };
    match state.store.withdrawal_insert(&new, &entry).await? {
        // The key was used before.
        Ok(made) if made.id != id && !is_to(&state, &made, &payout) => Err(Rejection::KeyReused.into()),
        Ok(made) => Ok((StatusCode::CREATED, Json(wallet_view::withdrawal(made)))),
        Err(WithdrawalRefusal::Funds { .. }) => Err(ApiError::Conflict(Conflict::FundsInsufficient)),
        Err(WithdrawalRefusal::TooMany) => Err(ApiError::Conflict(Conflict::WithdrawalsTooMany)),
        Err(WithdrawalRefusal::KeyReused) => Err(Rejection::KeyReused.into()),
    }
}

fn is_to(state: &AppState, made: &Made, payout: &Payout) -> bool {
    let known = made.payout.as_ref().and_then(|sealed| payout::open(&state.seals, made.id, sealed));
    known.as_ref() == Some(payout)
}

fn check(amount: &Money, asked: &Payout) -> Result<Payout, FieldErrors> {
    let mut errors = FieldErrors::default();
    if !(1..=PRICE_MINOR_MAX).contains(&amount.amount_minor) {
        errors.add("amount.amount_minor", "OUT_OF_RANGE", format!("1 to {PRICE_MINOR_MAX}"));
    }
    if Currency::new(&amount.currency).is_none() {
        errors.add("amount.currency", "CURRENCY", "three capital letters, as `EUR`");
    }
    let payout = payout::read(asked, &mut errors);
    match (payout, errors.none()) {
        (Some(payout), Ok(())) => Ok(payout),
        (_, Err(errors)) => Err(errors),
        (None, Ok(())) => unreachable!("what cannot be read has a fault"),
    }
}
