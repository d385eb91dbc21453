//! Another e-mail address for an account. Its owner asks, shows that it is him, and follows the link that is sent to the new
//! address; until then nothing changes. The link holds what it is for, sealed: the store keeps nothing of it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use inventory::{TimeUs, UserId};
use persistence::{EmailChange, EmailChanged, User};
use wire::{ConfirmEmailRequest, MeEmail};

use super::{check, mail_limit};
use crate::audit_log::{Action, Source};
use crate::error::{ApiError, Conflict, Noun};
use crate::idempotency::{AnonymousWrite, Write, remembered};
use crate::mail::{CONFIRM_GOOD_FOR, Letter};
use crate::problems::Written;
use crate::proof::{self, Proof};
use crate::state::AppState;
use crate::{notice, time};

/// Asks for another e-mail address
///
/// Wants the password; of an account with a second factor, a code of it instead. A link goes to the new address, good for 24
/// hours: once it is followed, the address is the account's. Until then the present one is.
#[utoipa::path(put, path = "/me/email", tag = "accounts", security(("bearer" = [])), request_body = MeEmail,
    responses((status = 202, description = "The link is sent"), Written))]
pub async fn email_change(
    State(state): State<AppState>,
    source: Source,
    write: Write<MeEmail>,
) -> Result<StatusCode, ApiError> {
    // No answer is kept for a key: the digest of the body would be one to try passwords at.
    let Write { caller, origin: _, body: MeEmail { email, password, code }, claim: _claim } = write;
    let email = email.trim();
    check::all([check::email(email)])?;
    let user = state.store.user_find(caller.user).await?.ok_or(ApiError::NotFound(Noun::User))?;
    proof::of_owner(&state, &user, Proof { password, code }, &source).await?;
    if state.store.user_find_by_email(email).await?.is_some_and(|other| other.id != user.id) {
        return Err(ApiError::Conflict(Conflict::EmailTaken));
    }
    mail_limit::CONFIRMATION.take(&state, email, source.ip()).await?;
    let token = Asked::of(&user, email, time::plus(state.now(), CONFIRM_GOOD_FOR)).seal(&state)?;
    state.mail.queue(email, &Letter::ConfirmNewEmail { token }, state.now()).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Gives an account its new e-mail address
///
/// By the token of the mail that asking for it sent, once. A mail tells whoever reads the address before.
#[utoipa::path(post, path = "/auth/confirm-email-change", tag = "accounts", request_body = ConfirmEmailRequest,
    responses((status = 204, description = "The address is the account's"), Written))]
pub async fn email_change_confirm(
    State(state): State<AppState>,
    source: Source,
    write: AnonymousWrite<ConfirmEmailRequest>,
) -> Result<Response, ApiError> {
    remembered(&state, write.key, async {
        let now = state.now();
        let asked = Asked::open(&state, &write.body.token).filter(|asked| asked.expires_at > now);
        let asked = asked.ok_or(ApiError::LinkInvalid)?;
        let user = state.store.user_find(asked.user).await?.ok_or(ApiError::LinkInvalid)?;
        let entry = source.anonymous_entry(Action::EmailChange).object(user.id).row(now);
        let mail = notice::compose(&state, &user, &Letter::EmailChanged {}, &source, now).await?;
        let change = EmailChange { user: asked.user, confirmed_at: asked.confirmed_at, email: &asked.email };
        match state.store.email_change(&change, mail.as_ref(), now, &entry).await? {
            EmailChanged::Done => {
                if mail.is_some() {
                    state.mail.queued();
                }
                Ok(StatusCode::NO_CONTENT.into_response())
            }
            EmailChanged::Taken => Err(ApiError::Conflict(Conflict::EmailTaken)),
            EmailChanged::Stale => Err(ApiError::LinkInvalid),
        }
    })
    .await
}

/// What a link says.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    user: UserId,
    expires_at: TimeUs,
    /// Of the address that the account had: the link is worth nothing once it has another.
    confirmed_at: Option<TimeUs>,
    email: String,
}

impl Asked {
    fn of(user: &User, email: &str, expires_at: TimeUs) -> Self {
        Self { user: user.id, expires_at, confirmed_at: user.email_confirmed_at, email: email.to_owned() }
    }

    /// # Errors
    /// Only when the crypto library fails.
    fn seal(&self, state: &AppState) -> Result<String, ApiError> {
        let sealed = state.seals.email_change.seal(b"", &self.bytes());
        let sealed = sealed.map_err(|error| ApiError::Defect(error.to_string().into()))?;
        Ok(URL_SAFE_NO_PAD.encode(sealed))
    }

    fn open(state: &AppState, token: &str) -> Option<Self> {
        let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
        Self::from_bytes(&state.seals.email_change.open(b"", &sealed)?)
    }

    fn bytes(&self) -> Vec<u8> {
        let confirmed_at = self.confirmed_at.map_or(0, |at| at.0);
        let times = [self.expires_at.0.to_be_bytes(), confirmed_at.to_be_bytes()].concat();
        [&self.user.bytes()[..], &times, self.email.as_bytes()].concat()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (user, rest) = bytes.split_first_chunk::<16>()?;
        let (expires_at, rest) = rest.split_first_chunk::<8>()?;
        let (confirmed_at, email) = rest.split_first_chunk::<8>()?;
        let confirmed_at = i64::from_be_bytes(*confirmed_at);
        Some(Self {
            user: UserId::from_bytes(*user),
            expires_at: TimeUs(i64::from_be_bytes(*expires_at)),
            confirmed_at: (confirmed_at != 0).then_some(TimeUs(confirmed_at)),
            email: String::from_utf8(email.to_vec()).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_link_says_reads_back() {
        for confirmed_at in [None, Some(TimeUs(7))] {
            let user = UserId::from_bytes([3; 16]);
            let asked = Asked { user, expires_at: TimeUs(9), confirmed_at, email: "ädä@example.org".to_owned() };
            assert_eq!(Asked::from_bytes(&asked.bytes()), Some(asked));
        }
        assert_eq!(Asked::from_bytes(&[0; 31]), None);
    }
}
