use std::time::Duration;

use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, header};
use serde::Deserialize;
use utoipa::IntoParams;
use wire::Problem;

use super::{account, cookie, exchange, provider, refused};
use crate::audit_log::Source;
use crate::error::{ApiError, Unauthorized};
use crate::extract::Query;
use crate::openid::{Attempt, Provider};
use crate::state::AppState;
use crate::{ids, time};

/// For the page to load and exchange its code.
const CODE_TTL: Duration = Duration::from_secs(60);

/// What the provider sends back. It may add what it likes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallbackQuery {
    state: Option<String>,
    code: Option<String>,
    /// Instead of a code: why there is none.
    error: Option<String>,
    /// Who answers (RFC 9207).
    iss: Option<String>,
}

/// Where Google sends the browser back to. Sends it on to the page of the setting `google_return_url`, with
/// `#sign_in=` and a code that `POST /auth/google/exchange` takes within a minute, once, from the same browser.
#[utoipa::path(get, path = "/auth/google/callback", tag = "accounts", params(CallbackQuery), responses(
    (status = 303, description = "On to the page"),
    (status = 401, description = "SIGN_IN_ATTEMPT_INVALID or SIGN_IN_REFUSED", body = Problem),
    (status = 403, description = "EMAIL_NOT_VERIFIED", body = Problem),
    (status = 404, description = "GOOGLE_SIGN_IN_OFF", body = Problem),
    (status = 409, description = "EMAIL_TAKEN: by an account whose own address is not confirmed", body = Problem),
    (status = 503, description = "IDENTITY_PROVIDER_UNAVAILABLE", body = Problem),
))]
pub async fn callback(
    State(state): State<AppState>,
    Query(query): Query<CallbackQuery>,
    headers: HeaderMap,
    source: Source,
) -> Result<Response, ApiError> {
    let provider = provider(&state)?;
    let attempt = attempt(&state, &headers, &query).await?;
    let code = code(provider, &query).ok_or(ApiError::Unauthorized(Unauthorized::SignInRefused))?;
    let now = state.now();
    let person = provider.person(code, &attempt, now).await.map_err(refused)?;
    let user = account::of(&state, &person, &source).await?;
    let binding = ids::entropy::<32>();
    let code = exchange::code(&state, &binding, user.id, time::plus(now, CODE_TTL))?;
    let scope = cookie::Scope::of(&state, provider);
    let cookie = cookie::set(&binding, CODE_TTL, scope).map(|cookie| (header::SET_COOKIE, cookie));
    let page = format!("{}#sign_in={}", provider.return_url(), URL_SAFE_NO_PAD.encode(code));
    Ok((AppendHeaders(cookie), Redirect::to(&page)).into_response())
}

/// What this browser has begun, used up by this.
async fn attempt(state: &AppState, headers: &HeaderMap, query: &CallbackQuery) -> Result<Attempt, ApiError> {
    let invalid = || ApiError::Unauthorized(Unauthorized::AttemptInvalid);
    let sealed = cookie::read(headers).ok_or_else(invalid)?;
    let attempt = state.seals.attempt.open(b"", &sealed).and_then(|bytes| Attempt::from_bytes(&bytes));
    let attempt = attempt.ok_or_else(invalid)?;
    let is_own = query.state.as_deref().is_some_and(|given| attempt.has_state(given));
    if !is_own || attempt.expires_at <= state.now() {
        return Err(invalid());
    }
    if state.store.token_spend(attempt.digest(), attempt.expires_at).await? { Ok(attempt) } else { Err(invalid()) }
}

fn code<'a>(provider: &Provider, query: &'a CallbackQuery) -> Option<&'a str> {
    let is_ours = query.iss.as_deref().is_none_or(|issuer| issuer == provider.issuer());
    let code = query.code.as_deref().filter(|code| !code.is_empty());
    code.filter(|_| is_ours && query.error.is_none())
}
