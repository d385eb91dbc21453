//! An empty store gets an admin, an organizer and, unless it is unwanted, a demo arena on sale.

use inventory::{EventId, UserId};
use persistence::{Redacted, Role, StoreError, User, UserStatus};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use uuid::Uuid;

use crate::auth::PasswordError;
use crate::error::ApiError;
use crate::state::AppState;
use crate::{demo, ids, terminal};

const ORGANIZER_EMAIL: &str = "organizer@usher.local";
/// Keeps the demo's event id, or nothing when the first start was told to leave it out.
const DEMO_EVENT: &str = "demo-event";
/// Letters and digits that nobody confuses when typing them. 32, so that a byte's low bits choose evenly.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 100 bits.
const PASSWORD_CHARS: usize = 20;

#[derive(Debug, Error)]
pub enum FirstStartError {
    #[error("the store does not answer")]
    Store(#[from] StoreError),
    #[error("a password cannot be hashed")]
    Password(#[from] PasswordError),
    #[error(
        "the password of the {role} cannot be shown, so no account was made: set USHER_ADMIN_PASSWORD, or let it be printed"
    )]
    Unheard {
        role: String,
        #[source]
        source: std::io::Error,
    },
    #[error("the demo arena cannot be made: {}", .0.code())]
    Demo(ApiError),
}

/// The first start decides about the demo, for good. One that was interrupted is finished by the next start, unless that
/// is told to leave the demo out.
///
/// # Errors
/// The store, or the demo's own calls.
pub async fn run(state: &AppState) -> Result<(), FirstStartError> {
    let first = &state.config.first_start;
    let wanted = if first.demo { ids::mint(state.now()).into_bytes().to_vec() } else { Vec::new() };
    let decided = state.store.secret_get_or_insert(DEMO_EVENT, &wanted).await?;
    let demo_event = Uuid::from_slice(&decided).ok().map(EventId::from_uuid);
    let is_empty = state.store.store_is_empty().await?;
    if is_empty {
        account(state, "admin", &first.admin_email, Role::Admin, first.admin_password.as_ref()).await?;
    }
    let organizer = match state.store.user_find_by_email(ORGANIZER_EMAIL).await? {
        Some(organizer) => Some(organizer.id),
        None if is_empty || demo_event.is_some() => {
            Some(account(state, "organizer", ORGANIZER_EMAIL, Role::Organizer, None).await?)
        }
        None => None,
    };
    if let (Some(event), Some(organizer), true) = (demo_event, organizer, first.demo) {
        demo::put_on_sale(state, event, organizer).await.map_err(FirstStartError::Demo)?;
    }
    Ok(())
}

/// A generated password is shown before the account is there: were it the other way round, a start that ends in between would
/// leave an account that nobody can use. Shown for an account that was not made after all, it opens nothing, and the next
/// start shows another.
async fn account(
    state: &AppState,
    name: &str,
    email: &str,
    role: Role,
    given: Option<&SecretString>,
) -> Result<UserId, FirstStartError> {
    let password = given.cloned().unwrap_or_else(generate);
    let now = state.now();
    let id = UserId::from_uuid(ids::mint(now));
    let user = User {
        id,
        name: name.to_owned(),
        email: email.to_owned(),
        password_hash: Redacted(state.passwords.hash(password.clone()).await?),
        role,
        status: UserStatus::Active,
        created_at: now,
        whitelisted: false,
        email_confirmed_at: Some(now),
        avatar: None,
    };
    if given.is_none() {
        let shown = terminal::password(name, email, password.expose_secret());
        shown.map_err(|source| FirstStartError::Unheard { role: name.to_owned(), source })?;
    }
    state.store.user_insert(&user).await?;
    Ok(id)
}

fn generate() -> SecretString {
    let entropy: [u8; PASSWORD_CHARS] = ids::entropy();
    let text: String = entropy.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    SecretString::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_are_long_plain_and_never_the_same() {
        let (one, other) = (generate(), generate());
        assert_eq!(one.expose_secret().len(), PASSWORD_CHARS);
        assert!(one.expose_secret().bytes().all(|byte| ALPHABET.contains(&byte)));
        assert_ne!(one.expose_secret(), other.expose_secret());
    }
}
