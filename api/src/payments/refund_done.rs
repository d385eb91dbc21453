use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use wire::{PaymentRefund, PaymentRefundDone};

use super::view;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

const HOW_CHARS_MAX: usize = 200;

/// Says that a refund that was given up was made in another way
///
/// At the provider by hand, by bank transfer. For admins.
#[utoipa::path(post, path = "/admin/payment-refunds/{id}/done", tag = "payments", security(("bearer" = [])),
    request_body = PaymentRefundDone, params(("id" = Uuid, Path)),
    responses((status = 200, description = "The refund, done", body = PaymentRefund), Written))]
pub async fn refund_done(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<PaymentRefundDone>,
) -> Result<Response, ApiError> {
    let admin = write.caller.admin()?.0;
    let how = write.body.how.trim();
    if how.is_empty() || how.chars().count() > HOW_CHARS_MAX {
        return Err(ApiError::invalid("how", "LENGTH", format!("1 to {HOW_CHARS_MAX} characters")));
    }
    remembered(&state, write.origin.key, async {
        let entry = source.entry(&admin, Action::PaymentRefundDone).object(id).made(&json!({"how": how}));
        let is_failed = state.store.refund_done_by_hand(id, how, &entry.row(state.now())).await?;
        let refund = state.store.refund_find(id).await?.ok_or(ApiError::NotFound(Noun::PaymentRefund))?;
        if !is_failed {
            return Err(ApiError::Conflict(Conflict::PaymentRefundNotFailed));
        }
        Ok(Json(view::refund(refund)).into_response())
    })
    .await
}
