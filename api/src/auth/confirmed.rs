use inventory::UserId;
use persistence::User;

use crate::error::{ApiError, Forbidden, Unauthorized};
use crate::state::AppState;

/// # Errors
/// The server asks for a confirmed e-mail address, and the account has none.
pub fn check_confirmed(state: &AppState, user: &User) -> Result<(), ApiError> {
    if state.config.accounts.require_confirmed_email && user.email_confirmed_at.is_none() {
        return Err(ApiError::Forbidden(Forbidden::EmailNotConfirmed));
    }
    Ok(())
}

/// The same of an account that signed in earlier: the setting may be younger than the login.
///
/// # Errors
/// Those of [`check_confirmed`], or the store is not available.
pub async fn require_confirmed(state: &AppState, user: UserId) -> Result<(), ApiError> {
    if !state.config.accounts.require_confirmed_email {
        return Ok(());
    }
    let user = state.store.user_find(user).await?.ok_or(ApiError::Unauthorized(Unauthorized::TokenInvalid))?;
    check_confirmed(state, &user)
}
