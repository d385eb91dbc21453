use std::borrow::Cow;
use std::time::Duration;

use inventory::UserId;
use persistence::{GuessLimit, SecondFactor};

use super::recovery::RecoveryCode;
use super::totp;
use crate::error::{ApiError, Conflict, Unauthorized};
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
pub async fn check(state: &AppState, user: UserId, code: &Code) -> Result<(), ApiError> {
    let factor = state.store.second_factor_find(user).await?.filter(|factor| factor.confirmed_at.is_some());
    let factor = factor.ok_or(ApiError::Conflict(Conflict::SecondFactorOff))?;
    guess(state, user).await?;
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
    if is_right { Ok(()) } else { Err(ApiError::Unauthorized(Unauthorized::SecondFactorWrong)) }
}

/// # Errors
/// The account has guessed too often.
pub async fn guess(state: &AppState, user: UserId) -> Result<(), ApiError> {
    let now = state.now();
    let limit = GuessLimit { guesses_max: GUESSES_MAX, window_over: time::minus(now, GUESS_WINDOW) };
    if state.store.second_factor_guess(user, limit, now).await? {
        Ok(())
    } else {
        Err(ApiError::RateLimited { retry_after: GUESS_WINDOW })
    }
}

/// # Errors
/// A stored secret that does not open: another server secret, or damage.
pub fn secret(state: &AppState, user: UserId, factor: &SecondFactor) -> Result<Vec<u8>, ApiError> {
    let secret = state.seals.second_factor.open(&user.bytes(), &factor.secret);
    secret.ok_or(ApiError::Defect(Cow::Borrowed("a second factor cannot be decrypted")))
}
