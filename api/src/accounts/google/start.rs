use std::time::Duration;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::header;
use wire::Problem;

use super::{cookie, provider, refused};
use crate::error::ApiError;
use crate::openid::Attempt;
use crate::state::AppState;
use crate::time;

/// For signing in at the provider.
const TTL: Duration = Duration::from_secs(10 * 60);

/// Sends the browser to Google to sign in there. A cookie remembers what it has begun.
#[utoipa::path(get, path = "/auth/google", tag = "accounts", responses(
    (status = 303, description = "On to the provider"),
    (status = 404, description = "GOOGLE_SIGN_IN_OFF", body = Problem),
    (status = 503, description = "IDENTITY_PROVIDER_UNAVAILABLE", body = Problem),
))]
pub async fn start(State(state): State<AppState>) -> Result<Response, ApiError> {
    let provider = provider(&state)?;
    let now = state.now();
    let attempt = Attempt::begin(time::plus(now, TTL));
    let url = provider.authorize_url(&attempt, now).await.map_err(refused)?;
    let sealed = state.seals.attempt.seal(b"", &attempt.bytes());
    let sealed = sealed.map_err(|error| ApiError::Defect(error.to_string().into()))?;
    let cookie =
        cookie::set(&sealed, TTL, cookie::Scope::of(&state, provider)).map(|cookie| (header::SET_COOKIE, cookie));
    Ok((AppendHeaders(cookie), Redirect::to(url.as_str())).into_response())
}
