//! Whose account it is that somebody signs in to by way of a provider.
//!
//! An account is linked by its address only when both sides have shown that it is theirs: the provider vouches for the
//! one, the account's owner has confirmed the other. Otherwise whoever registers somebody else's address first would
//! share the account with its owner.

use persistence::{Identity, User};
use serde_json::json;

use crate::accounts::{check, newcomer};
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Forbidden};
use crate::mail::Letter;
use crate::notice;
use crate::openid::Person;
use crate::state::AppState;

/// # Errors
/// The provider does not vouch for the address, or an account that is not provably his has it.
pub async fn of(state: &AppState, person: &Person, source: &Source) -> Result<User, ApiError> {
    if let Some(user) = state.store.identity_find_user(&person.issuer, &person.subject).await? {
        return Ok(user);
    }
    let email = person.email.as_deref().map(str::trim).filter(|email| check::email(email).is_none());
    let email = email.ok_or(ApiError::Forbidden(Forbidden::EmailNotVerified))?;
    let now = state.now();
    // Who had an account before hears that there is another way into it.
    let (user, mail) = match state.store.user_find_by_email(email).await? {
        Some(user) if is_same_address(&user, email) => {
            let mail = notice::compose(state, &user, &Letter::IdentityLinked {}, source, now).await?;
            (user, mail)
        }
        Some(_) => return Err(ApiError::Conflict(Conflict::EmailTaken)),
        None => (newcomer::make(state, person.name.as_deref(), email, source).await?, None),
    };
    let identity = Identity {
        issuer: person.issuer.clone(),
        subject: person.subject.clone(),
        user_id: user.id,
        email: email.to_owned(),
        created_at: now,
    };
    let entry = source.anonymous_entry(Action::IdentityLink).object(user.id);
    let entry = entry.made(&json!({"issuer": identity.issuer})).row(now);
    if !state.store.identity_insert(&identity, mail.as_ref(), &entry).await? {
        // Another sign-in of the same person was faster; it found the same account, or this one starts anew.
        let linked = state.store.identity_find_user(&person.issuer, &person.subject).await?;
        return linked.ok_or(ApiError::Conflict(Conflict::EmailTaken));
    }
    if mail.is_some() {
        state.mail.queued();
    }
    tracing::info!(user = %user.id, "user {} signs in with Google from now on", user.id);
    Ok(user)
}

/// Confirmed, and not merely the same to a comparison that folds more than ASCII: two addresses of two people may be.
fn is_same_address(user: &User, email: &str) -> bool {
    user.email_confirmed_at.is_some() && user.email.eq_ignore_ascii_case(email)
}
