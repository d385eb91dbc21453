//! Whose account it is that somebody signs in to by way of a provider.
//!
//! An account is linked by its address only when both sides have shown that it is theirs: the provider vouches for the
//! one, the account's owner has confirmed the other. Otherwise whoever registers somebody else's address first would
//! share the account with its owner.

use inventory::UserId;
use persistence::{Identity, Redacted, Role, User, UserStatus};
use secrecy::SecretString;

use crate::accounts::check;
use crate::error::{ApiError, Conflict, Forbidden};
use crate::hex;
use crate::ids;
use crate::openid::Person;
use crate::state::AppState;

/// # Errors
/// The provider does not vouch for the address, or an account that is not provably his has it.
pub async fn of(state: &AppState, person: &Person) -> Result<User, ApiError> {
    if let Some(user) = state.store.identity_find_user(&person.issuer, &person.subject).await? {
        return Ok(user);
    }
    let email = person.email.as_deref().map(str::trim).filter(|email| check::email(email).is_none());
    let email = email.ok_or(ApiError::Forbidden(Forbidden::EmailNotVerified))?;
    let user = match state.store.user_find_by_email(email).await? {
        Some(user) if is_same_address(&user, email) => user,
        Some(_) => return Err(ApiError::Conflict(Conflict::EmailTaken)),
        None => new(state, person, email).await?,
    };
    let now = state.now();
    let identity = Identity {
        issuer: person.issuer.clone(),
        subject: person.subject.clone(),
        user_id: user.id,
        email: email.to_owned(),
        created_at: now,
    };
    if !state.store.identity_insert(&identity).await? {
        // Another sign-in of the same person was faster; it found the same account, or this one starts anew.
        let linked = state.store.identity_find_user(&person.issuer, &person.subject).await?;
        return linked.ok_or(ApiError::Conflict(Conflict::EmailTaken));
    }
    tracing::info!(user = %user.id, "user {} signs in with Google from now on", user.id);
    Ok(user)
}

/// Confirmed, and not merely the same to a comparison that folds more than ASCII: two addresses of two people may be.
fn is_same_address(user: &User, email: &str) -> bool {
    user.email_confirmed_at.is_some() && user.email.eq_ignore_ascii_case(email)
}

/// Without a password that anybody knows: its owner may set one by way of his mail.
async fn new(state: &AppState, person: &Person, email: &str) -> Result<User, ApiError> {
    let named = person.name.as_deref().map(str::trim).filter(|name| check::name(name).is_none());
    let name = named.unwrap_or_else(|| email.split('@').next().unwrap_or(email));
    let nobody_knows = SecretString::from(hex::encode(&ids::entropy::<32>()));
    let now = state.now();
    let user = User {
        id: UserId::from_uuid(ids::mint(now)),
        name: name.to_owned(),
        email: email.to_owned(),
        password_hash: Redacted(state.passwords.hash(nobody_knows).await?),
        role: Role::Attendee,
        status: UserStatus::Active,
        created_at: now,
        whitelisted: false,
        email_confirmed_at: Some(now),
        avatar: None,
    };
    state.store.user_insert(&user).await?;
    Ok(user)
}
