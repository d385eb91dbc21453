//! Where logins begin and end. Whoever has shown who he is, in whatever way, gets his tokens from [`begin`] and from
//! nowhere else: what must hold for every way in is asked there.

use std::time::Duration;

use inventory::{TimeUs, UserId};
use persistence::{Refresh, User, UserStatus};
use uuid::Uuid;
use wire::Tokens;

use super::view;
use crate::audit_log::{Entry, Source};
use crate::auth::{RefreshToken, RefreshTokens, check_confirmed};
use crate::error::{ApiError, Forbidden, Unauthorized};
use crate::second_factor::{self, Code};
use crate::state::AppState;
use crate::{ids, time};

/// A login ends after so many refresh lifetimes, however often it is refreshed.
const LOGIN_REFRESHES: u32 = 12;
/// For fetching the phone and typing.
const CHALLENGE_TTL: Duration = Duration::from_secs(5 * 60);
const CHALLENGE_GUESSES: u32 = 5;

/// Starts a login of somebody who has shown, in one way, that the account is his.
///
/// # Errors
/// The address must be confirmed and is not. Suspended. The account has a second factor: the error holds the challenge that [`answer`] takes. The store is not available.
pub async fn begin(state: &AppState, user: &User, source: &Source) -> Result<Tokens, ApiError> {
    check_may_sign_in(state, user)?;
    if !second_factor::is_on(state, user.id).await? {
        return open(state, user, source).await;
    }
    let challenge = RefreshTokens::first();
    let expires_at = time::plus(state.now(), CHALLENGE_TTL);
    state.store.login_challenge_insert(challenge.hash(), user.id, expires_at).await?;
    Err(ApiError::SecondFactorRequired { challenge: challenge.text() })
}

/// Finishes a login that [`begin`] has made wait for its second factor.
///
/// # Errors
/// The challenge is not one that waits, or the code is wrong. The store is not available.
pub async fn answer(state: &AppState, challenge: &str, code: &Code, source: &Source) -> Result<Tokens, ApiError> {
    let invalid = || ApiError::Unauthorized(Unauthorized::ChallengeInvalid);
    let challenge = RefreshToken::parse(challenge).ok_or_else(invalid)?.hash();
    let user = state.store.login_challenge_guess(challenge, CHALLENGE_GUESSES, state.now()).await?;
    let user = user.ok_or_else(invalid)?;
    second_factor::check(state, user, code, source).await?;
    if !state.store.login_challenge_take(challenge).await? {
        return Err(invalid());
    }
    let user = state.store.user_find(user).await?.ok_or_else(invalid)?;
    open(state, &user, source).await
}

async fn open(state: &AppState, user: &User, source: &Source) -> Result<Tokens, ApiError> {
    check_may_sign_in(state, user)?;
    let now = state.now();
    let refresh = RefreshTokens::first();
    let family = ids::mint(now);
    let ttl = state.config.auth.refresh_ttl;
    let login = Refresh {
        hash: refresh.hash(),
        family,
        user: user.id,
        now,
        expires_at: time::plus(now, ttl),
        family_expires_at: time::plus(now, ttl * LOGIN_REFRESHES),
    };
    let ended = state.store.refresh_insert(&login, &source.device(), Some(&user.password_hash.0)).await?;
    // Somebody has taken the account back, or away, while its password was being looked at.
    let ended = ended.ok_or(ApiError::Unauthorized(Unauthorized::CredentialsWrong))?;
    for session in ended {
        state.standings.end(session, now);
    }
    tokens(state, user, family, &refresh)
}

/// The pair of tokens of a login that has begun. Asked for by every way in and by every refresh.
///
/// # Errors
/// Suspended; or the crypto library fails.
pub fn tokens(state: &AppState, user: &User, session: Uuid, refresh: &RefreshToken) -> Result<Tokens, ApiError> {
    check_may_sign_in(state, user)?;
    let shown = view::user(user);
    let access_token = state
        .tokens
        .issue(user.id, shown.role, shown.status, session, state.now())
        .map_err(|error| ApiError::Defect(format!("an access token cannot be signed: {error}").into()))?;
    Ok(Tokens {
        access_token,
        refresh_token: refresh.text(),
        token_type: "Bearer".to_owned(),
        expires_in: state.tokens.ttl().as_secs(),
        user: shown,
    })
}

/// # Errors
/// The address must be confirmed and is not; suspended.
pub fn check_may_sign_in(state: &AppState, user: &User) -> Result<(), ApiError> {
    check_confirmed(state, user)?;
    match user.status {
        UserStatus::Active => Ok(()),
        UserStatus::Suspended => Err(ApiError::Forbidden(Forbidden::Suspended)),
    }
}

/// What the store has ended of the account, API keys as well, opens nothing here from now on.
pub fn ended(state: &AppState, user: UserId, sessions: Vec<Uuid>, now: TimeUs) {
    for session in sessions {
        state.standings.end(session, now);
    }
    state.api_keys.forget_of(user);
}

/// Ends one login, at once here and within seconds on other nodes. Whether the user has, or had, such a one.
///
/// # Errors
/// The store is not available.
pub async fn end(state: &AppState, user: UserId, session: Uuid, entry: Entry) -> Result<bool, ApiError> {
    let now = state.now();
    let entry = entry.object(session).row(now);
    let is_own = state.store.session_end(user, session, now, Some(&entry)).await?;
    if is_own {
        state.standings.end(session, now);
    }
    Ok(is_own)
}

/// Ends every login of the user but `except`.
///
/// # Errors
/// The store is not available.
pub async fn end_all(state: &AppState, user: UserId, except: Option<Uuid>, entry: Entry) -> Result<(), ApiError> {
    let now = state.now();
    let entry = entry.object(user).row(now);
    for session in state.store.session_end_all(user, except, now, Some(&entry)).await? {
        state.standings.end(session, now);
    }
    Ok(())
}
