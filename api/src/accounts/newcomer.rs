//! Accounts of those who have shown that an address is theirs before they had one: by a provider's word or by a code.

use inventory::{TimeUs, UserId};
use persistence::{Redacted, Role, User, UserStatus};

use super::check;
use crate::audit_log::{Action, Source};
use crate::error::ApiError;
use crate::ids;
use crate::state::AppState;

/// Makes the account. `name`: as he gives it, if it is one; otherwise the address says what he is called. Without a password:
/// its owner may set one by way of his mail.
///
/// # Errors
/// Somebody has the address by now. The store is not available.
pub async fn make(state: &AppState, name: Option<&str>, email: &str, source: &Source) -> Result<User, ApiError> {
    let user = new(name, email, state.passwords.nobody(), state.now());
    let entry = source.anonymous_entry(Action::UserRegister).object(user.id).row(user.created_at);
    state.store.user_register(&user, None, &entry).await?;
    Ok(user)
}

fn new(name: Option<&str>, email: &str, password_hash: &str, now: TimeUs) -> User {
    let given = name.map(str::trim).filter(|name| check::name(name).is_none());
    User {
        id: UserId::from_uuid(ids::mint(now)),
        name: given.unwrap_or_else(|| email.split('@').next().unwrap_or(email)).to_owned(),
        email: email.to_owned(),
        password_hash: Redacted(password_hash.to_owned()),
        role: Role::Attendee,
        status: UserStatus::Active,
        created_at: now,
        whitelisted: false,
        email_confirmed_at: Some(now),
        avatar: None,
    }
}
