use axum::Json;
use axum::extract::State;
use axum::response::AppendHeaders;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use inventory::{TimeUs, UserId};
use wire::{GoogleExchange, Problem, Tokens};

use super::{cookie, provider};
use crate::accounts::session;
use crate::audit_log::Source;
use crate::digest;
use crate::error::{ApiError, Unauthorized};
use crate::extract::Body;
use crate::state::AppState;

type Cookie = AppendHeaders<Option<(HeaderName, HeaderValue)>>;

/// Gives the tokens of a sign-in with Google for the code in the page's address.
#[utoipa::path(post, path = "/auth/google/exchange", tag = "accounts", request_body = GoogleExchange, responses(
    (status = 200, description = "Tokens", body = Tokens),
    (status = 401, description = "SIGN_IN_ATTEMPT_INVALID, or SECOND_FACTOR_REQUIRED with a challenge", body = Problem),
    (status = 404, description = "GOOGLE_SIGN_IN_OFF", body = Problem),
))]
pub async fn exchange(
    State(state): State<AppState>,
    source: Source,
    headers: HeaderMap,
    Body(body): Body<GoogleExchange>,
) -> Result<(Cookie, Json<Tokens>), ApiError> {
    let scope = cookie::Scope::of(&state, provider(&state)?);
    let invalid = || ApiError::Unauthorized(Unauthorized::AttemptInvalid);
    let binding = cookie::read(&headers).ok_or_else(invalid)?;
    let code = URL_SAFE_NO_PAD.decode(&body.code).map_err(|_| invalid())?;
    let (user, expires_at) = open(&state, &binding, &code).ok_or_else(invalid)?;
    let is_first = expires_at > state.now() && state.store.token_spend(spent(&code), expires_at).await?;
    let user = if is_first { state.store.user_find(user).await? } else { None };
    let tokens = session::begin(&state, &user.ok_or_else(invalid)?, &source).await?;
    Ok((AppendHeaders(cookie::clear(scope).map(|cookie| (header::SET_COOKIE, cookie))), Json(tokens)))
}

/// Opens only beside the cookie that holds `binding`.
///
/// # Errors
/// Only when the crypto library fails.
pub fn code(state: &AppState, binding: &[u8], user: UserId, expires_at: TimeUs) -> Result<Vec<u8>, ApiError> {
    let plain = [&user.bytes()[..], &expires_at.0.to_be_bytes()].concat();
    state.seals.sign_in.seal(binding, &plain).map_err(|error| ApiError::Defect(error.to_string().into()))
}

fn open(state: &AppState, binding: &[u8], code: &[u8]) -> Option<(UserId, TimeUs)> {
    let plain = state.seals.sign_in.open(binding, code)?;
    let (user, expires_at) = plain.split_at_checked(16)?;
    Some((UserId::from_bytes(user.try_into().ok()?), TimeUs(i64::from_be_bytes(expires_at.try_into().ok()?))))
}

fn spent(code: &[u8]) -> [u8; 32] {
    digest::full(&[b"sign-in code", code])
}
