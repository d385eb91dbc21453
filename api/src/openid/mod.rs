//! Signing in at another provider by OpenID Connect: the authorization code flow with state, nonce and PKCE (RFC 9700).
//!
//! Of the provider only what is configured is believed: its issuer, and from there its own discovery document and keys
//! over TLS. What comes back through the browser is believed when it fits the [`Attempt`] that this browser began. Knows no
//! accounts: it answers who somebody is there, see [`Person`].

mod attempt;
mod cached;
mod fetch;
mod id_token;
mod keys;
mod provider;

use std::borrow::Cow;

use thiserror::Error;

pub use attempt::Attempt;
pub use id_token::Person;
pub use provider::{Client, Provider};

/// Why the provider's answer is no sign-in.
#[derive(Debug, Error)]
pub enum OpenIdError {
    /// It cannot be asked now, or answers what cannot be used.
    #[error("the provider is not available: {0}")]
    Unavailable(Cow<'static, str>),
    /// It does not know the code, or not from us.
    #[error("the provider refuses the code")]
    CodeRefused,
    /// The token is not one of this provider, for us, for this attempt, now.
    #[error("the provider's token is not valid: {0}")]
    TokenInvalid(&'static str),
}

impl OpenIdError {
    fn unavailable(cause: impl Into<Cow<'static, str>>) -> Self {
        Self::Unavailable(cause.into())
    }
}
