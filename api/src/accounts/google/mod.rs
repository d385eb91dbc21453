//! Signing in with Google, or any other provider of OpenID Connect that is configured in its place.
//!
//! The browser goes to the provider and comes back to the callback, which sends it on to the page of the setting
//! `google_return_url` with a code in the fragment. The page exchanges the code for tokens, in the same browser, within a
//! minute, once. A cookie ties the three steps together.

mod account;
mod callback;
mod cookie;
mod exchange;
mod start;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, Busy, Noun, Unauthorized};
use crate::openid::{OpenIdError, Provider};
use crate::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(start::start))
        .routes(routes!(callback::callback))
        .routes(routes!(exchange::exchange))
}

/// # Errors
/// No provider is configured.
fn provider(state: &AppState) -> Result<&Provider, ApiError> {
    state.google.as_ref().ok_or(ApiError::NotFound(Noun::GoogleSignIn))
}

fn refused(error: OpenIdError) -> ApiError {
    match error {
        OpenIdError::Unavailable(_) => {
            tracing::warn!(%error, "nobody can sign in with Google: {error}");
            ApiError::Busy(Busy::IdentityProvider)
        }
        OpenIdError::CodeRefused | OpenIdError::TokenInvalid(_) => {
            tracing::warn!(%error, "a sign-in with Google was refused: {error}");
            ApiError::Unauthorized(Unauthorized::SignInRefused)
        }
    }
}
