use axum::extract::State;
use http::StatusCode;
use inventory::{EventId, UserId};
use persistence::Erasure;
use wire::{MeErase, Problem};

use crate::audit_log::{Action, Entry, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::event_access;
use crate::idempotency::Write;
use crate::proof::{self, Proof};
use crate::state::AppState;

/// More than anybody waits on at a time.
const WAITLISTS_MAX: u32 = 1_000;

/// Erases the caller's account, for good: name, address, logins and keys. Orders and tickets stay, without a person.
///
/// Wants the password; of an account with a second factor, a code of it instead.
#[utoipa::path(delete, path = "/me", tag = "accounts", security(("bearer" = [])), request_body = MeErase, responses(
    (status = 204, description = "Erased"),
    (status = 401, description = "CREDENTIALS_WRONG or SECOND_FACTOR_WRONG", body = Problem),
    (status = 409, description = "EVENTS_LIVE, WALLET_NOT_EMPTY or LAST_ADMIN", body = Problem),
    (status = 422, description = "VALIDATION_FAILED", body = Problem),
    (status = 429, description = "RATE_LIMITED", body = Problem),
))]
pub async fn erase(
    State(state): State<AppState>,
    source: Source,
    write: Write<MeErase>,
) -> Result<StatusCode, ApiError> {
    let id = write.caller.user;
    let user = state.store.user_find(id).await?.ok_or(ApiError::NotFound(Noun::User))?;
    let MeErase { password, code } = write.body;
    proof::of_owner(&state, &user, Proof { password, code }, &source).await?;
    let entry = source.entry(&write.caller, Action::UserErase).without_source();
    finish(&state, id, entry).await?;
    tracing::info!(user = %id, "user {id} has erased the account");
    Ok(StatusCode::NO_CONTENT)
}

/// What he would be offered goes to others. Where the event does not answer, an offer runs out by itself.
async fn leave(state: &AppState, id: UserId, event: EventId) {
    let left = async {
        let asker = engine::Caller { user: id, request: None, key: None };
        event_access::handle(state, event).await?.leave_waitlist(asker).await.map_err(ApiError::from)
    };
    if let Err(error) = left.await {
        tracing::warn!(%event, code = error.code(), "an erased account stays on a waitlist: {}", error.code());
    }
}

/// Erases an account, whoever has asked for it, and ends what it has open.
///
/// # Errors
/// It organizes something that is on sale, nobody else could administer the server, or there is no such account.
pub async fn finish(state: &AppState, id: UserId, entry: Entry) -> Result<(), ApiError> {
    let now = state.now();
    let waits_for = state.store.waitlist_events_of(id, WAITLISTS_MAX).await?;
    match state.store.user_erase(id, now, Some(&entry.object(id).row(now))).await? {
        Erasure::Done { sessions } => {
            for session in sessions {
                state.standings.end(session, now);
            }
            state.api_keys.forget_of(id);
            if !waits_for.is_empty() {
                for event in waits_for {
                    leave(state, id, event).await;
                }
                // What he has left is written down as he leaves.
                if let Err(error) = state.store.waitlist_forget(id).await {
                    tracing::warn!(user = %id, %error, "what an erased account has waited for is still listed: {error}");
                }
            }
            Ok(())
        }
        Erasure::EventsLive => Err(ApiError::Conflict(Conflict::EventsLive)),
        Erasure::WalletNotEmpty => Err(ApiError::Conflict(Conflict::WalletNotEmpty)),
        Erasure::LastAdmin => Err(ApiError::Conflict(Conflict::LastAdmin)),
        Erasure::Unknown => Err(ApiError::NotFound(Noun::User)),
    }
}
