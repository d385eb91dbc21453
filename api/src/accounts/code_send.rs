use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use persistence::NewCode;
use wire::EmailRequest;

use super::{check, code_verify, mail_limit};
use crate::attempts::Counted;
use crate::auth::OneTimeCode;
use crate::error::ApiError;
use crate::idempotency::{AnonymousWrite, remembered};
use crate::mail::{CODE_GOOD_FOR, Letter};
use crate::problems::Written;
use crate::request::RequestContext;
use crate::state::AppState;
use crate::time;

/// A code that is on its way is not replaced: anybody may ask for another one while its owner types it.
const SPARED_US: i64 = 60 * 1_000_000;

/// Sends a code to sign in with
///
/// Whether the address has an account or not: without one, signing in with the code makes it. It takes the place of the code
/// before, unless that is younger than a minute: then none is sent, and none counts. Four in half an hour asked for from one
/// network address, six in all.
#[utoipa::path(post, path = "/auth/codes", tag = "accounts", request_body = EmailRequest,
    responses((status = 202, description = "Sent"), Written))]
pub async fn code_send(
    State(state): State<AppState>,
    context: RequestContext,
    write: AnonymousWrite<EmailRequest>,
) -> Result<Response, ApiError> {
    remembered(&state, write.key, async {
        let email = write.body.email;
        check::all([check::email(&email)])?;
        // Who clicks again and again gets one mail, and has used up one.
        let email = email.trim().to_owned();
        let nothing = new_code(&state, [0; 32]);
        if !state.store.login_code_is_spared(state.one_time.address(&email), &nothing).await? {
            let counted = mail_limit::CODE.take(&state, &email, context.peer).await?;
            state.aside.run(send(state.clone(), email, counted))?;
        }
        Ok(StatusCode::ACCEPTED.into_response())
    })
    .await
}

fn new_code(state: &AppState, hash: [u8; 32]) -> NewCode {
    let expires_at = time::plus(state.now(), CODE_GOOD_FOR);
    NewCode { hash, expires_at, guesses_max: code_verify::GUESSES_MAX, spared_us: SPARED_US }
}

/// To the address as its account has it, if there is one.
async fn send(state: AppState, email: String, counted: Counted) -> Result<(), ApiError> {
    let address = state.one_time.address(&email);
    let recipient = state.store.user_find_by_email(&email).await?.map_or(email, |user| user.email);
    let code = OneTimeCode::draw();
    let letter = Letter::LoginCode { code: code.text().to_owned() };
    let mail = state.mail.compose(&recipient, &letter, state.now())?;
    let code = new_code(&state, state.one_time.code(&address, &code));
    // Of two that were asked for at once one is sent.
    if !state.store.login_code_send(address, &code, &mail).await? {
        return counted.give_back(&state).await;
    }
    state.mail.queued();
    Ok(())
}
