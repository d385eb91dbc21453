use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use wire::PaymentRefund;

use super::view;
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Tries a refund again that was given up
///
/// At once, and then as often as a new one; what was refunded after all is not refunded twice. For admins.
#[utoipa::path(post, path = "/admin/payment-refunds/{id}/retry", tag = "payments", security(("bearer" = [])),
    params(("id" = Uuid, Path)),
    responses((status = 200, description = "The refund, queued", body = PaymentRefund), Written))]
pub async fn refund_retry(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let admin = write.caller.admin()?.0;
    remembered(&state, write.origin.key, async {
        let now = state.now();
        let entry = source.entry(&admin, Action::PaymentRefundRetry).object(id).row(now);
        let is_failed = state.store.refund_retry(id, now, &entry).await?;
        let refund = state.store.refund_find(id).await?.ok_or(ApiError::NotFound(Noun::PaymentRefund))?;
        if !is_failed {
            return Err(ApiError::Conflict(Conflict::PaymentRefundNotFailed));
        }
        state.gateways.wake();
        Ok(Json(view::refund(refund)).into_response())
    })
    .await
}
