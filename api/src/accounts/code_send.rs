use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use persistence::NewCode;
use wire::EmailRequest;

use super::{check, code_verify, mail_limit};
use crate::auth::OneTimeCode;
use crate::error::ApiError;
use crate::idempotency::{AnonymousWrite, remembered};
use crate::mail::{CODE_GOOD_FOR, Letter};
use crate::problems::Written;
use crate::request::RequestContext;
use crate::state::AppState;
use crate::{ids, time};

/// A code that is on its way is not replaced: anybody may ask for another one while its owner types it.
const SPARED_US: i64 = 60 * 1_000_000;

/// Sends a code to sign in with
///
/// If the address has an account, which the answer does not tell. It takes the place of the code before, unless that is
/// younger than a minute: then none is sent. Three in half an hour asked for from one network address, six in all.
#[utoipa::path(post, path = "/auth/codes", tag = "accounts", request_body = EmailRequest,
    responses((status = 202, description = "Sent, if there is such an account"), Written))]
pub async fn code_send(
    State(state): State<AppState>,
    context: RequestContext,
    write: AnonymousWrite<EmailRequest>,
) -> Result<Response, ApiError> {
    remembered(&state, write.key, async {
        let email = write.body.email;
        check::all([check::email(&email)])?;
        mail_limit::CODE.take(&state, &email, context.peer).await?;
        state.aside.run(send(state.clone(), email))?;
        Ok(StatusCode::ACCEPTED.into_response())
    })
    .await
}

/// An address without an account gets a row that no code fits: guessing at it is answered alike.
async fn send(state: AppState, email: String) -> Result<(), ApiError> {
    let address = state.one_time.address(&email);
    let now = state.now();
    let expires_at = time::plus(now, CODE_GOOD_FOR);
    let new = |hash| NewCode { hash, expires_at, guesses_max: code_verify::GUESSES_MAX, spared_us: SPARED_US };
    let Some(user) = state.store.user_find_by_email(&email).await? else {
        return Ok(state.store.login_code_send(address, &new(ids::entropy()), None).await.map(drop)?);
    };
    let code = OneTimeCode::draw();
    let mail = state.mail.compose(&user.email, &Letter::LoginCode { code: code.text().to_owned() }, now)?;
    if state.store.login_code_send(address, &new(state.one_time.code(&address, &code)), Some(&mail)).await? {
        state.mail.queued();
    }
    Ok(())
}
