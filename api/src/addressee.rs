//! The account that somebody names by an e-mail address, to give it something.

use persistence::{User, UserStatus};

use crate::error::ApiError;
use crate::state::AppState;

/// Only one whose owner has shown that the address is his: anybody can register somebody else's and wait for what comes.
/// Whether there is any other account with the address is not told.
///
/// # Errors
/// No such account; the store is not available.
pub async fn find(state: &AppState, email: &str) -> Result<User, ApiError> {
    let found = state.store.user_find_by_email(email).await?;
    let found = found.filter(|user| user.email_confirmed_at.is_some() && user.status == UserStatus::Active);
    found.ok_or_else(|| {
        let message = "no account has confirmed this address; whoever is meant has to register and confirm it first";
        ApiError::invalid("email", "UNKNOWN", message)
    })
}
