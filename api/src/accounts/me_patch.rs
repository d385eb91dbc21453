use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use wire::{MePatch, Problem, User};

use super::{check, view};
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Noun};
use crate::idempotency::{Write, remembered};
use crate::state::AppState;

/// Changes the caller's own name and whether he is reminded of events. Role and status are no fields of it: sending one is refused.
#[utoipa::path(patch, path = "/me", tag = "accounts", security(("bearer" = [])), request_body = MePatch, responses(
    (status = 200, description = "The account", body = User),
    (status = 403, description = "ACCOUNT_SUSPENDED", body = Problem),
    (status = 422, description = "VALIDATION_FAILED", body = Problem),
))]
pub async fn me_patch(
    State(state): State<AppState>,
    source: Source,
    write: Write<MePatch>,
) -> Result<Response, ApiError> {
    let user = write.caller.user;
    // That it was changed: a name in the log could never be taken out of it again.
    let changed = |what: &str| {
        let entry = source.entry(&write.caller, Action::ProfileUpdate).object(user).made(&json!({what: true}));
        entry.row(state.now())
    };
    remembered(&state, write.origin.key, async {
        if let Some(name) = &write.body.name {
            if let Some(fault) = check::name(name) {
                return Err(ApiError::Invalid(vec![fault]));
            }
            state.store.user_set_name(user, name.trim(), Some(&changed("name"))).await?;
        }
        if let Some(reminders) = write.body.reminders {
            state.store.user_set_reminders(user, reminders, Some(&changed("reminders"))).await?;
        }
        let gone = || ApiError::NotFound(Noun::User);
        let reminders = state.store.user_reminders(user).await?.ok_or_else(gone)?;
        let user = state.store.user_find(user).await?.ok_or_else(gone)?;
        Ok(Json(view::own(&user, reminders)).into_response())
    })
    .await
}
