use axum::Json;
use axum::extract::State;
use wire::Payout;

use super::payout;
use crate::audit_log::{Action, Source};
use crate::auth::Admin;
use crate::error::{ApiError, Noun};
use crate::extract::PathId;
use crate::problems::Read;
use crate::state::AppState;

/// Shows where a withdrawal is paid out to
///
/// In full, for the admin who pays. Each look is in the audit log.
#[utoipa::path(get, path = "/withdrawals/{id}/payout", tag = "wallet",
    params(("id" = Uuid, Path, description = "Withdrawal")), security(("bearer" = [])),
    responses((status = 200, description = "The bank account", body = Payout), Read))]
pub async fn show_payout(
    State(state): State<AppState>,
    Admin(admin): Admin,
    PathId(id): PathId,
    source: Source,
) -> Result<Json<Payout>, ApiError> {
    let unknown = ApiError::NotFound(Noun::Withdrawal);
    let Some(withdrawal) = state.store.withdrawal_find(id).await? else { return Err(unknown) };
    // Of one that was asked for before that was said, and of an erased account, there is none.
    let Some(sealed) = withdrawal.payout else { return Err(unknown) };
    let shown = payout::open(&state.seals, id, &sealed);
    let shown = shown.ok_or_else(|| ApiError::Defect("a payout that was not sealed by this server".into()))?;
    let entry = source.entry(&admin, Action::WithdrawalReveal).object(id).row(state.now());
    state.store.audit_append(&[entry]).await?;
    Ok(Json(shown))
}
