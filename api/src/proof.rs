//! That it is an account's owner who asks, not somebody who has found his phone unlocked, copied a token or guesses.

use std::time::Duration;

use persistence::User;
use secrecy::SecretString;

use crate::attempts::Attempts;
use crate::audit_log::{Action, Incident, Source};
use crate::error::{ApiError, Unauthorized};
use crate::second_factor::{self, Code};
use crate::state::AppState;

/// Wrong passwords for one address, wherever they are tried. Its owner may sign in by other ways meanwhile.
const PASSWORDS: Attempts =
    Attempts { what: "password", per_subscriber: 10, in_all: 50, window: Duration::from_secs(15 * 60) };

/// What an owner shows.
#[derive(Debug)]
pub struct Proof {
    /// Of an account without a second factor.
    pub password: Option<String>,
    /// Of the second factor, or a recovery code.
    pub code: Option<String>,
}

/// The password; of an account with a second factor, a code of it instead.
///
/// # Errors
/// What is missing, wrong, or was tried too often.
pub async fn of_owner(state: &AppState, user: &User, given: Proof, source: &Source) -> Result<(), ApiError> {
    if second_factor::is_on(state, user.id).await? {
        let code =
            given.code.ok_or_else(|| ApiError::invalid("code", "MISSING_FIELD", "a code of the second factor"))?;
        return second_factor::check(state, user.id, &Code::parse(&code)?, source).await;
    }
    let password = given.password.ok_or_else(|| ApiError::invalid("password", "MISSING_FIELD", "the password"))?;
    if is_password(state, &user.email, Some(user), password, source).await? {
        Ok(())
    } else {
        Err(ApiError::Unauthorized(Unauthorized::CredentialsWrong))
    }
}

/// Whether it is the password of the account, `None`: of none, which takes as long. Each call is counted as a guess before
/// it is looked at, whether there is an account or not; a right one begins the count anew.
///
/// # Errors
/// Too many wrong ones; too many wait to be checked; the store is not available.
pub async fn is_password(
    state: &AppState,
    email: &str,
    account: Option<&User>,
    password: String,
    source: &Source,
) -> Result<bool, ApiError> {
    state.passwords.check_room()?;
    let counted = PASSWORDS.take(state, email, source.ip()).await.inspect_err(|error| {
        if matches!(error, ApiError::RateLimited { .. }) {
            let (code, account) = (error.code(), account.map(|user| user.id));
            let incident = Incident { action: Action::LoginLocked, code, account, path: "/api/v1/auth/login" };
            state.security.note(incident, source.clone(), state.now());
        }
    })?;
    let stored = account.map(|user| user.password_hash.0.clone());
    let is_right = state.passwords.verify(SecretString::from(password), stored).await?;
    if is_right {
        counted.forget(state).await?;
    }
    Ok(is_right)
}
