use persistence::{LinkPurpose, LinkToken, NewMail, User};

use crate::auth::OneTimeToken;
use crate::error::ApiError;
use crate::mail::Letter;
use crate::state::AppState;

/// A fresh token for the account, and the mail that carries it to its owner.
///
/// # Errors
/// Only a defect.
pub fn link(state: &AppState, user: &User, purpose: LinkPurpose) -> Result<(LinkToken, NewMail), ApiError> {
    let token = OneTimeToken::draw();
    let letter = match purpose {
        LinkPurpose::ConfirmEmail => Letter::ConfirmEmail { token: token.text() },
        LinkPurpose::ResetPassword => Letter::ResetPassword { token: token.text() },
    };
    let mail = state.mail.compose(&user.email, &letter, state.now())?;
    let expires_at = mail.expires_at.unwrap_or(mail.created_at);
    Ok((LinkToken { hash: token.hash(), user: user.id, purpose, expires_at }, mail))
}

/// Sends it.
///
/// # Errors
/// The store is not available.
pub async fn send(state: &AppState, user: &User, purpose: LinkPurpose) -> Result<(), ApiError> {
    let (token, mail) = link(state, user, purpose)?;
    state.store.link_token_send(&token, &mail).await?;
    state.mail.queued();
    Ok(())
}
