use axum::Json;
use axum::extract::State;
use wire::{CodeRequest, Tokens};

use super::session;
use crate::audit_log::{Action, Source};
use crate::auth::OneTimeCode;
use crate::error::{ApiError, Unauthorized};
use crate::extract::Body;
use crate::problems::Written;
use crate::state::AppState;

/// Three codes in half an hour make 15 guesses at one of a million.
const GUESSES_MAX: u32 = 5;

/// Signs in by the code of a mail
///
/// Good for five minutes, five guesses and one login. The address counts as confirmed.
#[utoipa::path(post, path = "/auth/codes/verify", tag = "accounts", request_body = CodeRequest,
    responses((status = 200, description = "Tokens", body = Tokens), Written))]
pub async fn code_verify(
    State(state): State<AppState>,
    source: Source,
    Body(body): Body<CodeRequest>,
) -> Result<Json<Tokens>, ApiError> {
    let wrong = || ApiError::Unauthorized(Unauthorized::CodeWrong);
    let code = OneTimeCode::parse(&body.code).ok_or_else(|| ApiError::invalid("code", "FORMAT", "six digits"))?;
    let address = state.one_time.address(&body.email);
    let stored = state.store.login_code_guess(address, GUESSES_MAX, state.now()).await?.ok_or_else(wrong)?;
    let is_right = state.one_time.is_code(&address, &code, &stored);
    if !is_right || !state.store.login_code_take(address, state.one_time.code(&address, &code)).await? {
        return Err(wrong());
    }
    let mut user = state.store.user_find_by_email(&body.email).await?.ok_or_else(wrong)?;
    if user.email_confirmed_at.is_none() {
        let now = state.now();
        let entry = source.anonymous_entry(Action::EmailConfirm).object(user.id).row(now);
        state.store.user_confirm_email(user.id, now, Some(&entry)).await?;
        user.email_confirmed_at = Some(now);
    }
    session::begin(&state, &user, &source).await.map(Json)
}
