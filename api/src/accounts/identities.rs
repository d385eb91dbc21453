use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use persistence::Identity;
use serde_json::json;
use uuid::Uuid;
use wire::{Identities, LinkedIdentity};

use crate::audit_log::{Action, Source};
use crate::auth::Caller;
use crate::error::{ApiError, Noun};
use crate::extract::{Empty, PathId};
use crate::idempotency::{Write, remembered};
use crate::mail::Letter;
use crate::problems::{Read, Written};
use crate::state::AppState;
use crate::{digest, notice, time};

/// More than there are providers.
const IDENTITIES_MAX: u32 = 100;

/// Lists who the account is at other providers
///
/// Whoever signs in there signs in to the account.
#[utoipa::path(get, path = "/me/identities", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, description = "All of them", body = Identities), Read))]
pub async fn identities(State(state): State<AppState>, caller: Caller) -> Result<Json<Identities>, ApiError> {
    let found = state.store.identity_list(caller.user, IDENTITIES_MAX).await?;
    Ok(Json(Identities { items: found.into_iter().map(shown).collect() }))
}

/// Unlinks the account from another provider
///
/// Signing in there does not open it any more; a mail tells the owner. A password and codes by mail go on working, and who
/// signs in at the provider again with the account's confirmed address links it anew.
#[utoipa::path(delete, path = "/me/identities/{id}", tag = "accounts", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Identity")),
    responses((status = 204, description = "Unlinked"), Written))]
pub async fn identity_unlink(
    State(state): State<AppState>,
    PathId(id): PathId,
    source: Source,
    write: Write<Empty>,
) -> Result<Response, ApiError> {
    let Write { caller, origin, body: Empty {}, claim: _claim } = write;
    let answer = async {
        let unknown = || ApiError::NotFound(Noun::Identity);
        let user = state.store.user_find(caller.user).await?.ok_or(ApiError::NotFound(Noun::User))?;
        let linked = state.store.identity_list(caller.user, IDENTITIES_MAX).await?;
        let identity = linked.into_iter().find(|identity| self::id(identity) == id).ok_or_else(unknown)?;
        let now = state.now();
        let entry = source.entry(&caller, Action::IdentityUnlink).object(caller.user);
        let entry = entry.removed(&json!({"issuer": identity.issuer})).row(now);
        let mail = notice::compose(&state, &user, &Letter::IdentityUnlinked {}, &source, now).await?;
        if !state.store.identity_delete(&identity, mail.as_ref(), &entry).await? {
            return Err(unknown());
        }
        if mail.is_some() {
            state.mail.queued();
        }
        Ok(StatusCode::NO_CONTENT.into_response())
    };
    remembered(&state, origin.key, answer).await
}

fn shown(identity: Identity) -> LinkedIdentity {
    LinkedIdentity {
        id: id(&identity),
        issuer: identity.issuer,
        email: identity.email,
        linked_at: time::utc(identity.created_at),
    }
}

/// The provider's name for somebody may be as long as it likes: paths have this instead.
fn id(identity: &Identity) -> Uuid {
    Uuid::from_bytes(digest::of(&[b"identity", identity.issuer.as_bytes(), identity.subject.as_bytes()]))
}
