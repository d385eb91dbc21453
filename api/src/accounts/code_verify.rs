use axum::Json;
use axum::extract::State;
use persistence::User;
use wire::{CodeRequest, Tokens};

use super::{check, newcomer, session};
use crate::audit_log::{Action, Incident, Source};
use crate::auth::OneTimeCode;
use crate::error::{ApiError, Unauthorized};
use crate::extract::Body;
use crate::mail::Letter;
use crate::problems::Written;
use crate::state::AppState;

/// Six codes in half an hour make 30 guesses at one of a million.
pub const GUESSES_MAX: u32 = 5;
const PATH: &str = "/api/v1/auth/codes/verify";

/// Signs in by the code of a mail
///
/// Good for five minutes, five guesses and one login. If nobody has the address, an account is made, without a password: its
/// owner may set one by `POST /auth/forgot-password`. The address counts as confirmed. If it was not before, whoever has
/// made the account may have been somebody else: its password, other logins, API keys and second factor end, and a mail
/// says so.
#[utoipa::path(post, path = "/auth/codes/verify", tag = "accounts", request_body = CodeRequest,
    responses((status = 200, description = "Tokens", body = Tokens), Written))]
pub async fn code_verify(
    State(state): State<AppState>,
    source: Source,
    Body(body): Body<CodeRequest>,
) -> Result<Json<Tokens>, ApiError> {
    let wrong = || refused(&state, &source);
    let code = OneTimeCode::parse(&body.code).ok_or_else(|| ApiError::invalid("code", "FORMAT", "six digits"))?;
    check::all([body.name.as_deref().and_then(check::name)])?;
    let address = state.one_time.address(&body.email);
    let stored = state.store.login_code_guess(address, GUESSES_MAX, state.now()).await?.ok_or_else(wrong)?;
    let is_right = state.one_time.is_code(&address, &code, &stored);
    if !is_right || !state.store.login_code_take(address, state.one_time.code(&address, &code)).await? {
        return Err(wrong());
    }
    let mut user = match state.store.user_find_by_email(&body.email).await? {
        Some(user) => user,
        None => newcomer::make(&state, body.name.as_deref(), body.email.trim(), &source).await?,
    };
    if user.email_confirmed_at.is_none() {
        user = prove_address(&state, user, &source).await?;
    }
    session::begin(&state, &user, &source).await.map(Json)
}

fn refused(state: &AppState, source: &Source) -> ApiError {
    let refused = ApiError::Unauthorized(Unauthorized::CodeWrong);
    let incident = Incident { action: Action::LoginFailed, code: refused.code(), account: None, path: PATH };
    state.security.note(incident, source.clone(), state.now());
    refused
}

/// Nobody knows who has chosen the password, so nobody keeps it.
async fn prove_address(state: &AppState, user: User, source: &Source) -> Result<User, ApiError> {
    let now = state.now();
    let entry = source.anonymous_entry(Action::EmailConfirm).object(user.id).row(now);
    let mail = state.mail.compose(&user.email, &Letter::AddressProved {}, now)?;
    let password_hash = Some(state.passwords.nobody());
    if let Some(ended) = state.store.address_prove(user.id, password_hash, Some(&mail), Some(&entry), now).await? {
        state.mail.queued();
        session::ended(state, user.id, ended, now);
    }
    // As it is now, whoever was first.
    state.store.user_find(user.id).await?.ok_or(ApiError::Unauthorized(Unauthorized::CodeWrong))
}
