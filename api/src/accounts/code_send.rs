use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use wire::EmailRequest;

use super::{check, mail_limit};
use crate::auth::OneTimeCode;
use crate::error::ApiError;
use crate::idempotency::{AnonymousWrite, remembered};
use crate::mail::{CODE_GOOD_FOR, Letter};
use crate::problems::Written;
use crate::state::AppState;
use crate::{ids, time};

/// Sends a code to sign in with
///
/// If the address has an account, which the answer does not tell. It takes the place of the code before. Three in half an
/// hour.
#[utoipa::path(post, path = "/auth/codes", tag = "accounts", request_body = EmailRequest,
    responses((status = 202, description = "Sent, if there is such an account"), Written))]
pub async fn code_send(
    State(state): State<AppState>,
    write: AnonymousWrite<EmailRequest>,
) -> Result<Response, ApiError> {
    remembered(&state, write.key, async {
        let email = write.body.email;
        check::all([check::email(&email)])?;
        mail_limit::by_address(&state, "code", &email).await?;
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
    let Some(user) = state.store.user_find_by_email(&email).await? else {
        return Ok(state.store.login_code_send(address, ids::entropy(), expires_at, None).await?);
    };
    let code = OneTimeCode::draw();
    let mail = state.mail.compose(&user.email, &Letter::LoginCode { code: code.text().to_owned() }, now)?;
    state.store.login_code_send(address, state.one_time.code(&address, &code), expires_at, Some(&mail)).await?;
    state.mail.queued();
    Ok(())
}
