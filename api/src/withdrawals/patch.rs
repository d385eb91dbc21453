use axum::Json;
use axum::extract::State;
use persistence::{WithdrawalDecided, WithdrawalDecision};
use serde_json::json;
use wire::{Withdrawal, WithdrawalPatch, WithdrawalStatus};

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::PathId;
use crate::field_errors::FieldErrors;
use crate::idempotency::Write;
use crate::ids;
use crate::problems::Written;
use crate::state::AppState;
use crate::wallet_view;

const REASON_CHARS_MAX: usize = 500;

/// Decides on a withdrawal
///
/// For admins, once: `approved` says that the money was paid out, `rejected` puts it back into the wallet. The same decision
/// again changes nothing.
#[utoipa::path(patch, path = "/withdrawals/{id}", tag = "wallet", request_body = WithdrawalPatch,
    params(("id" = Uuid, Path, description = "Withdrawal")), security(("bearer" = [])),
    responses((status = 200, description = "The withdrawal, decided", body = Withdrawal), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<WithdrawalPatch>,
) -> Result<Json<Withdrawal>, ApiError> {
    let admin = write.caller.admin()?.0;
    let body = write.body;
    check(&body)?;
    let now = state.now();
    let entry = source.entry(&admin, Action::WithdrawalDecide).object(id);
    let entry = entry
        .change(&json!({"status": WithdrawalStatus::Pending}), &json!({"status": body.status, "reason": body.reason}));
    let decision = WithdrawalDecision {
        id,
        entry_id: ids::mint(now),
        is_approved: body.status == WithdrawalStatus::Approved,
        by: admin.user,
        now,
        reason: body.reason,
    };
    match state.store.withdrawal_decide(&decision, &entry.row(now)).await? {
        WithdrawalDecided::Done(decided) => Ok(Json(wallet_view::withdrawal(decided))),
        WithdrawalDecided::Before(before) if before.status == wallet_view::stored(body.status) => {
            Ok(Json(wallet_view::withdrawal(before)))
        }
        WithdrawalDecided::Before(_) => Err(ApiError::Conflict(Conflict::WithdrawalDecided)),
        WithdrawalDecided::Unknown => Err(ApiError::NotFound(Noun::Withdrawal)),
    }
}

fn check(body: &WithdrawalPatch) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    if body.status == WithdrawalStatus::Pending {
        errors.add("status", "NOT_ALLOWED", "`approved` or `rejected`");
    }
    if body.reason.as_ref().is_some_and(|reason| reason.chars().count() > REASON_CHARS_MAX) {
        errors.add("reason", "LENGTH", format!("at most {REASON_CHARS_MAX} characters"));
    }
    errors.none()
}
