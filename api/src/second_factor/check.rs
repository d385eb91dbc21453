use std::borrow::Cow;
use std::time::Duration;

use inventory::UserId;
use persistence::{GuessLimit, SecondFactor};
use serde_json::json;

use super::recovery::RecoveryCode;
use super::totp;
use crate::audit_log::{self, Action, Source};
use crate::error::{ApiError, Conflict, Unauthorized};
use crate::metrics;
use crate::state::AppState;
use crate::time;

/// Wrong codes of one account per [`GUESS_WINDOW`]. Whoever knows the password guesses one of a million right with three
/// good at a time: in 1 of 30,000 hours.
const GUESSES_MAX: u32 = 10;
const GUESS_WINDOW: Duration = Duration::from_secs(3_600);

/// What somebody typed.
pub enum Code {
    Totp(u32),
    Recovery(RecoveryCode),
}

impl Code {
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let totp = totp::parse(text).map(Self::Totp);
        totp.or_else(|| RecoveryCode::parse(text).map(Self::Recovery))
            .ok_or_else(|| ApiError::invalid("code", "FORMAT", "six digits, or one of the recovery codes"))
    }
}

/// Whether the account's logins wait for a code.
///
/// # Errors
/// The store is not available.
pub async fn is_on(state: &AppState, user: UserId) -> Result<bool, ApiError> {
    let factor = state.store.second_factor_find(user).await?;
    Ok(factor.is_some_and(|factor| factor.confirmed_at.is_some()))
}

/// Uses the code up. Counts it as a guess before it is looked at.
///
/// # Errors
/// A wrong or used code, too many of them, no second factor.
pub async fn check(state: &AppState, user: UserId, code: &Code, source: &Source) -> Result<(), ApiError> {
    let factor = state.store.second_factor_find(user).await?.filter(|factor| factor.confirmed_at.is_some());
    let factor = factor.ok_or(ApiError::Conflict(Conflict::SecondFactorOff))?;
    let guess = guess(state, user).await?;
    let is_right = match code {
        Code::Recovery(code) => state.store.recovery_code_use(user, code.hash(user)).await?,
        Code::Totp(given) => {
            let secret = secret(state, user, &factor)?;
            let mut is_right = false;
            for step in totp::steps(&secret, *given, state.now()) {
                is_right = is_right || state.store.second_factor_use(user, step).await?;
            }
            is_right
        }
    };
    if is_right { Ok(()) } else { Err(wrong(state, user, guess, source).await) }
}

/// Of the account, in the window: the number of a code that is being looked at.
pub struct Guess(u32);

/// # Errors
/// The account has guessed too often.
pub async fn guess(state: &AppState, user: UserId) -> Result<Guess, ApiError> {
    let now = state.now();
    let limit = GuessLimit { guesses_max: GUESSES_MAX, window_over: time::minus(now, GUESS_WINDOW) };
    let guess = state.store.second_factor_guess(user, limit, now).await?;
    guess.map(Guess).ok_or(ApiError::RateLimited { retry_after: GUESS_WINDOW })
}

/// What a wrong code is answered. The last one that the account may guess is written down: from here on it is locked.
pub async fn wrong(state: &AppState, user: UserId, guess: Guess, source: &Source) -> ApiError {
    if guess.0 == GUESSES_MAX {
        metrics::count_incident(Action::LoginLocked);
        let facts = json!({"wrong_codes": GUESSES_MAX, "window_s": GUESS_WINDOW.as_secs()});
        audit_log::write(state, source.anonymous_entry(Action::LoginLocked).object(user).made(&facts)).await;
        tracing::warn!(%user, "user {user} is locked out: {GUESSES_MAX} wrong codes of the second factor");
    }
    ApiError::Unauthorized(Unauthorized::SecondFactorWrong)
}

/// # Errors
/// A stored secret that does not open: another server secret, or damage.
pub fn secret(state: &AppState, user: UserId, factor: &SecondFactor) -> Result<Vec<u8>, ApiError> {
    let secret = state.seals.second_factor.open(&user.bytes(), &factor.secret);
    secret.ok_or(ApiError::Defect(Cow::Borrowed("a second factor cannot be decrypted")))
}
