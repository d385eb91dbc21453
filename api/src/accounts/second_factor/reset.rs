use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use inventory::UserId;

use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::mail::Letter;
use crate::problems::Written;
use crate::state::AppState;

/// Switches somebody's second factor off
///
/// For an owner who has lost his app and his recovery codes; that it is him is for the admin to make sure of. All logins of
/// the account end, and its owner is told by mail. For admins, about others: their own they switch off with a code of it.
#[utoipa::path(delete, path = "/users/{id}/second-factor", tag = "accounts", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Account")),
    responses((status = 204, description = "Off: the password is enough"), Written))]
pub async fn reset(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let admin = caller.admin()?.0;
    let id = UserId::from_uuid(id);
    if admin.user == id {
        return Err(ApiError::Conflict(Conflict::OwnAccount));
    }
    let answer = async {
        let user = state.store.user_find(id).await?.ok_or(ApiError::NotFound(Noun::User))?;
        let now = state.now();
        let mail = state.mail.compose(&user.email, &Letter::SecondFactorReset {}, now)?;
        let entry = source.entry(&admin, Action::SecondFactorReset).object(id).row(now);
        let ended = state.store.second_factor_reset(id, &mail, &entry).await?;
        let ended = ended.ok_or(ApiError::Conflict(Conflict::SecondFactorOff))?;
        state.mail.queued();
        for session in ended {
            state.standings.end(session, now);
        }
        tracing::info!(user = %id, admin = %admin.user, "the second factor of user {id} was reset by {}", admin.user);
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    remembered(&state, origin.key, answer).await
}
