use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use inventory::UserId;
use persistence::{Access, AccessChange};
use serde_json::json;
use wire::{User, UserPatch};

use super::view;
use crate::audit_log::{Action, Entry, Source};
use crate::auth::{Standing, roles};
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::PathId;
use crate::idempotency::{Write, remembered};
use crate::problems::Written;
use crate::state::AppState;

/// Changes an account's standing
///
/// Role, status, and whether the rules against abuse spare it: at once, for its live tokens and API keys too; where several
/// servers share a database, within 5 seconds on the others. A suspended account neither signs in nor buys. For admins,
/// about others.
#[utoipa::path(patch, path = "/users/{id}", tag = "accounts", security(("bearer" = [])), request_body = UserPatch,
    params(("id" = Uuid, Path, description = "Account")),
    responses((status = 200, description = "The account", body = User), Written))]
pub async fn patch(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<UserPatch>,
) -> Result<Response, ApiError> {
    let admin = write.caller.admin()?.0;
    let id = UserId::from_uuid(id);
    if admin.user == id {
        return Err(ApiError::Conflict(Conflict::OwnAccount));
    }
    remembered(&state, write.origin.key, async {
        let before = state.store.user_find(id).await?.ok_or(ApiError::NotFound(Noun::User))?;
        let entry = entry(&before, &write.body, source.entry(&admin, Action::UserUpdate).object(id));
        let access = Access {
            role: write.body.role.map(roles::stored_role),
            status: write.body.status.map(roles::stored_status),
            whitelisted: write.body.whitelisted,
        };
        let now = state.now();
        let entry = entry.map(|entry| entry.row(now));
        let (user, at) = match state.store.user_set_access(id, access, now, entry.as_ref()).await? {
            AccessChange::Changed { user, at } => (user, at),
            AccessChange::LastAdmin => return Err(ApiError::Conflict(Conflict::LastAdmin)),
            AccessChange::Unknown => return Err(ApiError::NotFound(Noun::User)),
        };
        let shown = view::for_admins(&user);
        state.standings.change(id, Standing { role: shown.role, status: shown.status }, at);
        state.api_keys.forget_of(id);
        tracing::info!(user = %id, admin = %admin.user, "user {id} is now {:?}, {:?}", shown.role, shown.status);
        Ok(Json(shown).into_response())
    })
    .await
}

/// `None`: everything is like that already.
fn entry(before: &persistence::User, wanted: &UserPatch, entry: Entry) -> Option<Entry> {
    let before = view::for_admins(before);
    let (role, status) = (wanted.role.unwrap_or(before.role), wanted.status.unwrap_or(before.status));
    let whitelisted = wanted.whitelisted.or(before.whitelisted);
    let is_same = (role, status, whitelisted) == (before.role, before.status, before.whitelisted);
    let old = json!({"role": before.role, "status": before.status, "whitelisted": before.whitelisted});
    let new = json!({"role": role, "status": status, "whitelisted": whitelisted});
    (!is_same).then(|| entry.change(&old, &new))
}
